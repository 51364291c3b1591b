"""Simulated tissue: its form, its noise, and what was planted."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datamodules.marker_gene.random_fields import domain_weights, smooth_fields, spot_array
from datamodules.marker_gene.simulator import REGION_NAMES, Simulation, SimulatorConfig, simulate
from geneverse_pl.exceptions import ConfigError, DataFormatError


def test_sections_share_genes_and_regions_but_not_their_layout(simulation: Simulation) -> None:
    first, second = simulation.sections
    assert (first.name, second.name) == ("simulated_1", "simulated_2")
    assert first.genes == second.genes
    assert set(first.regions) == set(second.regions) == set(REGION_NAMES[:4])
    assert first.regions != second.regions
    assert first.unit == "micrometre"
    # Every region has its share of the spots.
    assert min(Counter(first.regions).values()) > 0.1 * len(first.spots)


def test_seed_decides_all(make_config: Callable[..., SimulatorConfig], simulation: Simulation) -> None:
    again, other = simulate(make_config(), 0), simulate(make_config(), 1)
    for section, same, different in zip(simulation.sections, again.sections, other.sections, strict=True):
        assert np.array_equal(section.counts.toarray(), same.counts.toarray())
        assert section.regions == same.regions
        assert section.regions != different.regions
    assert simulation.planted == again.planted


def test_planted_genes(simulation: Simulation) -> None:
    marked = Counter(len(regions) for regions in simulation.planted.values())
    assert marked[0] == 20
    assert marked[1] + marked[2] == 90
    assert marked[2] > 20
    # Regions have about equally many, and numbers tell nothing of the role.
    per_region = Counter(region for regions in simulation.planted.values() for region in regions)
    assert min(per_region.values()) > 0.7 * max(per_region.values())
    places = [place for place, regions in enumerate(simulation.planted.values()) if not regions]
    assert np.mean(places) == pytest.approx(55, abs=20)


def test_counts_vary_as_asked(make_config: Callable[..., SimulatorConfig]) -> None:
    plain = make_config(
        num_sections=1,
        rows=40,
        columns=40,
        num_marker_genes=1,
        num_background_genes=60,
        mean_count=3.0,
        level_spread=0.0,
        background_trend=0.0,
        library_spread=0.0,
        batch_spread=0.0,
        dropout=0.0,
        dispersion=0.5,
    )

    def background(config: SimulatorConfig) -> Any:
        simulation = simulate(config, 0)
        columns = [n for n, regions in enumerate(simulation.planted.values()) if not regions]
        return simulation.sections[0].counts.toarray()[:, columns]

    counts = background(plain)
    assert counts.mean() == pytest.approx(3, rel=0.05)
    assert counts.var() == pytest.approx(3 + 0.5 * 9, rel=0.1)
    assert background(replace(plain, dispersion=0.0)).var() == pytest.approx(3, rel=0.1)
    assert background(replace(plain, dropout=0.4)).mean() == pytest.approx(3 * 0.6, rel=0.05)
    libraries = background(replace(plain, library_spread=0.5)).sum(axis=1)
    assert libraries.std() / libraries.mean() > 2 * counts.sum(axis=1).std() / counts.sum() * len(counts)
    levels = background(replace(plain, batch_spread=0.5)).mean(axis=0)
    assert levels.std() > 3 * counts.mean(axis=0).std()


def test_arrays() -> None:
    rng = np.random.default_rng(0)
    for hexagonal, neighbours in ((True, 6), (False, 4)):
        points = spot_array(20, 20, hexagonal, rng)
        distances = np.linalg.norm(points[:, None] - points[None], axis=2)
        near = (distances < 1.01).sum(axis=1) - 1
        assert near.max() == neighbours
        assert distances[distances > 0].min() == pytest.approx(1)
        assert 0.5 * 400 < len(points) < 400  # an outline cuts the corners off


def test_fields_are_smooth_and_standard() -> None:
    rng = np.random.default_rng(0)
    points = np.stack([np.linspace(0, 10, 100), np.zeros(100)], axis=1)
    fields = smooth_fields(points, 500, 1.0, rng)
    assert fields.std() == pytest.approx(1, abs=0.05)
    near = (fields[:-1] * fields[1:]).mean()
    far = (fields[:-50] * fields[50:]).mean()
    assert near > 0.95
    assert abs(far) < 0.1


@pytest.mark.parametrize("mixing", [0.0, 0.3])
def test_domains_have_borders_of_the_width_asked(mixing: float) -> None:
    rng = np.random.default_rng(0)
    weights = domain_weights(spot_array(30, 30, True, rng), 5, 6.0, mixing, rng)
    assert weights.sum(axis=1) == pytest.approx(1)
    mixed = (weights.max(axis=1) < 0.9).mean()
    assert mixed < 0.02 if mixing == 0 else 0.1 < mixed < 0.9
    assert np.bincount(weights.argmax(axis=1), minlength=5).min() > 0.08 * len(weights)


def test_names_from_a_file(make_config: Callable[..., SimulatorConfig], tmp_path: Path) -> None:
    path = tmp_path / "genes.txt"
    path.write_text("".join(f"SYM{n}\n" for n in range(200)), encoding="utf-8")
    genes = simulate(make_config(gene_names=path), 0).sections[0].genes
    assert len(set(genes)) == 110
    assert all(gene.startswith("SYM") for gene in genes)
    path.write_text("A\nB\n", encoding="utf-8")
    with pytest.raises(DataFormatError, match=r"genes\.txt: must have at least 110 gene names, .* has 2"):
        simulate(make_config(gene_names=path), 0)
    path.write_text("A\nB\nA\n", encoding="utf-8")
    with pytest.raises(DataFormatError, match=r"genes\.txt: line 3 repeats the gene 'A' of line 1"):
        simulate(make_config(gene_names=path), 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_regions": 1}, r"simulator\.num_regions must be in \[2, 10\], got 1"),
        ({"num_regions": 11}, r"simulator\.num_regions must be in \[2, 10\], got 11"),
        ({"num_sections": 0}, r"simulator\.num_sections must be in \[1, inf\], got 0"),
        ({"dropout": 1.0}, r"simulator\.dropout must be in \[0, 0\.99\], got 1"),
        ({"spacing": 0.0}, r"simulator\.spacing must be > 0, got 0"),
        ({"min_log2_fold_change": 4.0}, r"simulator\.max_log2_fold_change must be in \[4\.0, inf\], got 3"),
        ({"array": "hexagon"}, r"Unknown simulator\.array 'hexagon'\. Did you mean 'hexagonal'"),
    ],
)
def test_options_out_of_range(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        SimulatorConfig(**options).check()
