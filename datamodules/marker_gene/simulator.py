"""A simulator of labelled tissue, for examples that need no download and tests that need the truth.

What it does, in this order:

1. **Spots** lie on a hexagonal or square array; those inside a wavy outline are kept.
2. **Domains.** Every region has a smooth random field (a sum of cosines with random wave vectors: Rahimi and
   Recht 2007); offsets are set so that each gets its share of the spots. A spot is labelled with the region
   of the highest field. Near borders it is a mixture of regions (softmax of the fields), as spots of several
   cells are.
3. **Genes** have log-normal base levels. A marker gene is higher by a random fold change in the one or two
   regions it marks. All genes follow smooth trends over the section that know nothing of the domains, those
   of background genes stronger. Every section shifts each gene by a random factor (batch effect).
4. **Counts** are negative binomial (gamma-Poisson) around level times library size of the spot, which varies
   log-normally; then counts are lost at random (dropout).

It does not model cell types within a region, spatial correlation of the noise, tissue damage, or genes that
regulate each other; scores on it say that a model can read such plots, not that it can read real ones.

Letters: S spots, G genes, R regions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from datamodules.marker_gene.random_fields import domain_weights, smooth_fields, spot_array
from datamodules.sources.spatial import Section, checked_counts
from datamodules.sources.tables import read_lines
from geneverse_pl.exceptions import ConfigError, DataFormatError, unknown_choice

Array = Literal["hexagonal", "square"]
Floats = NDArray[np.float64]

REGION_NAMES = (
    "invasive tumour",
    "stroma",
    "adipose tissue",
    "immune infiltrate",
    "normal epithelium",
    "necrosis",
    "smooth muscle",
    "tumour in situ",
    "blood vessel",
    "nerve",
)


@dataclass
class SimulatorConfig:
    """Labelled tissue that is made up.

    Args:
        num_sections: Sections, > 0; they share genes and regions, not the layout.
        num_regions: Regions of each section, 2 to 10.
        rows: Rows of the array, > 3.
        columns: Columns of the array, > 3.
        array: ``hexagonal`` or ``square``.
        spacing: Distance between neighbouring spots in micrometres, > 0.
        domain_size: Length over which domains change, as a share of the section's width, > 0.
        mixing: How wide borders are, >= 0; 0 makes every spot of one region alone.
        num_marker_genes: Genes that mark regions, > 0.
        num_background_genes: Genes that mark none, >= 0.
        two_region_fraction: Share of the marker genes that mark two regions, in [0, 1].
        min_log2_fold_change: Least log2 fold change of a marker, > 0.
        max_log2_fold_change: Most log2 fold change of a marker.
        mean_count: Median over genes of the mean count of a spot, > 0.
        level_spread: Standard deviation of the natural logarithm of the genes' levels, >= 0.
        background_trend: Standard deviation of the log trends of background genes, >= 0.
        marker_trend: The same for marker genes, >= 0.
        dispersion: Negative-binomial dispersion: variance = mean + dispersion * mean^2, >= 0.
        library_spread: Standard deviation of the log library sizes, >= 0.
        dropout: Chance that the count of a gene in a spot is lost, in [0, 1).
        batch_spread: Standard deviation of the log factor of a gene in a section, >= 0.
        gene_names: File with one gene name a line, from which names are drawn; None names them GENE0001, ...
    """

    num_sections: int = 2
    num_regions: int = 6
    rows: int = 30
    columns: int = 28
    array: Array = "hexagonal"
    spacing: float = 100.0
    domain_size: float = 0.16
    mixing: float = 0.15
    num_marker_genes: int = 300
    num_background_genes: int = 60
    two_region_fraction: float = 0.4
    min_log2_fold_change: float = 1.0
    max_log2_fold_change: float = 3.0
    mean_count: float = 1.0
    level_spread: float = 0.8
    background_trend: float = 0.6
    marker_trend: float = 0.25
    dispersion: float = 0.4
    library_spread: float = 0.35
    dropout: float = 0.1
    batch_spread: float = 0.2
    gene_names: Path | None = None

    def check(self) -> None:
        """Raises a ConfigError if a value is out of range or no known choice."""
        if self.array not in get_args(Array):
            raise ConfigError(unknown_choice("simulator.array", self.array, get_args(Array)))
        infinity = float("inf")
        for name, low, high in (
            ("num_sections", 1, infinity),
            ("num_regions", 2, len(REGION_NAMES)),
            ("rows", 4, infinity),
            ("columns", 4, infinity),
            ("num_marker_genes", 1, infinity),
            ("num_background_genes", 0, infinity),
            ("two_region_fraction", 0, 1),
            ("mixing", 0, infinity),
            ("level_spread", 0, infinity),
            ("background_trend", 0, infinity),
            ("marker_trend", 0, infinity),
            ("dispersion", 0, infinity),
            ("library_spread", 0, infinity),
            ("dropout", 0, 0.99),
            ("batch_spread", 0, infinity),
            ("max_log2_fold_change", self.min_log2_fold_change, infinity),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ConfigError(f"simulator.{name} must be in [{low}, {high}], got {value}.")
        for name in ("spacing", "domain_size", "min_log2_fold_change", "mean_count"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"simulator.{name} must be > 0, got {getattr(self, name)}.")


@dataclass(frozen=True, slots=True, eq=False)
class Simulation:
    """What the simulator made.

    Args:
        sections: The sections, ``simulated_1``, ``simulated_2``, ...
        planted: Regions that each gene marks; empty for background genes.
    """

    sections: tuple[Section, ...]
    planted: Mapping[str, frozenset[str]]


def simulate(config: SimulatorConfig, seed: int) -> Simulation:
    """Makes sections; the same configuration and seed give the same.

    Args:
        config: What is made.
        seed: Seed of all that is random, >= 0.

    Raises:
        ConfigError: If a value is out of range.
        MissingFileError: If the file of gene names cannot be opened.
        DataFormatError: If it has too few names, or one twice.
    """
    config.check()
    rng = np.random.default_rng(seed)
    genes = _gene_names(config, rng)
    regions = REGION_NAMES[: config.num_regions]
    log2_levels, is_marked = _levels(config, rng)
    # Roles are dealt to names at random: the number in a name tells nothing.
    order = rng.permutation(len(genes))
    log2_levels, is_marked = log2_levels[:, order], is_marked[:, order]
    sections = tuple(
        _section(config, f"simulated_{number}", genes, log2_levels, is_marked, rng)
        for number in range(1, config.num_sections + 1)
    )
    planted = {
        gene: frozenset(
            region for region, marked in zip(regions, is_marked[:, column], strict=True) if marked
        )
        for column, gene in enumerate(genes)
    }
    return Simulation(sections, planted)


def _gene_names(config: SimulatorConfig, rng: np.random.Generator) -> tuple[str, ...]:
    count = config.num_marker_genes + config.num_background_genes
    if config.gene_names is None:
        digits = max(4, len(str(count)))
        return tuple(f"GENE{number:0{digits}d}" for number in range(1, count + 1))
    seen: dict[str, int] = {}
    for line, text in read_lines(config.gene_names):
        name = text.strip()
        if name in seen:
            message = f"repeats the gene {name!r} of line {seen[name]}, expected each once."
            raise DataFormatError(config.gene_names, message, line)
        if name:
            seen[name] = line
    if len(seen) < count:
        message = f"must have at least {count} gene names, one a line, has {len(seen)}. Add some."
        raise DataFormatError(config.gene_names, message)
    return tuple(rng.permutation(list(seen))[:count].tolist())


def _levels(config: SimulatorConfig, rng: np.random.Generator) -> tuple[Floats, NDArray[np.bool_]]:
    """log2 level of each gene in each region, and whether it marks it; both ``(R, G)``."""
    num_regions, num_markers = config.num_regions, config.num_marker_genes
    num_genes = num_markers + config.num_background_genes
    is_marked = np.zeros((num_regions, num_genes), dtype=bool)
    # A gene that marks all regions but one would rather be one that the last lacks.
    most = min(2, num_regions - 1)
    for gene in range(num_markers):
        how_many = most if rng.random() < config.two_region_fraction else 1
        # The first region goes round, so that regions have equally many markers.
        first = gene % num_regions
        others = [region for region in range(num_regions) if region != first]
        is_marked[[first, *rng.permutation(others)[: how_many - 1]], gene] = True
    base = np.log2(config.mean_count) + rng.normal(0, config.level_spread, num_genes) / np.log(2)
    change = rng.uniform(config.min_log2_fold_change, config.max_log2_fold_change, is_marked.shape)
    return base + change * is_marked, is_marked


def _section(
    config: SimulatorConfig,
    name: str,
    genes: tuple[str, ...],
    log2_levels: Floats,
    is_marked: NDArray[np.bool_],
    rng: np.random.Generator,
) -> Section:
    points = spot_array(config.rows, config.columns, config.array == "hexagonal", rng)
    width = float(np.ptp(points[:, 0]))
    weights = domain_weights(points, config.num_regions, config.domain_size * width, config.mixing, rng)
    trends = smooth_fields(points, len(genes), width / 3, rng)
    strength = np.where(is_marked.any(axis=0), config.marker_trend, config.background_trend)
    batch = rng.normal(0, config.batch_spread, len(genes))
    library = rng.normal(0, config.library_spread, (len(points), 1))
    means = (weights @ 2**log2_levels) * np.exp(trends * strength + batch + library)
    counts = rng.poisson(_gamma(means, config.dispersion, rng))
    counts[rng.random(counts.shape) < config.dropout] = 0
    return Section(
        name=name,
        genes=genes,
        spots=tuple(f"spot_{number:04d}" for number in range(1, len(points) + 1)),
        counts=checked_counts(name, counts),
        coordinates=points * config.spacing,
        unit="micrometre",
        regions=tuple(REGION_NAMES[region] for region in weights.argmax(axis=1)),
    )


def _gamma(means: Floats, dispersion: float, rng: np.random.Generator) -> Floats:
    if dispersion == 0:
        return means
    return rng.gamma(1 / dispersion, dispersion, means.shape) * means
