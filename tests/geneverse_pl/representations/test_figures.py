from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geneverse_pl.evaluation.scores import Score
from geneverse_pl.representations.analysis import Analysis, AnalysisConfig
from geneverse_pl.representations.drawing import draw_all, draw_scores
from geneverse_pl.representations.figures import draw_layers, draw_panels, save_figure
from geneverse_pl.representations.items import Item
from geneverse_pl.representations.projection import Projection


def test_panels_name_the_largest_classes_and_count_the_rest() -> None:
    classes = [f"c{number % 10}" for number in range(95)] + [""] * 5
    points = np.random.default_rng(0).normal(size=(100, 2))
    projection = Projection(points, ("PC 1", "PC 2"))
    figure = draw_panels({"before": projection, "after": projection}, classes, "title")
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["before", "after"]
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    # c5 to c9 have nine members and the others ten: three of the former fit, and two are others.
    assert texts[0] == "other classes (23)"
    assert len(texts) == 9
    drawn = [np.asarray(dots.get_offsets()) for dots in figure.axes[0].collections]
    assert np.concatenate(drawn).shape == (100, 2)


def test_layers_are_lines_with_bands() -> None:
    scores = [
        Score("links/r", f"layer_{layer}", "auroc", model, 0.1 * layer, 0.0, 1.0, 9)
        for layer in (2, 0, 1)
        for model in ("tuned", "random")
    ]
    figure = draw_layers(scores, "links/r", "auroc")
    lines = {line.get_label(): line for line in figure.axes[0].lines}
    assert np.asarray(lines["tuned"].get_xdata()).tolist() == [0, 1, 2]
    assert np.asarray(lines["tuned"].get_ydata()).tolist() == pytest.approx([0.0, 0.1, 0.2])
    assert len(figure.axes[0].collections) == 2


def test_same_figure_gives_the_same_bytes_on_white(tmp_path: Path) -> None:
    projection = Projection(np.random.default_rng(0).normal(size=(9, 2)), ("a", "b"))
    for name in ("one.svg", "two.svg", "one.png"):
        save_figure(draw_panels({"all": projection}, ["x"] * 9, "title"), tmp_path / "figures" / name)
    folder = tmp_path / "figures"
    assert (folder / "one.svg").read_bytes() == (folder / "two.svg").read_bytes()
    assert Image.open(folder / "one.png").convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def test_files_of_an_analysis(tmp_path: Path, planted: tuple[list[Item], np.ndarray]) -> None:
    items, vectors = planted
    analysis = Analysis(items, [], AnalysisConfig(("family",)))
    layers = {"layer_0": vectors, "layer_1": vectors}
    paths = draw_all(analysis, {"tuned": layers, "untuned": layers}, ["pca"], tmp_path)
    assert [path.name for path in paths] == ["pca_gene_family.png"]
    scores = [
        Score("probe/gene/family", f"layer_{n}", "macro_f1", "tuned", 0.5, 0.4, 0.6, 40) for n in (0, 1)
    ]
    assert [path.name for path in draw_scores(scores, tmp_path, "svg")] == ["layers_probe_gene_family.svg"]
    assert draw_scores(scores[:1], tmp_path) == []
    assert {path.name for path in tmp_path.iterdir()} == {
        "pca_gene_family.png",
        "layers_probe_gene_family.svg",
    }
