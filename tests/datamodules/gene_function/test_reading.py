"""What the files of the toy genes say, brought together gene by gene."""

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from datamodules.gene_function.facts import GeneFacts
from datamodules.gene_function.files import GeneFiles, SourceName, needed_files
from datamodules.gene_function.reading import read_genes
from tests.datamodules.gene_function.toy_genes import MIM2GENE, write_table

Read = Callable[..., dict[str, GeneFacts]]


@pytest.fixture
def read(tiny_gene_folder: Path) -> Read:
    """Reads the toy genes from the sources that are named."""

    def run(*sources: SourceName, max_findings: int = 2) -> dict[str, GeneFacts]:
        paths = needed_files(tiny_gene_folder, sources, GeneFiles())
        return read_genes(paths, lambda info: info.gene_type == "protein-coding", max_findings)

    return run


def append(path: Path, *cells: str) -> None:
    """Adds a row to a table."""
    with path.open("a", encoding="utf-8") as file:
        file.write("\t".join(cells) + "\n")


def test_gene_info_alone(read: Read) -> None:
    genes = read()
    assert "900000" not in genes
    assert {gene.info.gene_type for gene in genes.values()} == {"protein-coding"}
    first = genes["1"]
    assert (first.symbol, first.name) == ("BLS1", "blsin protein 1")
    assert first.aliases == ["AL1", "bls1-alt"]
    assert first.identifiers() == {
        "HGNC": ["HGNC:1"],
        "Ensembl": ["ENSG00000000001"],
        "MIM": ["600001"],
        "AllianceGenome": ["HGNC:1"],
    }
    assert first.num_statements == 0


def with_mims(folder: Path, gene_id: str, *numbers: str) -> None:
    """Gives a gene of ``gene_info`` these MIM numbers instead of its own."""
    path = folder / "Homo_sapiens.gene_info.gz"
    references = "|".join(f"MIM:{number}" for number in numbers)
    own = f"MIM:{600000 + int(gene_id)}|HGNC:HGNC:{gene_id}|"
    text = path.read_text(encoding="utf-8")
    assert own in text
    path.write_text(text.replace(own, f"{references}|HGNC:HGNC:{gene_id}|"), encoding="utf-8")


def test_of_several_mim_numbers_none_is_told(read: Read, tiny_gene_folder: Path) -> None:
    with_mims(tiny_gene_folder, "1", "100001", "600001")
    gene = read()["1"]
    assert gene.identifiers() == {
        "HGNC": ["HGNC:1"],
        "Ensembl": ["ENSG00000000001"],
        "AllianceGenome": ["HGNC:1"],
    }
    assert gene.truth()["identifiers"] == gene.identifiers()


@pytest.mark.parametrize("source", ["diseases", "phenotypes"])
def test_numbers_of_diseases_are_not_the_genes(
    read: Read, tiny_gene_folder: Path, source: SourceName
) -> None:
    with_mims(tiny_gene_folder, "1", "100001", "600001")
    with_mims(tiny_gene_folder, "2", "100004")  # of another gene
    genes = read(source)
    assert genes["1"].identifiers()["MIM"] == ["600001"]
    assert "MIM" not in genes["2"].identifiers()


def test_the_table_of_omim_entries_tells_which_number_is_the_genes(
    read: Read, tiny_gene_folder: Path
) -> None:
    with_mims(tiny_gene_folder, "1", "114480", "114500", "191170")
    with_mims(tiny_gene_folder, "2", "191171", "191172")
    with_mims(tiny_gene_folder, "3", "191170")
    write_table(
        tiny_gene_folder / "mim2gene_medgen",
        MIM2GENE.split(";"),
        [
            ["114480", "1", "phenotype", "GeneMap", "C0346153", "-"],
            ["191170", "1", "gene", "-", "-", "-"],
            ["191171", "2", "gene", "-", "-", "-"],
            ["191172", "2", "gene", "-", "-", "-"],
        ],
    )
    genes = read("mim2gene_medgen")
    assert genes["1"].identifiers()["MIM"] == ["191170"]
    assert not {"MIM"} & {*genes["2"].identifiers(), *genes["3"].identifiers()}


