from collections.abc import Callable
from pathlib import Path

import pytest

from datamodules.gene_function import gene_split
from datamodules.gene_function.facts import GeneFacts
from datamodules.gene_function.families import likenesses, symbol_stem
from datamodules.gene_function.files import GeneFiles, needed_files
from datamodules.gene_function.gene_split import GeneSplit
from datamodules.gene_function.geneverse_list import find_test_genes
from datamodules.gene_function.reading import read_genes
from geneverse_pl.data.datamodule import HELD_OUT, TRAIN, VAL
from geneverse_pl.exceptions import ConfigError, LeakageError

SHARES = {TRAIN: 0.7, VAL: 0.15, HELD_OUT: 0.15}
Make = Callable[..., GeneFacts]


@pytest.fixture
def genes(tiny_gene_folder: Path) -> dict[str, GeneFacts]:
    """All toy genes with their terms."""
    return read_genes(needed_files(tiny_gene_folder, ["gene2go"], GeneFiles()), lambda _: True, 0)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("by_name", [True, False])
def test_no_family_lies_in_two_splits(seed: int, by_name: bool, genes: dict[str, GeneFacts]) -> None:
    split = GeneSplit(genes, SHARES, seed, held_out=find_test_genes(genes) if by_name else [])
    sizes = {name: len(split.genes_in(name, genes)) for name in SHARES}
    assert sum(sizes.values()) == len(genes)
    for name, share in SHARES.items():
        assert sizes[name] == pytest.approx(share * len(genes), abs=5)
    seen: dict[str, str] = {}
    for key, gene in genes.items():
        for mark in likenesses(gene):
            assert seen.setdefault(mark, split.of(key)) == split.of(key)
    assert len({symbol_stem(gene.symbol, gene.info.gene_type) for gene in genes.values()}) < len(genes)


def test_genes_are_held_out_by_name_with_their_families(genes: dict[str, GeneFacts]) -> None:
    named = [key for key, gene in genes.items() if gene.symbol in ("BLS1", "CCL23")]
    split = GeneSplit(genes, SHARES, 0, held_out=named)
    family = [key for key, gene in genes.items() if gene.symbol.startswith("BLS")]
    assert len(family) > 1
    assert {split.of(key) for key in family + named} == {HELD_OUT}


def test_families_may_be_shared_on_request(genes: dict[str, GeneFacts]) -> None:
    split = GeneSplit(genes, SHARES, 0, allow_shared_families=True)
    places: dict[str, set[str]] = {}
    for key, gene in genes.items():
        places.setdefault(symbol_stem(gene.symbol, gene.info.gene_type), set()).add(split.of(key))
    assert any(len(found) > 1 for found in places.values())


def test_a_leak_is_refused(genes: dict[str, GeneFacts], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gene_split, "family_edges", lambda *_, **__: [])
    with pytest.raises(LeakageError, match=r"share \d+ entities: .*allow_shared_families=true"):
        GeneSplit(genes, SHARES, 0)


def test_genes_must_be_left_to_train_on(make_bare: Make) -> None:
    genes = {str(n): make_bare(gene_id=str(n), symbol=f"GEN{'ABCD'[n]}") for n in range(4)}
    with pytest.raises(ConfigError, match=r"must be left to train on, and 4 of 4 are held out by name"):
        GeneSplit(genes, SHARES, 0, held_out=list(genes))
