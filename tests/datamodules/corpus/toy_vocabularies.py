"""Toy files of entities, with their ids and names, in their exact form; they are made up and fit together."""

from tests.datamodules.corpus.toy_file import ToyFile, header, rows
from tests.datamodules.sources.test_ncbi_gene import HEADER as GENE_INFO
from tests.datamodules.sources.test_ncbi_medgen import TEXT as MEDGEN
from tests.datamodules.sources.test_omim_entries import MIM2GENE, TITLES

UNIPROT = (
    "Entry\tEntry Name\tReviewed\tProtein names\tGene Names (primary)\tGene Names (synonym)\tOrganism (ID)\t"
    "Function [CC]\tInvolvement in disease\tGene Ontology IDs\tGeneID\tHGNC\tOrphanet\n"
)
_GO = "namespace: biological_process"


def gene(number: int, symbol: str, synonyms: str, references: str) -> list[str]:
    cells = ["9606", str(number), symbol, "-", synonyms, references, "1", "1p1", f"gene {symbol}"]
    return [*cells, "protein-coding", symbol, f"gene {symbol}", "O", "-", "20240603", "-"]


def term(number: str, name: str, *lines: str) -> str:
    return "\n".join(["[Term]", f"id: {number}", f"name: {name}", *lines]) + "\n\n"


VOCABULARIES: dict[str, ToyFile] = {
    "ncbi_gene_info_human": ToyFile(
        "Homo_sapiens.gene_info",
        GENE_INFO,
        rows(
            # NCBI lists the entry of a disease with the gene.
            gene(100, "ABC1", "OLD1", "MIM:600100|MIM:100100|HGNC:HGNC:1|Ensembl:ENSG00000000001"),
            gene(200, "ABC2", "-", "MIM:600200|HGNC:HGNC:2|Ensembl:ENSG00000000002"),
            gene(300, "ABC3", "-", "HGNC:HGNC:3|Ensembl:ENSG00000000002"),
            gene(400, "NEWENTRY", "-", "-"),
        ),
    ),
    "hpo_ontology": ToyFile(
        "hp.obo",
        "format-version: 1.2\ndata-version: hp/releases/2025-01-16\n\n",
        (
            term("HP:0000001", "All"),
            term("HP:0000118", "Phenotypic abnormality", "is_a: HP:0000001"),
            term("HP:0000007", "Autosomal recessive inheritance", "is_a: HP:0000001"),
            term(
                "HP:0001001",
                "Small ear",
                "alt_id: HP:0009001",
                'synonym: "Odd ear" EXACT []',
                'synonym: "Head part" BROAD []',
                "xref: UMLS:C0100001",
                "xref: SNOMEDCT_US:1",
                "is_a: HP:0000118",
            ),
            term(
                "HP:0001002",
                "Large ear",
                'synonym: "Macrotia" EXACT []',
                "xref: UMLS:C0100002",
                "is_a: HP:0000118",
            ),
            term(
                "HP:0001003",
                "Blue hair",
                'synonym: "Odd ear" EXACT []',
                "xref: UMLS:C0100002",
                "is_a: HP:0000118",
            ),
            term("HP:0009002", "obsolete Big ear", "is_obsolete: true", "replaced_by: HP:0001002"),
            term("HP:0009003", "obsolete Ear", "is_obsolete: true", "consider: HP:0001002"),
        ),
    ),
    "go_basic": ToyFile(
        "go-basic.obo",
        "format-version: 1.2\ndata-version: releases/2024-01-17\n\n",
        (
            term("GO:0008150", "biological_process", _GO),
            term("GO:0000010", "ear growth", _GO, "alt_id: GO:0000019", "is_a: GO:0008150"),
        ),
    ),
    "uniprot_human_reviewed": ToyFile(
        "uniprot.tsv",
        UNIPROT,
        rows(
            [
                *("P00001", "ABC1_HUMAN", "reviewed", "Alpha protein (AP)", "ABC1", "OLD1", "9606"),
                "FUNCTION: Hears. {ECO:1}. FUNCTION: [Isoform 2]: Sees (PubMed:1).",
                "DISEASE: Alpha syndrome (AS1) [MIM:100100]: An ear. {ECO:1}. Note=By variants.; "
                "DISEASE: Note=May be a cause of ears.",
                *("GO:0000010", "100;", "HGNC:1;", "55;"),
            ],
            [
                *("P00002", "ABC2_HUMAN", "reviewed", "Beta protein", "ABC2", "", "9606", ""),
                *("DISEASE: Gamma disease (GD): A thumb.", "", "", "", ""),
            ],
            ["P00003", "ABC_MOUSE", "reviewed", "Mouse protein", "Abc", "", "10090", "", "", "", "", "", ""],
        ),
    ),
    "uniprot_humdisease": ToyFile(
        "humdisease.txt",
        "Description: Controlled vocabulary of human diseases\n____\n",
        (
            "ID   Chain disease.\nAC   DI-00001\nDR   MIM; 100600; phenotype.\n//\n",
            "ID   Gamma disease.\nAC   DI-00002\nAR   GD.\nDR   MIM; 100800; phenotype.\n"
            "DR   MedGen; C0000008.\n//\n",
        ),
    ),
    "ncbi_mim2gene_medgen": ToyFile(
        "mim2gene_medgen",
        header(MEDGEN),
        rows(
            ["100100", "100", "phenotype", " GeneMap", "C0000001", "-"],
            ["100200", "200", "phenotype", " GeneMap", "-", "susceptibility"],
            ["100700", "-", "phenotype", "-", "C0000007", "-"],
            ["600100", "100", "gene", "-", "-", "-"],
        ),
    ),
    "omim_mim2gene": ToyFile(
        "mim2gene.txt",
        header(MIM2GENE),
        rows(
            ["100100", "phenotype", "", "", ""],
            ["100400", "moved/removed"],
            ["100500", "moved/removed"],
            ["600100", "gene", "100", "ABC1", "ENSG00000000001"],
            ["600200", "gene", "200", "ABC2", ""],
        ),
    ),
    "omim_mim_titles": ToyFile(
        "mimTitles.txt",
        header(TITLES),
        rows(
            ["Number Sign", "100100", "ALPHA SYNDROME; AS1", "EARS, ALPHA TYPE", "THUMB, INCLUDED"],
            ["Caret", "100400", "MOVED TO 100100", "", ""],
            ["Caret", "100500", "REMOVED FROM DATABASE", "", ""],
            ["Asterisk", "600100", "ALPHA GENE; ABC1", "", ""],
        ),
    ),
}
