"""The overlays with passages fit a tiny model on tiny data, over an index of the same tiny files."""

import json
from pathlib import Path

import pytest

from geneverse_pl.cli import main
from tests.datamodules.test_configs import CONFIGS, tiny, tiny_data


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as the docs say, from a folder of source files."""
    from tests.datamodules.conftest import write_tiny_hpo

    folder = tmp_path_factory.mktemp("retrieval")
    sources = write_tiny_hpo(folder / "hpo")
    maker = "datamodules.corpus.passages.corpus_passages"
    out = folder / "index"
    assert main(["index", "--maker", maker, "--source", str(sources), "--out", str(out)]) == 0
    return out


# That the other depths parse is tested with all overlays.
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("retrieval_k1", marks=pytest.mark.slow),
        "retrieval_k2",
        pytest.param("retrieval_k5", marks=pytest.mark.slow),
        "retrieval_training",
    ],
)
def test_overlay_fits_a_tiny_model(
    name: str,
    index: Path,
    tiny_model_dir: Path,
    tiny_hpo_folder: Path,
    tiny_gene_folder: Path,
    tmp_path: Path,
) -> None:
    quickstart = CONFIGS / "quickstart.yaml"
    arguments = tiny(
        quickstart, tiny_model_dir, tiny_data(quickstart, tiny_hpo_folder, tiny_gene_folder), tmp_path
    )
    place = arguments.index("--config") + 2
    overlay = ["--config", str(CONFIGS / "overlays" / f"{name}.yaml")]
    arguments = [*arguments[:place], *overlay, *arguments[place:]]
    arguments += ["--model.init_args.evaluation.retrieval.index", str(index)]
    if name == "retrieval_training":
        arguments += ["--data.init_args.encoding.retrieval.index", str(index)]
    assert main(arguments) == 0
    run = tmp_path / "run" / "version_0"
    scores = json.loads((run / "scores.json").read_text())
    of_model = {
        model: {
            (score["split"], score["metric"]): score["value"] for score in scores if score["model"] == model
        }
        for model in ("untuned", "untuned_rag", "tuned_rag")
    }
    assert of_model["untuned_rag"].keys() == of_model["untuned"].keys() == of_model["tuned_rag"].keys()
    assert of_model["untuned_rag"]["held_out", "loss"] != of_model["untuned"]["held_out", "loss"]
