"""Which genes mark which regions of a section: by a test and by the size of the effect, or by a table."""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from datamodules.marker_gene.rank_sum import rank_sum_test
from datamodules.sources.delimited import read_columns
from datamodules.sources.spatial import Section
from geneverse_pl.exceptions import ConfigError, DataFormatError

_logger = logging.getLogger(__name__)

_TRUE = frozenset({"1", "true", "yes", "y"})
_FALSE = frozenset({"0", "false", "no", "n"})
_PSEUDOCOUNT = 0.01  # of a normalised count; keeps the ratio of two rare genes small

Verdict = Literal[1, 0, -1]
MARKER: Verdict = 1
NO_MARKER: Verdict = 0
AMBIGUOUS: Verdict = -1


@dataclass
class MarkerThresholds:
    """What makes a gene a marker of a region, and what makes it clearly none; all else is not asked about.

    A marker passes all its four thresholds. A gene that is clearly no marker passes neither of the two that
    are called ``max_other``. Significance alone tells little: with thousands of spots every gene differs.

    Args:
        max_adjusted_p: Most Benjamini-Hochberg p-value of a marker, in (0, 1].
        min_log2_fold_change: Least log2 ratio of mean normalised counts, region to the rest, of a marker.
        min_auroc: Least area under the ROC curve of a marker, in [0.5, 1].
        min_detection: Least share of the region's spots that hold a marker, in [0, 1].
        max_other_log2_fold_change: Most log2 ratio of a gene that is clearly no marker.
        max_other_auroc: Most area under the ROC curve of such a gene, in [0, 1].
        min_gene_spots: Genes in fewer spots of the section are not asked about, >= 1.
        min_region_spots: Regions of fewer spots are left out, with their spots, >= 2.
        ignored_regions: Names that are no regions; their spots are left out.
        library_size: Counts that a spot's are scaled to, > 0; None takes the median of the section.
    """

    max_adjusted_p: float = 0.05
    min_log2_fold_change: float = 0.5
    min_auroc: float = 0.6
    min_detection: float = 0.2
    max_other_log2_fold_change: float = 0.1
    max_other_auroc: float = 0.52
    min_gene_spots: int = 10
    min_region_spots: int = 10
    ignored_regions: tuple[str, ...] = ("undetermined",)
    library_size: float | None = None

    def check(self) -> None:
        """Raises a ConfigError if a threshold is out of range or contradicts another one."""
        for name, number, low, high in (
            ("max_adjusted_p", self.max_adjusted_p, 0, 1),
            ("min_auroc", self.min_auroc, 0.5, 1),
            ("min_detection", self.min_detection, 0, 1),
            ("max_other_auroc", self.max_other_auroc, 0, 1),
        ):
            if not low <= number <= high:
                raise ConfigError(f"thresholds.{name} must be in [{low}, {high}], got {number}.")
        for name, count, least in (
            ("min_gene_spots", self.min_gene_spots, 1),
            ("min_region_spots", self.min_region_spots, 2),
        ):
            if count < least:
                raise ConfigError(f"thresholds.{name} must be >= {least}, got {count}.")
        if self.library_size is not None and not self.library_size > 0:
            raise ConfigError(f"thresholds.library_size must be > 0, got {self.library_size}.")
        for low_name, high_name in (
            ("max_other_auroc", "min_auroc"),
            ("max_other_log2_fold_change", "min_log2_fold_change"),
        ):
            low, high = getattr(self, low_name), getattr(self, high_name)
            if low >= high:
                raise ConfigError(
                    f"thresholds.{low_name} must be below thresholds.{high_name}, got {low} and {high}. The "
                    "genes between them are neither marker nor clearly none."
                )


@dataclass(frozen=True, slots=True, eq=False)
class SectionMarkers:
    """Markers of the regions of a section.

    Args:
        section: Name of the section.
        regions: The R regions, sorted.
        genes: The G genes that may be asked about.
        verdicts: ``(R, G)`` of int8: 1 a marker, 0 clearly none, -1 neither.
        statistics: Name to ``(R, G)``: ``auroc``, ``log2_fold_change``, ``detection``, ``adjusted_p``; empty
            where the markers come from a table.
    """

    section: str
    regions: tuple[str, ...]
    genes: tuple[str, ...]
    verdicts: NDArray[np.int8]
    statistics: Mapping[str, NDArray[np.float64]]

    def markers(self) -> Iterator[tuple[str, str]]:
        """Gene and region of every marker, region by region."""
        for row, column in zip(*np.nonzero(self.verdicts == MARKER), strict=True):
            yield self.genes[column], self.regions[row]


def normalised_expression(section: Section, library_size: float | None = None) -> Any:
    """log(1 + counts scaled to one library size), ``(S, G)`` as a CSR array of float32.

    Args:
        section: The section.
        library_size: Counts that a spot's are scaled to; None takes the median of the section.
    """
    return np.log1p(_scaled(section.counts, library_size))


