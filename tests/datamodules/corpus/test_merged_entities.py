"""Which ids of the toy sources become one entity, and under which names: worked out by hand."""

import pytest

from datamodules.corpus import Conflict, Corpus, EntityKind

ENTITIES: dict[EntityKind, dict[str, tuple[str | None, tuple[str, ...], tuple[str, ...]]]] = {
    # id: name, other ids, other names
    "gene": {
        "ENSEMBL:ENSG00000000002": (None, (), ()),
        "NCBIGene:100": (
            "ABC1",
            ("ENSEMBL:ENSG00000000001", "HGNC:1", "OMIM:600100"),
            ("ALPHA GENE", "Alpha gene", "OLD1", "gene ABC1"),
        ),
        "NCBIGene:200": ("ABC2", ("HGNC:2", "OMIM:600200"), ("gene ABC2",)),
        "NCBIGene:300": ("ABC3", ("HGNC:3",), ("gene ABC3",)),
        "OMIM:609000": ("XYZ9", (), ()),
    },
    "protein": {
        "UniProt:P00001": ("Alpha protein", (), ("ABC1_HUMAN", "AP")),
        "UniProt:P00002": ("Beta protein", (), ("ABC2_HUMAN",)),
    },
    "phenotype": {
        "DBGAP:phv00073738": ("SHARE ID Number", (), ("shareid",)),
        "DBGAP:phv00073739": ("sex", (), ()),
        "HP:0001001": ("Small ear", ("HP:0009001", "MEDGEN:C0100001"), ("Ear", "Odd ear")),
        "HP:0001002": ("Large ear", ("HP:0009002",), ("MACROTIA", "Macrotia")),
        "HP:0001003": ("Blue hair", ("MEDGEN:C0100003",), ("Odd ear",)),
        "HP:0009003": (None, (), ()),
        "HP:0099999": (None, (), ()),
        "MEDGEN:C0100002": ("Hair", (), ()),
        "NAME:height": ("Height", (), ()),
        "NAME:odd ear": ("Odd ear", (), ()),
    },
    "disease": {
        "MONDO:0000001": (
            "Alpha syndrome",
            ("MEDGEN:C0000001", "OMIM:100100", "OMIM:100400"),
            ("ALPHA SYNDROME", "AS1", "Alpha", "Alpha syndrome, old", "EARS, ALPHA TYPE"),
        ),
        "MONDO:0000006": ("Chain disease", ("DI:00001", "MEDGEN:C0000007", "OMIM:100600"), ()),
        "OMIM:100200": ("Beta syndrome", (), ("Beta syndrome, susceptibility to",)),
        "OMIM:100300": ("Delta syndrome", (), ()),
        "OMIM:100500": (None, (), ()),
        "OMIM:100700": (None, (), ()),
        "OMIM:100800": ("Gamma disease", ("DI:00002", "MEDGEN:C0000008"), ("GD",)),
        "OMIM:100950": ("Epsilon disease", (), ()),
        "ORPHA:55": ("Wide syndrome", (), ()),
    },
    "go_term": {
        "GO:0000010": ("ear growth", ("GO:0000019",), ("ear growth, old",)),
        "GO:0000077": ("hair growth", (), ()),
        "GO:0008150": ("biological_process", (), ()),
    },
}
CHAIN = ("MEDGEN:C0000007", "OMIM:100700", "OMIM:100600", "OMIM:100700")
CONFLICTS = [
    Conflict("disease", "claimed_by_two", (*edge, "OMIM:100200", "OMIM:100300"), ("clinvar_variant_summary",))
    for edge in (("OMIM:100200", "ORPHA:55"), ("OMIM:100300", "ORPHA:55"))
]
CONFLICTS += [
    Conflict("disease", "no_successor", ("OMIM:100500",), ("hpo_genes_to_disease",)),
    Conflict("disease", "would_join_two", CHAIN, ("ncbi_mim2gene_medgen",)),
    Conflict("disease_phenotype", "affirmed_and_denied", ("OMIM:100300", "HP:0001002"), ("hpo_annotations",)),
]
CONFLICTS += [
    Conflict(
        "gene",
        "claimed_by_two",
        ("ENSEMBL:ENSG00000000002", gene, "NCBIGene:200", "NCBIGene:300"),
        ("ncbi_gene_info_human",),
    )
    for gene in ("NCBIGene:200", "NCBIGene:300")
]
CONFLICTS += [
    Conflict("gene", "other_kind", ("OMIM:100100",), ("ncbi_gene_info_human",)),
    Conflict(
        "gene_go",
        "affirmed_and_denied",
        ("NCBIGene:100", "GO:0000010"),
        ("ncbi_gene2go", "uniprot_human_reviewed"),
    ),
    Conflict("go_term", "unknown_id", ("GO:0000077",), ("ncbi_gene2go",)),
    Conflict(
        "phenotype",
        "ambiguous_name",
        ("NAME:odd ear", "HP:0001001", "HP:0001003"),
        ("phegeni_associations",),
    ),
]
CONFLICTS += [
    Conflict(
        "phenotype",
        "claimed_by_two",
        (term, "MEDGEN:C0100002", "HP:0001002", "HP:0001003"),
        ("hpo_ontology",),
    )
    for term in ("HP:0001002", "HP:0001003")
]
CONFLICTS += [
    Conflict("phenotype", "no_successor", ("HP:0009003",), ("hpo_annotations",)),
    Conflict("phenotype", "unknown_id", ("HP:0099999",), ("hpo_annotations",)),
]


@pytest.mark.parametrize("kind", ENTITIES)
def test_entities(toy_corpus: Corpus, kind: EntityKind) -> None:
    found = {
        one.id: (one.name, tuple(other for other in one.identifiers if other != one.id), one.aliases)
        for one in toy_corpus.entities(kind)
    }
    assert found == ENTITIES[kind]


def test_every_entity_lists_the_id_that_it_goes_by(toy_corpus: Corpus) -> None:
    for kind in ENTITIES:
        assert all(one.id in one.identifiers for one in toy_corpus.entities(kind))


def test_conflicts(toy_corpus: Corpus) -> None:
    assert list(toy_corpus.conflicts()) == CONFLICTS


def test_former_ids_lead_to_what_took_their_place(toy_corpus: Corpus) -> None:
    assert toy_corpus.resolve("disease", "OMIM:100400") == "MONDO:0000001"
    assert toy_corpus.resolve("phenotype", "HP:0009001") == "HP:0001001"
    assert toy_corpus.resolve("phenotype", "HP:0009002") == "HP:0001002"
    assert toy_corpus.resolve("go_term", "GO:0000019") == "GO:0000010"
    assert toy_corpus.resolve("gene", "HGNC:2") == "NCBIGene:200"
    assert toy_corpus.resolve("gene", "OMIM:100100") is None
    assert toy_corpus.resolve("gene", "NCBIGene:9") is None
    obsolete = [one.id for kind in ENTITIES for one in toy_corpus.entities(kind) if one.is_obsolete]
    assert obsolete == ["HP:0009003", "OMIM:100500"]