def test_terms(read: Read, tiny_gene_folder: Path) -> None:
    path = tiny_gene_folder / "gene2go.gz"
    append(path, "9606", "1", "GO:0000900", "IEA", "enables", "by program", "-", "Function")
    append(path, "9606", "1", "GO:0000901", "IBA", "enables", "by curator", "-", "Function")
    append(path, "9606", "1", "GO:0000902", "IDA", "enables", "by experiment", "-", "Function")
    append(path, "9606", "1", "GO:0000903", "IDA", "enables", "in dispute", "-", "Function")
    append(path, "9606", "1", "GO:0000903", "IBA", "NOT enables", "in dispute", "-", "Function")
    gene = read("gene2go")["1"]
    ids = [one.id for one in gene.go["Function"]]
    assert ids.index("GO:0000902") < ids.index("GO:0000901") < ids.index("GO:0000900")
    assert {"GO:0000903", "GO:0005515", "GO:0003674"}.isdisjoint(ids)
    assert "GO:0000903" in gene.denied
    lines = path.read_text(encoding="utf-8").splitlines()
    for category, statements in gene.go.items():
        for one in statements:
            for file, line in one.sources:
                assert file == "gene2go.gz"
                cells = lines[line - 1].split("\t")
                assert (cells[1], cells[2], cells[5], cells[7]) == ("1", one.id, one.text, category)
            assert sum(f"\t1\t{one.id}\t" in line for line in lines) == len(one.sources)


def test_summaries_lose_their_provider(read: Read, tiny_gene_folder: Path) -> None:
    append(tiny_gene_folder / "gene_summary.gz", "9606", "1", "Other", "A second one.")
    summary = read("gene_summary")["1"].summary
    assert summary is not None
    assert summary.text == "The protein of gene 1 acts in E. coli too. It binds others."
    assert summary.sources == (("gene_summary.gz", 2),)


def test_the_newest_findings_are_kept(read: Read, tiny_gene_folder: Path) -> None:
    path = tiny_gene_folder / "generifs_basic.gz"
    append(path, "9606", "1", "7", "2024-01-01 00:00", "Long " * 100)
    append(path, "9606", "1", "8", "-", "Undated")
    assert [one.text for one in read("generifs")["1"].findings] == [
        "Finding 3 on gene 1.",
        "Finding 2 on gene 1.",
    ]
    assert [one.id for one in read("generifs", max_findings=9)["1"].findings] == ["3", "2", "1", "8"]
    assert read("generifs", max_findings=0)["1"].findings == ()


def test_diseases_have_names_and_only_the_phenotypes_that_are_affirmed(
    read: Read, tiny_gene_folder: Path
) -> None:
    append(
        tiny_gene_folder / "genes_to_disease.txt", "NCBIGene:1", "BLS1", "UNKNOWN", "OMIM:999999", "medgen"
    )
    gene = read("diseases", "phenotypes")["1"]
    assert [(one.id, one.text) for one in gene.diseases] == [("OMIM:100001", "BLS1 syndrome")]
    assert [(one.id, one.text) for one in gene.phenotypes] == [("HP:0001250", "Seizure")]
    assert gene.diseases[0].sources == (("genes_to_disease.txt", 2), ("phenotype.hpoa", 2))
    assert gene.phenotypes[0].sources == (("genes_to_phenotype.txt", 2), ("phenotype.hpoa", 2))
    assert read("diseases")["1"].phenotypes == ()


def test_the_truth_has_all_that_is_known(read: Read) -> None:
    gene = read(*get_args(SourceName))["1"]
    truth = gene.truth()
    assert truth["symbol"] == "BLS1"
    assert truth["map_location"] == "2q11.1"
    assert truth["go"] == {
        category: [[one.id, one.text] for one in found] for category, found in gene.go.items()
    }
    assert truth["diseases"] == [["OMIM:100001", "BLS1 syndrome"]]
    assert gene.num_statements == 1 + len(gene.go_ids) + 1 + 1 + 2


def test_tables_of_other_organisms_are_refused(read: Read, tiny_gene_folder: Path) -> None:
    write_table(
        tiny_gene_folder / "gene_summary.gz",
        ["#tax_id", "GeneID", "Source", "Summary"],
        [["10090", "1", "-", "x"]],
    )
    with pytest.raises(
        ValueError, match=r"gene_summary\.gz: must have rows with the tax_id '9606', has none"
    ):
        read("gene_summary")
