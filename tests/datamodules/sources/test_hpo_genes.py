"""The gene tables: golden rows and faults."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from datamodules.sources.hpo_fields import Frequency
from datamodules.sources.hpo_genes import (
    GeneDisease,
    GenePhenotype,
    PhenotypeGene,
    read_gene_phenotypes,
    read_genes_to_disease,
    read_phenotype_genes,
)
from geneverse_pl.exceptions import DataFormatError

GENES_TO_PHENOTYPE = (
    "ncbi_gene_id\tgene_symbol\thpo_id\thpo_name\tfrequency\tdisease_id\n"
    "10\tNAT2\tHP:0001939\tAbnormality of metabolism/homeostasis\t-\tOMIM:243400\n"
    "16\tAARS1\tHP:0002460\tDistal muscle weakness\t15/15\tOMIM:613287\n"
    "7467\t-\tHP:0001290\tGeneralized hypotonia\tHP:0040283\tORPHA:33364\n"
)
PHENOTYPE_TO_GENES = (
    "hpo_id\thpo_name\tncbi_gene_id\tgene_symbol\tdisease_id\n"
    "HP:6001052\tTibiotalar synostosis\t8200\tGDF5\tOMIM:200700\n"
)
GENES_TO_DISEASE = (
    "ncbi_gene_id\tgene_symbol\tassociation_type\tdisease_id\tsource\n"
    "NCBIGene:64170\tCARD9\tMENDELIAN\tOMIM:212050\tftp://ftp.ncbi.nlm.nih.gov/gene/DATA/mim2gene_medgen\n"
)


def write(folder: Path, text: str) -> Path:
    path = folder / "table.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_golden_rows_of_genes_to_phenotype(tmp_path: Path) -> None:
    records = list(read_gene_phenotypes(write(tmp_path, GENES_TO_PHENOTYPE)))
    assert records == [
        GenePhenotype(
            "10", "NAT2", "HP:0001939", "Abnormality of metabolism/homeostasis", None, "OMIM:243400", "", 0
        ),
        GenePhenotype(
            "16",
            "AARS1",
            "HP:0002460",
            "Distal muscle weakness",
            Frequency("15/15", 1.0, 1.0, (15, 15)),
            "OMIM:613287",
            "",
            0,
        ),
        GenePhenotype(
            "7467",
            None,
            "HP:0001290",
            "Generalized hypotonia",
            Frequency("HP:0040283", 0.05, 0.29),
            "ORPHA:33364",
            "",
            0,
        ),
    ]
    assert [(record.file, record.line) for record in records] == [("table.txt", line) for line in (2, 3, 4)]


def test_golden_row_of_phenotype_to_genes(tmp_path: Path) -> None:
    (record,) = read_phenotype_genes(write(tmp_path, PHENOTYPE_TO_GENES))
    assert record == PhenotypeGene(
        "HP:6001052", "Tibiotalar synostosis", "8200", "GDF5", "OMIM:200700", "", 0
    )
    assert record.line == 2


def test_golden_row_of_genes_to_disease_without_the_id_prefix(tmp_path: Path) -> None:
    (record,) = read_genes_to_disease(write(tmp_path, GENES_TO_DISEASE))
    source = "ftp://ftp.ncbi.nlm.nih.gov/gene/DATA/mim2gene_medgen"
    assert record == GeneDisease("64170", "CARD9", "MENDELIAN", "OMIM:212050", source, "", 0)
    assert record.line == 2


@pytest.mark.parametrize(
    ("read", "text", "old", "new", "message"),
    [
        (read_gene_phenotypes, GENES_TO_PHENOTYPE, "16\tA", "AARS1\tA", r"line 3 has the gene id 'AARS1'"),
        (read_gene_phenotypes, GENES_TO_PHENOTYPE, "15/15", "15", r"line 3 has the frequency '15'"),
        (
            read_gene_phenotypes,
            GENES_TO_PHENOTYPE,
            "HP:0002460",
            "HP:2460",
            r"line 3 has the HPO id 'HP:2460'",
        ),
        (
            read_gene_phenotypes,
            GENES_TO_PHENOTYPE,
            "OMIM:613287",
            "ORPHA:",
            r"line 3 has the disease id 'ORPHA:'",
        ),
        (read_gene_phenotypes, GENES_TO_PHENOTYPE, "Distal muscle weakness", "", r"line 3 lacks a term name"),
        (read_gene_phenotypes, GENES_TO_PHENOTYPE, "hpo_name", "HPO-name", r"line 1 .*missing: hpo_name"),
        (read_gene_phenotypes, GENES_TO_PHENOTYPE, "\tOMIM:613287", "", r"line 3 has 5 columns, expected 6"),
        (
            read_gene_phenotypes,
            GENES_TO_PHENOTYPE,
            "7467\t-",
            "16\tAARS",
            r"line 4 gives ncbi_gene_id 16 gene_symbol 'AARS', line 3 gives it 'AARS1'",
        ),
        (
            read_gene_phenotypes,
            GENES_TO_PHENOTYPE,
            "HP:0001290",
            "HP:0002460",
            r"line 4 gives hpo_id HP:0002460 hpo_name 'Generalized hypotonia', line 3 gives it 'Distal",
        ),
        (read_phenotype_genes, PHENOTYPE_TO_GENES, "8200", "-", r"line 2 has the gene id '-'"),
        (read_phenotype_genes, PHENOTYPE_TO_GENES, "gene_symbol", "symbol", r"line 1 .*missing: gene_symbol"),
        (
            read_genes_to_disease,
            GENES_TO_DISEASE,
            "MENDELIAN",
            "Mendel",
            r"line 2 has the association type 'Mendel'",
        ),
        (read_genes_to_disease, GENES_TO_DISEASE, "NCBIGene:64170", "NCBIGene:", r"line 2 has the gene id"),
    ],
)
def test_faults(
    tmp_path: Path, read: Callable[[Path], Iterator[object]], text: str, old: str, new: str, message: str
) -> None:
    assert text.count(old) == 1
    path = write(tmp_path, text.replace(old, new))
    with pytest.raises(DataFormatError, match=message):
        list(read(path))
