"""Pictures of sections: colours where they belong, the same bytes for the same input, and quickly."""

import io
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import sparse

from datamodules.rendering.spatial import (
    REGION_COLOURS,
    SectionCanvas,
    SpatialRendering,
    colour_table,
    region_colours,
)
from datamodules.sources.spatial import Section, TissueImage
from geneverse_pl.exceptions import ConfigError

pytest.importorskip("matplotlib")


def grid(side: int, spacing: float = 100.0) -> Section:
    """A square array; the left half is stroma, the right half tumour, the last spot unlabelled."""
    row, column = (part.ravel() for part in np.mgrid[:side, :side])
    regions = ["stroma" if x < side / 2 else "tumour" for x in column]
    return Section(
        name="s",
        genes=("A",),
        spots=tuple(map(str, range(side**2))),
        counts=sparse.csr_array((side**2, 1), dtype=np.float32),
        coordinates=np.stack([column, row], axis=1) * spacing,
        unit="micrometre",
        regions=(*regions[:-1], ""),
    )


def pixels(canvas: SectionCanvas, expression: NDArray[Any]) -> NDArray[np.uint8]:
    return np.asarray(canvas.draw(expression))


def test_low_and_high_expression_have_the_ends_of_the_colour_map() -> None:
    canvas = SectionCanvas(grid(4), SpatialRendering(size=64, percentile=100, margin=0, spot_shape="square"))
    expression = np.zeros(16)
    expression[0] = 2.0
    expression[5] = 1.0
    picture = pixels(canvas, expression)
    table = colour_table("viridis").round()
    assert picture.shape == (64, 64, 3)
    # A spot has 16 pixels; its middle is fully covered.
    assert picture[8, 8].tolist() == table[255].tolist()
    assert picture[24, 24].tolist() == table[128].tolist()
    assert picture[40, 40].tolist() == table[0].tolist()


def test_coordinates_run_right_and_down() -> None:
    canvas = SectionCanvas(grid(4), SpatialRendering(size=64, margin=0))
    expression = np.zeros(16)
    expression[3] = 1.0  # the last spot of the first row
    picture = pixels(canvas, expression)
    assert picture[8, 56].tolist() == colour_table("viridis")[255].round().tolist()


def test_a_square_covers_its_exact_share_of_the_pixels() -> None:
    section = grid(2, spacing=1.0)
    options = SpatialRendering(size=20, margin=0, spot_shape="square", spot_size=0.5, background="black")
    picture = pixels(SectionCanvas(section, options), np.array([1.0, 0, 0, 0])).astype(float)
    # 1.5 spacings fill 20 pixels, so that a spot's side is 20 / 3 pixels.
    brightness = picture[:10, :10].sum(axis=(0, 1))
    assert brightness == pytest.approx(colour_table("viridis")[255] * (20 / 3) ** 2, rel=0.01)


def test_discs_have_the_right_area_and_soft_edges() -> None:
    section = grid(2)
    options = SpatialRendering(size=120, margin=0.1, spot_size=0.8, background="white")
    canvas = SectionCanvas(section, options)
    covered = 1 - canvas.draw(np.ones(4)).convert("L").histogram()[255] / 120**2
    # The room of 96 pixels holds 1.8 spacings.
    radius = 0.4 * 96 / 1.8
    assert covered == pytest.approx(4 * np.pi * radius**2 / 120**2, rel=0.1)
    assert len(np.unique(pixels(canvas, np.ones(4)).reshape(-1, 3), axis=0)) > 10


def test_single_bright_spots_do_not_take_the_range() -> None:
    section = grid(20)
    expression = np.random.default_rng(0).uniform(1, 2, 400)
    expression[7] = 1000.0
    colours = {
        percentile: np.unique(pixels(SectionCanvas(section, options), expression).reshape(-1, 3), axis=0)
        for percentile in (99, 100)
        for options in [SpatialRendering(size=64, percentile=percentile, spot_shape="square", spot_size=1.0)]
    }
    assert len(colours[99]) > 10 * len(colours[100])


def test_a_gene_in_very_few_spots_is_seen() -> None:
    canvas = SectionCanvas(grid(20), SpatialRendering(size=64, percentile=95))
    expression = np.zeros(400)
    expression[210] = 3.0
    assert not np.array_equal(pixels(canvas, expression), pixels(canvas, np.zeros(400)))


@pytest.mark.parametrize("value", [0.0, 5.0])
def test_a_gene_alike_everywhere_has_one_colour(value: float) -> None:
    picture = pixels(
        SectionCanvas(grid(4), SpatialRendering(size=64, background="black")), np.full(16, value)
    )
    assert (picture <= colour_table("viridis")[0].round()).all()


def test_the_map_of_regions_stands_on_the_right() -> None:
    section = grid(4)
    options = SpatialRendering(size=64, margin=0, region_map=True)
    legend = region_colours(section.regions)
    assert legend == {"stroma": "red", "tumour": "blue"}
    canvas = SectionCanvas(section, options, legend)
    picture = pixels(canvas, np.arange(16.0))
    assert picture.shape == (64, 128, 3)
    assert picture[8, 64 + 8].tolist() == list(REGION_COLOURS["red"])
    assert picture[8, 64 + 56].tolist() == list(REGION_COLOURS["blue"])
    assert len(set(picture[56, 64 + 56].tolist())) == 1  # unlabelled: grey
    # The map is the same for all genes.
    assert np.array_equal(pixels(canvas, np.zeros(16))[:, 64:], picture[:, 64:])


