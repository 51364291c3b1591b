"""Which relations the toy sources give, who says so, and what gives none: worked out by hand."""

import pytest

from datamodules.corpus import Corpus, Evidence, RelationKind

AFFIRMED: dict[RelationKind, dict[tuple[str, str], list[tuple[str, str, int]]]] = {
    # subject and object: source, assertion, rows
    "gene_encodes_protein": {
        ("NCBIGene:100", "UniProt:P00001"): [("uniprot_human_reviewed", "", 1)],
        ("NCBIGene:200", "UniProt:P00002"): [("uniprot_human_reviewed", "", 1)],
    },
    "gene_disease": {
        ("NCBIGene:100", "MONDO:0000001"): [
            ("clinvar_gene_condition", "associated", 1),
            ("disgenet_curated", "CGI", 1),
            ("hpo_genes_to_disease", "MENDELIAN", 1),
            ("hpo_genes_to_phenotype", "", 2),
            ("ncbi_mim2gene_medgen", "", 1),
            ("omim_genemap2", "mapping key 3, provisional", 1),
        ],
        ("NCBIGene:200", "MONDO:0000006"): [("clinvar_gene_condition", "related", 2)],
        ("NCBIGene:200", "OMIM:100200"): [
            ("clinvar_variant_summary", "Pathogenic", 1),
            ("hpo_genes_to_phenotype", "", 1),
            ("ncbi_mim2gene_medgen", "susceptibility", 1),
            ("omim_morbidmap", "mapping key 2, susceptibility", 1),
        ],
        ("NCBIGene:300", "OMIM:100500"): [("hpo_genes_to_disease", "UNKNOWN", 1)],
        ("OMIM:609000", "OMIM:100950"): [("omim_morbidmap", "mapping key 3", 1)],
    },
    "gene_phenotype": {
        ("NCBIGene:100", "HP:0001001"): [("hpo_genes_to_phenotype", "through OMIM:100100", 1)],
        ("NCBIGene:100", "HP:0001002"): [("phegeni_associations", "NHGRI", 1)],
        ("NCBIGene:100", "NAME:odd ear"): [("phegeni_associations", "dbGaP", 1)],
        ("NCBIGene:200", "HP:0001001"): [("disgenet_curated", "CGI", 1)],
        ("NCBIGene:200", "HP:0001003"): [("clinvar_variant_summary", "Likely pathogenic", 1)],
        ("NCBIGene:200", "MEDGEN:C0100002"): [("disgenet_curated", "CGI", 1)],
        ("NCBIGene:200", "NAME:height"): [("phegeni_associations", "NHGRI", 1)],
        ("NCBIGene:200", "NAME:odd ear"): [("phegeni_associations", "dbGaP", 1)],
    },
    "disease_phenotype": {
        ("MONDO:0000001", "HP:0001001"): [("hpo_annotations", "PCS", 2)],
        ("MONDO:0000001", "HP:0009003"): [("hpo_annotations", "PCS", 1)],
        ("MONDO:0000001", "HP:0099999"): [("hpo_annotations", "PCS", 1)],
        ("OMIM:100300", "HP:0001002"): [("hpo_annotations", "PCS", 1)],
        ("ORPHA:55", "HP:0001003"): [("hpo_annotations", "PCS", 1)],
    },
    "protein_disease": {
        ("UniProt:P00001", "MONDO:0000001"): [("uniprot_human_reviewed", "involvement in disease", 1)],
        ("UniProt:P00001", "ORPHA:55"): [("uniprot_human_reviewed", "cross-reference", 1)],
        ("UniProt:P00002", "OMIM:100800"): [("uniprot_human_reviewed", "involvement in disease", 1)],
    },
    "gene_go": {
        ("NCBIGene:100", "GO:0000010"): [("ncbi_gene2go", "IDA", 1), ("uniprot_human_reviewed", "", 1)],
        ("NCBIGene:200", "GO:0000077"): [("ncbi_gene2go", "IEA", 1)],
    },
}
DENIED: dict[RelationKind, dict[tuple[str, str], list[tuple[str, str, int]]]] = {
    "disease_phenotype": {
        ("OMIM:100200", "HP:0001002"): [("hpo_annotations", "PCS", 2)],
        ("OMIM:100300", "HP:0001002"): [("hpo_annotations", "PCS", 1)],
    },
    "gene_go": {("NCBIGene:100", "GO:0000010"): [("ncbi_gene2go", "IMP", 1)]},
}
PASSED_OVER = {
    ("ncbi_gene_summary", "a summary without a text"): 1,
    ("clinvar_gene_condition", "no condition is named"): 1,
    ("clinvar_variant_summary", "a variant that is not pathogenic, or not of one gene"): 1,
    ("hpo_annotations", "aspect I, no phenotype"): 1,
    ("hpo_genes_to_phenotype", "an id that stands for no phenotype"): 1,
    ("hpo_genes_to_phenotype", "the disease does not have the phenotype"): 1,
    ("ncbi_gene_info_human", "a place for GeneRIFs, no gene"): 1,
    ("omim_genemap2", "a locus without a gene"): 1,
    ("omim_genemap2", "a phenotype without an entry of its own"): 1,
    ("uniprot_human_reviewed", "a note on diseases that names none"): 1,
    ("uniprot_human_reviewed", "a protein of another organism"): 1,
}


