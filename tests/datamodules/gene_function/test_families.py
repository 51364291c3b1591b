from collections.abc import Callable

import pytest

from datamodules.gene_function.facts import GeneFacts, Statement
from datamodules.gene_function.families import family_edges, likenesses, name_stem, symbol_stem
from geneverse_pl.evaluation.splits import connected_groups

Make = Callable[..., GeneFacts]


@pytest.mark.parametrize(
    ("symbol", "stem"),
    [
        ("HOXA1", "HOXA"),
        ("HOXA10", "HOXA"),
        ("ZNF385A", "ZNF"),
        ("SLC30A10", "SLC30A"),
        ("HSPA1L", "HSPA"),
        ("HLA-DQA1", "HLA"),
        ("SRD5A3-AS1", "SRD5A"),
        ("IGKV2D-36", "IGKV"),
        ("EOGT", "EOGT"),
        # too short to mean much
        ("C3", "C3"),
        ("MT-ND1", "MT-ND1"),
        ("TP53", "TP53"),
        # series, where only letters behind the number tell a family
        ("FAM98A", "FAM98"),
        ("TMEM106B", "TMEM106"),
        ("MIR30C1", "MIR30"),
        ("SNORD115-4", "SNORD115"),
        ("LOC107126281", "LOC107126281"),
        ("C2orf27A", "C2orf27"),
        ("CD8A", "CD8"),
        ("CDK2", "CDK"),
    ],
)
def test_symbol_stems(symbol: str, stem: str) -> None:
    assert symbol_stem(symbol) == stem


@pytest.mark.parametrize(
    ("symbol", "stem"),
    [("RPL37P24", "RPL"), ("RPS4XP1", "RPS"), ("RPS27AP8", "RPS"), ("CYCSP32", "CYCS"), ("ABCA11P", "ABCA")],
)
def test_a_pseudogene_has_the_stem_of_its_gene(symbol: str, stem: str) -> None:
    assert symbol_stem(symbol, "pseudo") == stem


def test_only_pseudogenes_lose_a_p() -> None:
    assert symbol_stem("MMP9", "protein-coding") == "MMP"


@pytest.mark.parametrize(
    ("symbol", "name", "stem"),
    [
        ("HOXA1", "homeobox A1", "HOX homeobox"),
        ("HOXB7", "homeobox B7", "HOX homeobox"),
        ("SLC30A10", "solute carrier family 30 member 10", "SLC solute carrier family 30"),
        ("SLC2A1", "solute carrier family 2 member 1", "SLC solute carrier family 2"),
        (
            "GABRA6",
            "GABA type A receptor subunit alpha6",
            "GAB gaba type receptor subunit",
        ),
        ("TP53", "tumor protein p53", "TP tumor protein"),
        ("POTEA", "POTE ankyrin domain family member A", "POT pote ankyrin domain family member"),
        ("TMEM106B", "transmembrane protein 106B", None),
        ("X1", None, None),
        ("X1", "12", None),
    ],
)
def test_name_stems(symbol: str, name: str | None, stem: str | None) -> None:
    assert name_stem(symbol, name) == stem


def test_families_hang_together(make_bare: Make) -> None:
    named = {
        "HOXA1": "homeobox A1",
        "HOXA2": "homeobox A2",
        "HOXB1": "homeobox B1",
        "GLI1": "GLI family zinc finger 1",
        "GLI3": "GLI family zinc finger 3",
        "EOGT": "EGF domain specific O-linked N-acetylglucosamine transferase",
    }
    genes = [
        make_bare(gene_id=str(number), symbol=symbol, authority_name=name)
        for number, (symbol, name) in enumerate(named.items())
    ]
    groups = connected_groups(
        family_edges(genes, share_families=False), [gene.info.gene_id for gene in genes]
    )
    assert list(groups.values()) == ["0", "0", "0", "3", "3", "5"]
    shared = connected_groups(family_edges(genes, share_families=True))
    assert len(set(shared.values())) == len(genes)


def test_the_very_same_annotations_are_a_likeness_if_many(make_bare: Make) -> None:
    gene = make_bare()
    gene.go = {"Process": [Statement(f"term {n}", f"GO:000000{n}") for n in range(4)]}
    assert not any(mark.startswith("go:") for mark in likenesses(gene))
    gene.go = {**gene.go, "Function": [Statement("term 9", "GO:0000009")]}
    assert "go:GO:0000000 GO:0000001 GO:0000002 GO:0000003 GO:0000009" in likenesses(gene)


def test_genes_of_one_symbol_stay_together_whatever_is_allowed(make_bare: Make) -> None:
    genes = [make_bare(gene_id=key, symbol="TEC") for key in ("1", "2")]
    assert set(connected_groups(family_edges(genes, share_families=True)).values()) == {"1"}
