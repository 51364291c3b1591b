"""Markers are found where they were planted, and what is neither is left out."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datamodules.marker_gene.markers import (
    AMBIGUOUS,
    MARKER,
    NO_MARKER,
    MarkerThresholds,
    SectionMarkers,
    find_markers,
    kept_regions,
    markers_from_table,
    normalised_expression,
    read_marker_table,
)
from datamodules.marker_gene.simulator import Simulation, SimulatorConfig, simulate
from geneverse_pl.exceptions import ConfigError, DataFormatError


def pairs(found: SectionMarkers, verdict: int) -> set[tuple[str, str]]:
    return {
        (found.genes[column], found.regions[row])
        for row, column in zip(*np.nonzero(found.verdicts == verdict), strict=True)
    }


@pytest.mark.parametrize("seed", [0, 1])
def test_planted_markers_are_found(make_config: Callable[..., SimulatorConfig], seed: int) -> None:
    # Without second regions, which hide the first, and trends, which make real differences elsewhere.
    quiet = make_config(two_region_fraction=0.0, background_trend=0.1, marker_trend=0.1)
    simulation = simulate(quiet, seed)
    planted = {(gene, region) for gene, regions in simulation.planted.items() for region in regions}
    for section in simulation.sections:
        found = find_markers(section, MarkerThresholds())
        markers, others = pairs(found, MARKER), pairs(found, NO_MARKER)
        assert len(markers & planted) / len(markers) > 0.95
        assert len(markers & planted) / len(planted) > 0.95
        assert not others & planted
        assert len(others) > 0.75 * (len(found.genes) * 4 - len(planted))
        assert set(found.markers()) == markers


def test_default_tissue_is_recovered_too() -> None:
    simulation = simulate(SimulatorConfig(num_sections=1), 1)
    planted = {(gene, region) for gene, regions in simulation.planted.items() for region in regions}
    markers = pairs(find_markers(simulation.sections[0], MarkerThresholds()), MARKER)
    assert len(markers & planted) / len(markers) > 0.9
    assert len(markers & planted) / len(planted) > 0.7


def test_verdicts_follow_the_thresholds(simulation: Simulation) -> None:
    thresholds = MarkerThresholds(min_auroc=0.8, min_log2_fold_change=1.5, min_detection=0.6)
    found = find_markers(simulation.sections[0], thresholds)
    about = found.statistics
    is_marker, is_other = found.verdicts == MARKER, found.verdicts == NO_MARKER
    assert is_marker.any()
    assert (found.verdicts == AMBIGUOUS).any()
    assert about["auroc"][is_marker].min() >= 0.8
    assert about["log2_fold_change"][is_marker].min() >= 1.5
    assert about["detection"][is_marker].min() >= 0.6
    assert about["adjusted_p"][is_marker].max() <= 0.05
    assert about["auroc"][is_other].max() <= 0.52
    assert about["log2_fold_change"][is_other].max() <= 0.1


def test_normalised_to_one_library_size(simulation: Simulation) -> None:
    section = simulation.sections[0]
    totals = np.expm1(normalised_expression(section).toarray().astype(np.float64)).sum(axis=1)
    assert totals == pytest.approx(np.median(section.counts.sum(axis=1)), rel=1e-4)
    totals = np.expm1(normalised_expression(section, 10_000).toarray().astype(np.float64)).sum(axis=1)
    assert totals == pytest.approx(10_000, rel=1e-4)


def test_empty_spots_stay_empty(simulation: Simulation) -> None:
    section = simulation.sections[0]
    counts = section.counts.tolil()
    counts[3] = 0
    values = normalised_expression(replace(section, counts=counts.tocsr())).toarray()
    assert np.isfinite(values).all()
    assert values[3].sum() == 0


def test_small_ignored_and_unlabelled_regions_take_no_part(simulation: Simulation) -> None:
    section = simulation.sections[0]
    names = sorted(set(section.regions))
    rare = ["rare"] * 5 + list(section.regions[5:])
    named = {names[0]: "undetermined", names[1]: ""}
    changed = replace(section, regions=tuple(named.get(region, region) for region in rare))
    found = find_markers(changed, MarkerThresholds())
    assert found.regions == tuple(names[2:])
    # The spots left out are not among the rest either.
    rows = [row for row, region in enumerate(changed.regions) if region in found.regions]
    alone = replace(
        section,
        spots=tuple(section.spots[row] for row in rows),
        counts=section.counts[rows],
        coordinates=section.coordinates[rows],
        regions=tuple(changed.regions[row] for row in rows),
    )
    size = float(np.median(section.counts.sum(axis=1)))
    expected = find_markers(alone, MarkerThresholds(library_size=size))
    assert expected.genes == found.genes
    assert np.allclose(expected.statistics["auroc"], found.statistics["auroc"])
    assert np.array_equal(expected.verdicts, found.verdicts)


def test_one_region_is_not_enough(simulation: Simulation) -> None:
    section = simulation.sections[0]
    alone = replace(section, regions=("stroma",) * len(section.spots))
    with pytest.raises(ConfigError, match=r"'simulated_1' must have two regions or more .* has: stroma \("):
        kept_regions(alone, MarkerThresholds())
    unlabelled = replace(section, regions=("",) * len(section.spots))
    with pytest.raises(ConfigError, match="it has: none"):
        kept_regions(unlabelled, MarkerThresholds())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_adjusted_p": 2}, r"thresholds\.max_adjusted_p must be in \[0, 1\], got 2"),
        ({"min_auroc": 0.4}, r"thresholds\.min_auroc must be in \[0\.5, 1\], got 0\.4"),
        ({"min_gene_spots": 0}, r"thresholds\.min_gene_spots must be >= 1, got 0"),
        ({"min_region_spots": 1}, r"thresholds\.min_region_spots must be >= 2, got 1"),
        ({"library_size": 0.0}, r"thresholds\.library_size must be > 0, got 0"),
        ({"max_other_auroc": 0.7}, r"max_other_auroc must be below thresholds\.min_auroc, got 0\.7 and 0\.6"),
        ({"max_other_log2_fold_change": 0.5}, "max_other_log2_fold_change must be below"),
    ],
)
def test_thresholds_out_of_range(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        MarkerThresholds(**options).check()


@pytest.fixture
def write_table(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "markers.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_given_markers(write_table: Callable[[str], Path], simulation: Simulation) -> None:
    section = simulation.sections[0]
    first, second = kept_regions(section, MarkerThresholds())[:2]
    text = f"region,gene,is_marker\n{first},GENE0001,yes\n{second},GENE0001,0\n{first},OTHER,1\n"
    table = read_marker_table(write_table(text))
    found = markers_from_table(section, MarkerThresholds(), table)
    assert found.genes == ("GENE0001",)
    assert pairs(found, MARKER) == {("GENE0001", first)}
    assert pairs(found, NO_MARKER) == {("GENE0001", second)}
    assert len(pairs(found, AMBIGUOUS)) == 2
    with pytest.raises(ConfigError, match="must name genes and regions of section 'simulated_1', and names"):
        markers_from_table(section, MarkerThresholds(), {("OTHER", first): True})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gene,region\nA,B\n", "line 1 must be a header with the column 'is_marker'"),
        ("gene,region,is_marker\nA,B,maybe\n", "line 2 has is_marker 'maybe', expected yes or no"),
        ("gene,region,is_marker\nA,,1\n", "line 2 lacks a gene or a region"),
        ("gene,region,is_marker\nA,B,1\nA,B,0\n", "line 3 repeats A and B"),
        ("gene,region,is_marker\nA,B\n", "line 2 has 2 cells, expected 3"),
    ],
)
def test_faults_of_the_table(write_table: Callable[[str], Path], text: str, message: str) -> None:
    with pytest.raises(DataFormatError, match=message):
        read_marker_table(write_table(text))
