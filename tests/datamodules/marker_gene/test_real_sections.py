"""Sections of HER2-positive breast tumours (Andersson et al. 2021): what must hold on real tissue."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from datamodules.marker_gene import MarkerGeneDataModule
from datamodules.marker_gene.markers import MARKER, NO_MARKER, MarkerThresholds, SectionMarkers, find_markers
from datamodules.rendering.spatial import SpatialRendering
from datamodules.sources.spatial import Section
from datamodules.sources.spatial_sections import SectionSource, read_sections

pytestmark = pytest.mark.real_data

# Spots of each region, by a pathologist.
REGIONS = {
    "A1": {
        "invasive cancer": 282,
        "connective tissue": 24,
        "cancer in situ": 21,
        "adipose tissue": 12,
        "undetermined": 5,
        "immune infiltrate": 2,
    },
    "B1": {
        "connective tissue": 95,
        "adipose tissue": 70,
        "invasive cancer": 63,
        "breast glands": 41,
        "undetermined": 26,
    },
    "C1": {"invasive cancer": 127, "connective tissue": 37, "undetermined": 9, "adipose tissue": 3},
    "D1": {"invasive cancer": 139, "connective tissue": 109, "undetermined": 51, "immune infiltrate": 7},
}


def section_path(name: str) -> Path:
    return Path(os.environ["GENEVERSE_REAL_DATA"]) / "spatial" / f"her2st_{name}.h5ad"


@pytest.fixture(scope="module")
def load() -> Callable[[str], Section]:
    pytest.importorskip("anndata")
    if "GENEVERSE_REAL_DATA" not in os.environ:
        pytest.skip("GENEVERSE_REAL_DATA names no folder")
    return lambda name: read_sections(SectionSource(section_path(name)))[0]


def verdict(found: SectionMarkers, gene: str, region: str) -> int:
    return int(found.verdicts[found.regions.index(region), found.genes.index(gene)])


@pytest.mark.parametrize("name", REGIONS)
def test_sections_load(load: Callable[[str], Section], name: str) -> None:
    section = load(name)
    assert section.name == f"her2st_{name}"
    assert Counter(section.regions) == REGIONS[name]
    assert len(section.genes) > 12_000
    assert "ERBB2" in section.genes
    assert section.counts.sum() > 100_000


def test_known_biology(load: Callable[[str], Section]) -> None:
    found = {name: find_markers(load(name), MarkerThresholds()) for name in REGIONS}
    for name in ("B1", "D1"):  # the tumours are HER2-positive
        assert verdict(found[name], "ERBB2", "invasive cancer") == MARKER
    for gene in ("ERBB2", "GRB7"):  # on one amplicon
        assert verdict(found["B1"], gene, "invasive cancer") == MARKER
    for gene in ("KRT15", "MGP", "LTF"):  # of normal mammary epithelium
        assert verdict(found["B1"], gene, "breast glands") == MARKER
    assert verdict(found["C1"], "COL1A1", "connective tissue") == MARKER
    for gene in ("IGKC", "IGLC2", "IGLC3"):  # plasma cells lie in the stroma around this tumour
        assert verdict(found["D1"], gene, "connective tissue") == MARKER
        assert verdict(found["D1"], gene, "invasive cancer") == NO_MARKER


@pytest.mark.parametrize("name", ["B1", "D1"])
def test_questions_are_even(load: Callable[[str], Section], name: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    load(name)
    module = MarkerGeneDataModule(
        sections=[section_path(name)],
        rendering=SpatialRendering(size=64),
        cache_dir=tmp_path,
        extra_pairs_per_region=50,
        max_genes=300,
    )
    samples = {split: list(own) for split, own in module.build_samples().items()}
    assert len(samples["train"]) > 150
    assert len(samples["held_out"]) > 20  # the extra pairs are asked in training alone
    for own in samples.values():
        rates = {
            region: np.mean([s.metadata["label"] for s in own if s.metadata["region"] == region])
            for region in {s.metadata["region"] for s in own}
        }
        assert set(rates.values()) == {0.5}
