"""Sections from files of any of the known formats, with their regions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from datamodules.sources.spatial import Section
from datamodules.sources.spatial_h5ad import read_h5ad
from datamodules.sources.spatial_labels import read_labels, regions_of
from datamodules.sources.spatial_tables import read_count_table
from datamodules.sources.spatial_visium import read_visium, visium_files
from datamodules.sources.spatial_xenium import is_xenium, read_xenium, xenium_files
from datamodules.sources.tables import MissingFileError
from geneverse_pl.exceptions import ConfigError

_TABLE_SUFFIXES = (".tsv", ".tsv.gz", ".txt", ".txt.gz")


@dataclass
class SectionSource:
    """Where a section of tissue lies.

    Args:
        path: An AnnData file (``.h5ad``), a Visium or Xenium output folder, or a count table of Spatial
            Transcriptomics (``.tsv``, ``.txt``, also ``.gz``).
        labels: Table with the region or cell type of each spot, comma- or tab-separated; None takes the
            column of an AnnData file.
        label_column: Column with the region, in that table or in ``obs``.
        name: Name of the section; None takes that of the file or folder.
        group: Patient or block, where several sections come from one: a group never lies in two splits when
            sections are held out. None: the section is a group of its own.
        gene_column: AnnData only: column of ``var`` with the gene names; None takes the names of ``var``.
        layer: AnnData only: layer with the raw counts, ``raw`` for ``.raw``; None takes ``X``.
        section_column: AnnData only: column of ``obs`` that tells sections of one file apart.
    """

    path: Path
    labels: Path | None = None
    label_column: str = "region"
    name: str | None = None
    group: str | None = None
    gene_column: str | None = None
    layer: str | None = None
    section_column: str | None = None


def section_files(source: SectionSource) -> list[Path]:
    """The files of a source that are read.

    Args:
        source: Where the section lies.

    Raises:
        ConfigError: If the format is not known, or an option of AnnData is set for another one.
        MissingFileError: If a file or folder is missing.
    """
    path = Path(source.path)
    labels = [] if source.labels is None else [Path(source.labels)]
    kind = _kind(source)
    files = {"visium": visium_files, "xenium": xenium_files}.get(kind, lambda file: [file])(path)
    for file in (*files, *labels):
        if not file.is_file():
            raise MissingFileError(f"{file}: no such file. Check the path, or download it first.")
    return [*files, *labels]


def source_name(source: SectionSource) -> str:
    """Name of a source: its own, or that of its file or folder without endings."""
    name = source.name or Path(source.path).resolve().name
    for suffix in (".gz", ".tsv", ".txt", ".h5ad") if source.name is None else ():
        name = name.removesuffix(suffix)
    return name


def read_sections(source: SectionSource) -> list[Section]:
    """The sections of a source, with their regions.

    Args:
        source: Where they lie.

    Raises:
        ConfigError: If the format is not known, an option of AnnData is set for another one, or a package
            that the format needs is not installed.
        MissingFileError: If a file or folder is missing.
        DataFormatError: If a file is not as its format wants it.
    """
    path, kind, name = Path(source.path), _kind(source), source_name(source)
    if kind == "h5ad":
        column = source.label_column if source.labels is None else None
        sections: Sequence[Section] = read_h5ad(
            path, name, column, source.gene_column, source.layer, source.section_column
        )
    else:
        read = {"visium": read_visium, "xenium": read_xenium, "table": read_count_table}[kind]
        sections = [read(path, name)]
    if source.labels is None:
        return list(sections)
    labels = read_labels(source.labels, source.label_column)
    return [
        replace(section, regions=regions_of(source.labels, labels, section.spots)) for section in sections
    ]


def _kind(source: SectionSource) -> str:
    path = Path(source.path)
    kind = _kind_of_path(path)
    if kind != "h5ad":
        for option in ("gene_column", "layer", "section_column"):
            if getattr(source, option) is not None:
                message = f"{option} is for .h5ad files, and was given for {path}. Leave it out there."
                raise ConfigError(message)
    return kind


def _kind_of_path(path: Path) -> str:
    if path.is_dir():
        if is_xenium(path):
            return "xenium"
        if (path / "spatial").is_dir():
            return "visium"
        message = (
            f"{path}: must be the output folder of Visium (with a folder spatial) or Xenium (with "
            "cells.csv.gz or cells.parquet), and has neither."
        )
        raise ConfigError(message)
    if path.suffix == ".h5ad":
        return "h5ad"
    if path.name.endswith(_TABLE_SUFFIXES):
        return "table"
    if not path.exists():
        raise MissingFileError(f"{path}: no such file or folder. Check the path, or download it first.")
    message = (
        f"{path}: must be an .h5ad file, a count table ({', '.join(_TABLE_SUFFIXES)}), or a Visium or Xenium "
        "output folder."
    )
    raise ConfigError(message)
