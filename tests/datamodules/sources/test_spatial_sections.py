"""Sources of any format: told by their files, joined with tables of labels."""

from pathlib import Path
from typing import Any

import pytest

from datamodules.sources.spatial_sections import SectionSource, read_sections, section_files, source_name
from datamodules.sources.tables import MissingFileError
from geneverse_pl.exceptions import ConfigError, DataFormatError


def test_formats_are_told_by_their_files(tmp_path: Path, toy_tissue: Any) -> None:
    labels = tmp_path / "labels.csv"
    rows = "".join(f"{barcode},stroma\n" for barcode in toy_tissue.barcodes)
    labels.write_text("barcode,type\n" + rows, encoding="utf-8")
    for folder in (toy_tissue.write_visium(tmp_path / "v"), toy_tissue.write_xenium(tmp_path / "x")):
        source = SectionSource(folder, labels=labels, label_column="type")
        [section] = read_sections(source)
        assert section.name == folder.name
        assert set(section.regions) == {"stroma"}
        assert section_files(source)[-1] == labels
    table = tmp_path / "A1.tsv"
    table.write_text("\tA\n1x1\t2\n", encoding="utf-8")
    [section] = read_sections(SectionSource(table, name="first"))
    assert (section.name, section.regions) == ("first", ("",))


@pytest.mark.parametrize(
    ("name", "stem"), [("A1.tsv.gz", "A1"), ("B.h5ad", "B"), ("c.d.txt", "c.d"), ("folder", "folder")]
)
def test_sections_are_called_like_their_files(name: str, stem: str) -> None:
    assert source_name(SectionSource(Path("data") / name)) == stem
    assert source_name(SectionSource(Path("data") / name, name="A.tsv")) == "A.tsv"


def test_sources_that_are_none(tmp_path: Path, toy_tissue: Any) -> None:
    with pytest.raises(MissingFileError, match=r"none: no such file or folder"):
        read_sections(SectionSource(tmp_path / "none"))
    with pytest.raises(MissingFileError, match=r"none\.tsv: no such file"):
        section_files(SectionSource(tmp_path / "none.tsv"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match=r"empty: must be the output folder of Visium .* or Xenium"):
        read_sections(SectionSource(tmp_path / "empty"))
    (tmp_path / "a.xlsx").write_text("x", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"a\.xlsx: must be an \.h5ad file, a count table"):
        read_sections(SectionSource(tmp_path / "a.xlsx"))
    folder = toy_tissue.write_visium(tmp_path / "v")
    with pytest.raises(ConfigError, match=r"layer is for \.h5ad files, and was given for .*v"):
        read_sections(SectionSource(folder, layer="counts"))
    with pytest.raises(MissingFileError, match=r"labels\.csv: no such file"):
        section_files(SectionSource(folder, labels=tmp_path / "labels.csv"))
    (tmp_path / "labels.csv").write_text("barcode,region\nother,stroma\n", encoding="utf-8")
    with pytest.raises(DataFormatError, match=r"labels\.csv: labels none of the section's 4 spots"):
        read_sections(SectionSource(folder, labels=tmp_path / "labels.csv"))