def test_too_many_regions_for_the_colours() -> None:
    with pytest.raises(ConfigError, match=r"at most 12 regions, to name their colours, got 13\. Set"):
        region_colours(f"region {number}" for number in range(13))


def test_spots_lie_over_the_tissue_at_its_scale(tmp_path: Path) -> None:
    # A picture with one dark pixel where spot 5, at (100, 100), lies: 0.1 pixels a unit.
    tissue = np.full((40, 40, 3), 255, dtype=np.uint8)
    tissue[9:12, 9:12] = 0
    Image.fromarray(tissue).save(tmp_path / "t.png")
    section = replace(grid(4), image=TissueImage(tmp_path / "t.png", 0.1))
    plain = SpatialRendering(size=64, margin=0, spot_size=0.2, show_tissue=True, tissue_opacity=0.01)
    picture = np.asarray(SectionCanvas(section, plain).draw(np.zeros(16)).convert("L"))
    dark = np.argwhere(picture < 60)
    # Three spacings and a spot's width fill 64 pixels: spot 5 lies 1.1 of 3.2 from the edge.
    assert dark.mean(axis=0) == pytest.approx([64 * 1.1 / 3.2 - 0.5] * 2, abs=1)
    half = replace(plain, tissue_opacity=0.5, spot_shape="square", spot_size=1.0, background="black")
    over = pixels(SectionCanvas(section, half), np.zeros(16))
    assert over[8, 8].tolist() == pytest.approx(((colour_table("viridis")[0] + 255) / 2).tolist(), abs=1)
    # A section without a picture is drawn on the background, its spots opaque.
    bare = pixels(SectionCanvas(replace(section, image=None), half), np.zeros(16))
    assert bare[8, 8].tolist() == colour_table("viridis")[0].round().tolist()


def test_equal_input_gives_equal_bytes() -> None:
    expression = np.random.default_rng(0).gamma(1, 1, 400)
    options = SpatialRendering(region_map=True)
    first, second = (SectionCanvas(grid(20), options).png(expression) for _ in range(2))
    assert first == second
    with Image.open(io.BytesIO(first)) as image:
        assert (image.format, image.size, image.mode) == ("PNG", (256, 128), "RGB")


def test_spots_smaller_than_pixels_leave_no_gaps() -> None:
    picture = pixels(SectionCanvas(grid(300), SpatialRendering(size=64, margin=0.1)), np.ones(90_000))
    inner = picture[10:-10, 10:-10].reshape(-1, 3)
    assert len(np.unique(inner, axis=0)) == 1


def test_one_spot_and_spots_on_one_place() -> None:
    section = grid(1)
    assert pixels(SectionCanvas(section, SpatialRendering(size=32)), np.ones(1)).shape == (32, 32, 3)
    twice = replace(grid(2), coordinates=np.zeros((4, 2)))
    assert pixels(SectionCanvas(twice, SpatialRendering(size=32)), np.ones(4)).shape == (32, 32, 3)


def test_a_picture_takes_milliseconds() -> None:
    canvas = SectionCanvas(grid(32), SpatialRendering(size=224))
    expression = np.random.default_rng(0).gamma(1, 1, 1024)
    canvas.png(expression)
    times = []
    for _ in range(10):
        start = time.perf_counter()
        canvas.png(expression)
        times.append(time.perf_counter() - start)
    # About 3 ms; the bound leaves room for a busy machine.
    assert min(times) < 0.03


def test_one_value_a_spot() -> None:
    with pytest.raises(ValueError, match="a value for each of 16 spots, got 3"):
        SectionCanvas(grid(4), SpatialRendering()).draw(np.ones(3))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 8}, r"rendering\.size must be in \[16, 4096\], got 8"),
        ({"spot_size": 0}, r"rendering\.spot_size must be in \(0, 3\], got 0"),
        ({"percentile": 50}, r"rendering\.percentile must be in \(50, 100\], got 50"),
        ({"margin": 0.5}, r"rendering\.margin must be in \[0, 0\.4\], got 0\.5"),
        ({"tissue_opacity": 0}, r"rendering\.tissue_opacity must be in \(0, 1\], got 0"),
        ({"spot_shape": "disk"}, "Unknown spot_shape 'disk'. Did you mean 'disc'"),
        ({"background": "whit"}, "Unknown background 'whit'. Did you mean 'white'"),
        ({"colour_map": "virids"}, "Unknown colour map 'virids'. Did you mean 'viridis'"),
    ],
)
def test_options_out_of_range(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        SectionCanvas(grid(4), SpatialRendering(**options))


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ConfigError, match=r'needs matplotlib.* pip install "geneverse_pl\[spatial\]"'):
        colour_table("viridis")