def found(
    corpus: Corpus, kind: RelationKind, negated: bool
) -> dict[tuple[str, str], list[tuple[str, str, int]]]:
    return {
        (one.subject, one.object): [(said.source, said.assertion, said.num_rows) for said in one.evidence]
        for one in corpus.relations(kind, negated=negated)
    }


@pytest.mark.parametrize("kind", AFFIRMED)
def test_relations(toy_corpus: Corpus, kind: RelationKind) -> None:
    assert found(toy_corpus, kind, negated=False) == AFFIRMED[kind]


@pytest.mark.parametrize("kind", AFFIRMED)
def test_denied_relations_are_kept_apart(toy_corpus: Corpus, kind: RelationKind) -> None:
    assert found(toy_corpus, kind, negated=True) == DENIED.get(kind, {})


def test_evidence_has_file_line_release_and_licence(toy_corpus: Corpus) -> None:
    relation = next(toy_corpus.relations("disease_phenotype"))
    assert relation.evidence == (
        Evidence(
            "hpo_annotations",
            "phenotype.hpoa",
            6,
            2,
            "PCS",
            "2025-01-16",
            "HPO licence: cite, show the release, do not alter",
        ),
    )
    releases = {source.source: source.release for source in toy_corpus.sources() if source.release}
    assert releases == {
        "go_basic": "2024-01-17",
        "hpo_annotations": "2025-01-16",
        "hpo_ontology": "2025-01-16",
        "omim_genemap2": "2026-01-08",
        "omim_mim2gene": "2026-01-08",
        "omim_mim_titles": "2026-01-08",
        "omim_morbidmap": "2026-01-08",
    }


def test_counts_add_up(toy_corpus: Corpus) -> None:
    counts = toy_corpus.counts()
    assert counts.entities == {"gene": 5, "protein": 2, "phenotype": 10, "disease": 9, "go_term": 3}
    assert counts.relations == {kind: len(relations) for kind, relations in AFFIRMED.items()}
    assert counts.denied == {kind: len(DENIED.get(kind, {})) for kind in AFFIRMED}
    assert counts.passed_over == PASSED_OVER
    assert counts.conflicts == {
        "affirmed_and_denied": 2,
        "ambiguous_name": 1,
        "claimed_by_two": 6,
        "no_successor": 2,
        "other_kind": 1,
        "unknown_id": 2,
        "would_join_two": 1,
    }
