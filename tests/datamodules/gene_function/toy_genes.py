"""Seeded genes in the exact form of the files of NCBI Gene, the Gene Ontology and the HPO."""

import itertools
import random
from pathlib import Path

from datamodules.gene_function.geneverse_list import GENEVERSE_TEST_GENES

GENE_INFO = (
    "#tax_id GeneID Symbol LocusTag Synonyms dbXrefs chromosome map_location description type_of_gene "
    "Symbol_from_nomenclature_authority Full_name_from_nomenclature_authority Nomenclature_status "
    "Other_designations Modification_date Feature_type"
)
GENE2GO = "#tax_id GeneID GO_ID Evidence Qualifier GO_term PubMed Category"
HPOA = (
    "database_id disease_name qualifier hpo_id reference evidence onset frequency sex modifier aspect "
    "biocuration"
)
MIM2GENE = "#MIM number;GeneID;type;Source;MedGenCUI;Comment"
GENERIFS = "#Tax ID;Gene ID;PubMed ID (PMID) list;last update timestamp;GeneRIF text"
RELATIONS = {"Function": "enables", "Process": "involved_in", "Component": "located_in"}
ROOTS = {"Function": "GO:0003674", "Process": "GO:0008150", "Component": "GO:0005575"}
NAMESPACES = {
    "Function": "molecular_function",
    "Process": "biological_process",
    "Component": "cellular_component",
}
STEMS = ["".join(letters) for letters in itertools.product("BDFGHJK", "LMNPR", "STVWZ")]

Rows = list[list[str]]


def terms(category: str) -> list[tuple[str, str, str]]:
    """Id, name and parent of 24 terms: six below the root, three below each of them."""
    start = {"Function": 100, "Process": 200, "Component": 300}[category]
    found = []
    for number in range(24):
        parent = ROOTS[category] if number < 6 else f"GO:{start + number % 6:07d}"
        found.append(
            (f"GO:{start + number:07d}", f"{category.lower()} {number}, of kind {number % 6}", parent)
        )
    return found


def info_row(gene_id: int, symbol: str, name: str, gene_type: str = "protein-coding") -> list[str]:
    """A row of ``gene_info`` whose other fields follow from the id."""
    aliases = f"AL{gene_id}|{symbol.lower()}-alt"
    records = (
        f"MIM:{600000 + gene_id}|HGNC:HGNC:{gene_id}|Ensembl:ENSG{gene_id:011d}|AllianceGenome:HGNC:{gene_id}"
    )
    chromosome = str(gene_id % 22 + 1)
    return [
        *("9606", str(gene_id), symbol, "-", aliases, records, chromosome, f"{chromosome}q{gene_id % 3}1.1"),
        *(name, gene_type, symbol, name, "O", "-", "20240603", "-"),
    ]


def genes(rng: random.Random, num_families: int) -> Rows:
    """Families of genes, some with a pseudogene, then Geneverse's test genes and a placeholder."""
    rows: Rows = []
    for stem in STEMS[:num_families]:
        for number in range(1, rng.randint(2, 5)):
            rows.append(info_row(len(rows) + 1, f"{stem}{number}", f"{stem.lower()}in protein {number}"))
        if rng.random() < 0.5:
            name = f"{stem.lower()}in protein 1 pseudogene 1"
            rows.append(info_row(len(rows) + 1, f"{stem}1P1", name, "pseudo"))
    for symbol in GENEVERSE_TEST_GENES:
        gene_type = "ncRNA" if symbol.startswith("MIR") else "protein-coding"
        rows.append(info_row(len(rows) + 1, symbol, f"{symbol.lower()} product", gene_type))
    rows.append([*("9606", "900000", "NEWENTRY"), *["-"] * 12, "-"])
    rows[-1][9], rows[-1][14] = "other", "20240603"
    return rows


