"""A small table with real ids."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from geneverse_pl.grounding import GroundingTable, write_table
from geneverse_pl.grounding.records import COLUMNS, file_source, read_tsv

ROWS = (
    ("gene", "NCBIGene:672", "BRCA1", "BRCC1|RNF53|AMB1|breast cancer 1",
     "HGNC:1100|Ensembl:ENSG00000012048|MIM:113705|NCBIGene:672|UniProt:P38398", "HGNC:1099"),
    ("gene", "NCBIGene:7157", "TP53", "P53|LFS1|AMB1|tumor protein p53",
     "HGNC:11998|ENSG00000141510|OMIM:191170|NCBIGene:7157|UniProt:P04637", ""),
    ("gene", "NCBIGene:1029", "CDKN2A", "P16|MTS1",
     "HGNC:1787|ENSG00000147889|MIM:600160|NCBIGene:1029|UniProt:P42771|UniProt:Q8N726", ""),
    ("gene", "NCBIGene:580", "BARD1", "", "HGNC:952|ENSG00000138376|MIM:601593|NCBIGene:580", ""),
    ("gene", "NCBIGene:847", "CAT", "catalase", "HGNC:1516|ENSG00000121691|MIM:115500", ""),
    ("gene", "NCBIGene:2200", "FBN1", "", "HGNC:3603|ENSG00000166147|MIM:134797|NCBIGene:2200", ""),
    ("protein", "UniProt:P38398", "Breast cancer type 1 susceptibility protein", "", "UniProt:P38398", ""),
    ("phenotype", "HP:0001250", "Seizure", "Seizures|Epileptic seizure", "HP:0001250", "HP:0002279"),
    ("phenotype", "HP:0001166", "Arachnodactyly", "Spider fingers", "HP:0001166", ""),
    ("phenotype", "HP:0007359", "Focal-onset seizure", "", "HP:0007359", ""),
    ("phenotype", "HP:0001627", "Abnormal heart morphology", "Heart, malformed", "HP:0001627", ""),
    ("go_term", "GO:0006281", "DNA repair", "", "GO:0006281", "GO:0000001"),
    ("go_term", "GO:0007049", "cell cycle", "", "GO:0007049", "GO:0000001"),
    ("go_term", "GO:0051726", "regulation of cell cycle", "", "GO:0051726", ""),
    ("disease", "MONDO:0007947", "Marfan syndrome", "MFS", "MONDO:0007947|MIM:154700|ORPHA:558", ""),
)  # fmt: skip


def tsv_of(rows: tuple[tuple[str, ...], ...] = ROWS) -> str:
    return "".join("\t".join(row) + "\n" for row in (COLUMNS, *rows))


@pytest.fixture(scope="session")
def table_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the table."""
    folder = tmp_path_factory.mktemp("grounding")
    (folder / "own.tsv").write_text(tsv_of(), encoding="utf-8")
    sources = [file_source(folder / "own.tsv")]
    return write_table(folder / "own.sqlite", read_tsv(folder / "own.tsv"), sources)


@pytest.fixture(scope="session")
def table(table_path: Path) -> Iterator[GroundingTable]:
    """The table, open."""
    with GroundingTable(table_path) as opened:
        yield opened
