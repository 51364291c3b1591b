"""Sections in AnnData files (``.h5ad``): counts in ``X`` or a layer, places in ``obsm["spatial"]``."""

from pathlib import Path
from typing import Any

import numpy as np

from datamodules.sources.names import listed_names
from datamodules.sources.spatial import (
    HDF5_FAULTS,
    UNLABELLED,
    Section,
    TissueImage,
    Unit,
    check_unique,
    checked_coordinates,
    checked_counts,
    clean_label,
    unique_gene_names,
)
from datamodules.sources.tables import MissingFileError
from geneverse_pl.exceptions import ConfigError, DataFormatError

RAW = "raw"
_SPATIAL = "spatial"
_IN_TISSUE = "in_tissue"
_PICTURES = ("hires", "lowres")


def read_h5ad(
    path: Path,
    name: str,
    label_column: str | None = "region",
    gene_column: str | None = None,
    layer: str | None = None,
    section_column: str | None = None,
) -> list[Section]:
    """The sections of an AnnData file.

    Spots with ``obs["in_tissue"]`` 0 are left out. Where ``uns["spatial"]`` holds one picture with its
    scale, as scanpy and squidpy write it for Visium, the sections carry it.

    Args:
        path: The file.
        name: Name of the section; with ``section_column``, what comes before the column's value.
        label_column: Column of ``obs`` with the region; None leaves the spots unlabelled.
        gene_column: Column of ``var`` with the gene names; None takes the names of ``var``.
        layer: Layer with the raw counts, ``raw`` for ``.raw.X``; None takes ``X``.
        section_column: Column of ``obs`` that tells sections apart; None: the file is one section.

    Raises:
        ConfigError: If anndata is not installed.
        MissingFileError: If the file cannot be opened.
        DataFormatError: If it is damaged, or lacks what is asked of it.
    """
    data = _read(path)
    if data.n_obs == 0 or data.n_vars == 0:
        raise DataFormatError(path, f"must hold spots and genes, holds {data.n_obs} and {data.n_vars}.")
    if _IN_TISSUE in data.obs:
        data = data[_numbers(path, data.obs[_IN_TISSUE]) == 1]
        if data.n_obs == 0:
            raise DataFormatError(path, f"must mark spots with 1 in obs['{_IN_TISSUE}'], and marks none.")
    spots = [str(spot) for spot in data.obs_names]
    check_unique(path, "spot", spots)
    if _SPATIAL not in data.obsm:
        message = f"must have coordinates in obsm['spatial']; found: {listed_names(data.obsm)}."
        raise DataFormatError(path, message)
    coordinates = checked_coordinates(path, data.obsm[_SPATIAL], spots)
    matrix, variables = _matrix(path, data, layer)
    counts = checked_counts(path, matrix)
    genes = _genes(path, variables, gene_column)
    regions = [UNLABELLED] * len(spots)
    if label_column is not None:
        regions = [clean_label(label) for label in _column(path, data.obs, "obs", label_column)]
    keys = [""] * len(spots)
    if section_column is not None:
        keys = [clean_label(key) for key in _column(path, data.obs, "obs", section_column)]
    image, unit = _picture(path, data)
    sections = []
    for key in sorted(set(keys)):
        rows = [row for row, own in enumerate(keys) if own == key]
        sections.append(
            Section(
                name=f"{name}/{key}" if section_column is not None else name,
                genes=genes,
                spots=tuple(spots[row] for row in rows),
                counts=counts[rows],
                coordinates=coordinates[rows],
                unit=unit,
                regions=tuple(regions[row] for row in rows),
                image=image,
            )
        )
    return sections


def _read(path: Path) -> Any:
    try:
        import anndata
    except ImportError:
        raise ConfigError(
            "Reading .h5ad files needs anndata, which is not installed. Install it with: "
            'pip install "geneverse_pl[spatial]"'
        ) from None
    if not path.is_file():
        raise MissingFileError(f"{path}: no such file. Check the path, or download it first.")
    try:
        return anndata.read_h5ad(path)
    except HDF5_FAULTS as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        message = f"must be an AnnData file, and cannot be read as one ({reason}). Download it again."
        raise DataFormatError(path, message) from None


def _numbers(path: Path, column: Any) -> Any:
    try:
        return column.astype(float).to_numpy()
    except (TypeError, ValueError):
        message = f"must have 0 or 1 in the column {_IN_TISSUE!r} of obs, and has other values."
        raise DataFormatError(path, message) from None


def _matrix(path: Path, data: Any, layer: str | None) -> tuple[Any, Any]:
    """Counts, and the table of their genes."""
    if layer == RAW:
        if data.raw is None:
            raise DataFormatError(path, "must have raw counts in .raw, and has no .raw. Set another layer.")
        return data.raw.X, data.raw.var
    if layer is not None and layer not in data.layers:
        message = f"must have the layer {layer!r}; found: {listed_names(data.layers)}."
        raise DataFormatError(path, message)
    matrix = data.X if layer is None else data.layers[layer]
    if matrix is None:
        raise DataFormatError(path, "must hold counts in X, and X is empty. Name the layer that has them.")
    return matrix, data.var


def _genes(path: Path, variables: Any, gene_column: str | None) -> tuple[str, ...]:
    ids = [str(gene) for gene in variables.index]
    if gene_column is not None:
        names = [clean_label(gene) for gene in _column(path, variables, "var", gene_column)]
    else:
        # Files made by scanpy may repeat names, and keep the ids beside them.
        names, ids = ids, [str(gene) for gene in variables.get("gene_ids", ids)]
    genes = unique_gene_names(names, ids)
    check_unique(path, "gene", genes)
    return genes


def _column(path: Path, table: Any, table_name: str, column: str) -> list[object]:
    if column not in table:
        message = f"must have the column {column!r} in {table_name}; found: {listed_names(table)}."
        raise DataFormatError(path, message)
    return list(table[column])


def _picture(path: Path, data: Any) -> tuple[TissueImage | None, Unit]:
    libraries = data.uns.get(_SPATIAL)
    if not isinstance(libraries, dict) or len(libraries) != 1:
        return None, "unstated"
    [(library, parts)] = libraries.items()
    scales = parts.get("scalefactors", {}) if isinstance(parts, dict) else {}
    images = parts.get("images", {}) if isinstance(parts, dict) else {}
    for picture in _PICTURES:
        scale = _scale(scales, picture)
        if picture in images and scale is not None:
            dataset = f"uns/{_SPATIAL}/{library}/images/{picture}"
            return TissueImage(path, scale, dataset), "pixel"
    return None, "pixel" if scales else "unstated"


def _scale(scales: Any, picture: str) -> float | None:
    """Pixels of a picture for one unit; None where there is no such number."""
    try:
        scale = float(scales[f"tissue_{picture}_scalef"])
    except (LookupError, TypeError, ValueError):
        return None
    return scale if np.isfinite(scale) and scale > 0 else None