def annotations(rng: random.Random, gene_ids: list[str]) -> Rows:
    """Terms of every gene but each tenth; a term may have several rows, one is denied, some say nothing."""
    rows: Rows = []
    for number, gene_id in enumerate(gene_ids):
        if number % 10 == 9:
            nothing = [ROOTS["Function"], "ND", "enables", "molecular_function", "-", "Function"]
            rows.append(["9606", gene_id, *nothing])
            continue
        for category, relation in RELATIONS.items():
            for term, name, _ in rng.sample(terms(category)[6:], rng.randint(2, 4)):
                for evidence in rng.sample(["IDA", "IBA", "IEA"], rng.randint(1, 2)):
                    rows.append(["9606", gene_id, term, evidence, relation, name, "12345", category])
        denied, name, _ = terms("Function")[number % 6]
        rows.append(["9606", gene_id, denied, "IDA", "NOT enables", name, "-", "Function"])
        rows.append(["9606", gene_id, "GO:0005515", "IPI", "enables", "protein binding", "-", "Function"])
    return rows


def ontology() -> str:
    """``go-basic.obo`` of the three roots and all terms."""
    lines = ["format-version: 1.2", "data-version: releases/2024-01-17", "ontology: go", ""]
    for category, root in ROOTS.items():
        space = NAMESPACES[category]
        lines += ["[Term]", f"id: {root}", f"name: {space}", f"namespace: {space}", ""]
        for term, name, parent in terms(category):
            lines += ["[Term]", f"id: {term}", f"name: {name}", f"namespace: {space}", f"is_a: {parent}", ""]
    return "\n".join(lines)


def diseases(gene_rows: Rows) -> tuple[Rows, Rows, Rows]:
    """Rows of the three files of the HPO; every third gene has a disease."""
    to_disease, to_phenotype, notes = [], [], []
    for row in gene_rows[::3]:
        gene_id, symbol, disease = row[1], row[2], f"OMIM:{100000 + int(row[1])}"
        to_disease.append([f"NCBIGene:{gene_id}", symbol, "MENDELIAN", disease, "medgen"])
        for qualifier, term, name, aspect in (
            ("", "HP:0001250", "Seizure", "P"),
            ("NOT", "HP:0000365", "Hearing impairment", "P"),
            ("", "HP:0000006", "Autosomal dominant inheritance", "I"),
        ):
            to_phenotype.append([gene_id, symbol, term, name, "-", disease])
            title = f"{symbol} syndrome"
            notes.append([disease, title, qualifier, term, "PMID:1", "PCS", *[""] * 4, aspect, "HPO:x"])
    return to_disease, to_phenotype, notes


def write_table(path: Path, header: list[str], rows: Rows) -> None:
    """Writes a table."""
    lines = ["\t".join(row) for row in (header, *rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_toy_genes(folder: Path, seed: int = 0, num_families: int = 60) -> Path:
    """Writes all files under the names of their publishers; the same seed gives the same bytes."""
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    gene_rows = genes(rng, num_families)
    ids = [row[1] for row in gene_rows[:-1]]
    to_disease, to_phenotype, notes = diseases(gene_rows[:-1])
    summary = "The protein of gene {} acts in E. coli too. It binds others. [provided by RefSeq, Jul 2008]."
    rifs = [
        ["9606", key, str(number), f"2020-0{number}-01 10:00", f"Finding {number} on gene {key}"]
        for key in ids
        for number in (1, 2, 3)
    ]
    tables = {
        "Homo_sapiens.gene_info.gz": (GENE_INFO.split(), gene_rows),
        "gene2go.gz": (GENE2GO.split(), annotations(rng, ids)),
        "gene_summary.gz": (
            ["#tax_id", "GeneID", "Source", "Summary"],
            [["9606", key, "RefSeq", summary.format(key)] for key in ids[::2]],
        ),
        "generifs_basic.gz": (GENERIFS.split(";"), rifs),
        "genes_to_disease.txt": (
            ["ncbi_gene_id", "gene_symbol", "association_type", "disease_id", "source"],
            to_disease,
        ),
        "genes_to_phenotype.txt": (
            ["ncbi_gene_id", "gene_symbol", "hpo_id", "hpo_name", "frequency", "disease_id"],
            to_phenotype,
        ),
        "phenotype.hpoa": (HPOA.split(), notes),
        "mim2gene_medgen": (
            MIM2GENE.split(";"),
            [[str(600000 + int(key)), key, "gene", "-", "-", "-"] for key in ids],
        ),
    }
    for name, (header, rows) in tables.items():
        write_table(folder / name, header, rows)
    (folder / "go-basic.obo").write_text(ontology(), encoding="utf-8")
    return folder