def find_markers(section: Section, thresholds: MarkerThresholds) -> SectionMarkers:
    """Markers by the rank-sum test on normalised expression, and by the size of the effect.

    Spots that are unlabelled, of an ignored region or of a small one take no part.

    Args:
        section: The section, with regions.
        thresholds: What makes a marker.

    Raises:
        ConfigError: If a threshold is out of range, or fewer than two regions are left.
    """
    thresholds.check()
    regions = kept_regions(section, thresholds)
    labels = np.array(section.regions)
    spots = np.flatnonzero(np.isin(labels, regions))
    membership = np.array([labels[spots] == region for region in regions])
    counts = sparse.csc_array(section.counts[spots])
    columns = np.flatnonzero(np.diff(counts.indptr) >= thresholds.min_gene_spots)
    scaled = sparse.csc_array(_scaled(section.counts, thresholds.library_size)[spots])[:, columns]
    tests = rank_sum_test(np.log1p(scaled), membership)
    inside, outside = (sparse.csr_array(rows.astype(np.float64)) for rows in (membership, ~membership))
    mean_in, mean_out = ((rows @ scaled).toarray() / rows.sum(axis=1)[:, None] for rows in (inside, outside))
    fold_change = np.log2((mean_in + _PSEUDOCOUNT) / (mean_out + _PSEUDOCOUNT))
    detection = (inside @ (scaled > 0)).toarray() / membership.sum(axis=1)[:, None]
    verdicts = np.full(fold_change.shape, AMBIGUOUS, dtype=np.int8)
    verdicts[
        (fold_change <= thresholds.max_other_log2_fold_change) & (tests.auroc <= thresholds.max_other_auroc)
    ] = NO_MARKER
    verdicts[
        (tests.adjusted_p_value <= thresholds.max_adjusted_p)
        & (fold_change >= thresholds.min_log2_fold_change)
        & (tests.auroc >= thresholds.min_auroc)
        & (detection >= thresholds.min_detection)
    ] = MARKER
    statistics = {
        "auroc": tests.auroc,
        "log2_fold_change": fold_change,
        "detection": detection,
        "adjusted_p": tests.adjusted_p_value,
    }
    genes = tuple(section.genes[column] for column in columns)
    found = SectionMarkers(section.name, regions, genes, verdicts, statistics)
    counted = Counter(region for _, region in found.markers())
    summary = ", ".join(f"{region} {counted[region]:,}" for region in regions)
    _logger.info("%s: markers among %d genes: %s", section.name, len(genes), summary)
    return found


def kept_regions(section: Section, thresholds: MarkerThresholds) -> tuple[str, ...]:
    """Regions of a section that are large enough and not ignored, sorted.

    Args:
        section: The section.
        thresholds: Names the ignored ones and the least size.

    Raises:
        ConfigError: If fewer than two are left.
    """
    sizes = Counter(region for region in section.regions if region not in ("", *thresholds.ignored_regions))
    kept = tuple(sorted(name for name, size in sizes.items() if size >= thresholds.min_region_spots))
    if len(kept) < 2:
        found = ", ".join(f"{name} ({size})" for name, size in sorted(sizes.items())) or "none"
        raise ConfigError(
            f"Section {section.name!r} must have two regions or more of at least "
            f"{thresholds.min_region_spots} labelled spots; it has: {found}. Give its labels, lower "
            "thresholds.min_region_spots, or leave the section out."
        )
    return kept


def read_marker_table(path: str | Path) -> dict[tuple[str, str], bool]:
    """Whether genes mark regions, from a table with the columns ``gene``, ``region`` and ``is_marker``.

    Args:
        path: Comma- or tab-separated, plain or gzip; ``is_marker`` is yes/no, true/false or 1/0.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If it is not as described, or names a pair twice.
    """
    verdicts: dict[tuple[str, str], bool] = {}
    for line, (gene, region, answer) in read_columns(path, ("gene", "region", "is_marker")):
        if not gene or not region:
            raise DataFormatError(path, "lacks a gene or a region, expected both.", line)
        if (gene, region) in verdicts:
            raise DataFormatError(path, f"repeats {gene} and {region}, expected each pair once.", line)
        if answer.lower() not in _TRUE | _FALSE:
            message = f"has is_marker {answer!r}, expected yes or no, true or false, 1 or 0."
            raise DataFormatError(path, message, line)
        verdicts[gene, region] = answer.lower() in _TRUE
    return verdicts


def markers_from_table(
    section: Section, thresholds: MarkerThresholds, table: Mapping[tuple[str, str], bool]
) -> SectionMarkers:
    """Markers as a table gives them, for the genes and regions that the section has too.

    Args:
        section: The section, with regions.
        thresholds: Says which regions are left out.
        table: What :func:`read_marker_table` gives.

    Raises:
        ConfigError: If fewer than two regions are left, or the table says nothing about them.
    """
    regions = kept_regions(section, thresholds)
    named = {gene for gene, region in table if region in regions}
    genes = tuple(gene for gene in section.genes if gene in named)
    if not genes:
        raise ConfigError(
            f"The marker table must name genes and regions of section {section.name!r}, and names none. Its "
            f"regions are: {', '.join(regions)}. Check the spelling."
        )
    verdicts = np.full((len(regions), len(genes)), AMBIGUOUS, dtype=np.int8)
    for row, region in enumerate(regions):
        for column, gene in enumerate(genes):
            if (gene, region) in table:
                verdicts[row, column] = MARKER if table[gene, region] else NO_MARKER
    return SectionMarkers(section.name, regions, genes, verdicts, {})


def _scaled(counts: Any, library_size: float | None) -> Any:
    totals = np.asarray(counts.sum(axis=1), dtype=np.float64).ravel()
    seen = totals[totals > 0]
    target = library_size if library_size is not None else float(np.median(seen)) if len(seen) else 1.0
    factors = np.divide(target, totals, out=np.zeros_like(totals), where=totals > 0)
    return sparse.csr_array(sparse.diags_array(factors) @ counts, dtype=np.float32)
