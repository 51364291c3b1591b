from pathlib import Path

import pytest

from datamodules.gene_function.files import GeneFiles, downloads, needed_files
from geneverse_pl.exceptions import ConfigError


def test_files_bear_the_names_of_their_publishers(tmp_path: Path) -> None:
    paths = needed_files(tmp_path, ["gene2go", "diseases", "phenotypes"], GeneFiles())
    assert [path.name for path in paths.values()] == [
        "Homo_sapiens.gene_info.gz",
        "gene2go.gz",
        "genes_to_disease.txt",
        "phenotype.hpoa",
        "genes_to_phenotype.txt",
    ]
    assert {path.parent for path in paths.values()} == {tmp_path}


def test_any_file_may_lie_elsewhere_and_is_fetched_to_there(tmp_path: Path) -> None:
    paths = needed_files(tmp_path / "a", ["gene2go"], GeneFiles(gene2go=tmp_path / "b" / "human.tsv"))
    files = downloads(paths)
    assert [file.path for file in files] == [
        tmp_path / "a" / "Homo_sapiens.gene_info.gz",
        tmp_path / "b" / "human.tsv",
    ]
    assert all(file.url.startswith("https://ftp.ncbi.nlm.nih.gov/gene/") for file in files)


def test_a_file_that_was_unpacked_is_found(tmp_path: Path) -> None:
    (tmp_path / "gene2go").touch()
    paths = needed_files(tmp_path, ["gene2go"], GeneFiles())
    assert [path.name for path in paths.values()] == ["Homo_sapiens.gene_info.gz", "gene2go"]
    (tmp_path / "gene2go.gz").touch()
    assert needed_files(tmp_path, ["gene2go"], GeneFiles())["gene2go"].name == "gene2go.gz"


def test_mistakes(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"Unknown source 'go'\. .*Choose one of: diseases, gene2go"):
        needed_files(tmp_path, ["go"], GeneFiles())  # type: ignore[list-item]
    with pytest.raises(
        ConfigError, match=r"files\.disease_annotations .* sources are gene2go\. Add diseases or ph"
    ):
        needed_files(tmp_path, ["gene2go"], GeneFiles(disease_annotations=tmp_path / "x"))
