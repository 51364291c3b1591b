"""A baseline and a judge of ``transformers serve``, with a random model of two layers, end to end."""

import json
from pathlib import Path

import pytest

from geneverse_pl.cli import main
from geneverse_pl.evaluation.item_file import read_items, write_items
from geneverse_pl.evaluation.scores import read_scores
from tests.geneverse_pl.baselines.conftest import run_items
from tests.transformers_site import serve_model


@pytest.mark.slow
def test_a_model_of_transformers_is_baseline_and_judge(
    tiny_model_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    write_items(tmp_path, run_items(3))
    with serve_model(tiny_model_dir, tmp_path / "log") as url:
        more = ["--url", url, "--model", str(tiny_model_dir), "--max_tokens", "5", "--num_resamples", "20"]
        assert main(["baseline", str(tmp_path), *more, "--name", "tiny"]) == 0
        # The judge's task may be longer than the window of 512 tokens: the server answers, or one line does.
        judged = main(["judge", str(tmp_path), *more])
    assert judged in (0, 2)
    if judged == 0:
        [report] = tmp_path.glob("judges/*/usage.json")
        told = json.loads(report.read_text())
        assert 0 < told["num_answers"] <= told["num_judged"]
        assert told["num_unparsable"] > 0
    folder = tmp_path / "baselines" / "tiny"
    items = read_items(folder)
    assert len(items) == 12
    assert all(item.texts["tiny"] is not None for item in items)
    used = json.loads((folder / "usage.json").read_text())
    assert (used["num_answers"], used["num_failed"]) == (12, 0)
    assert used["prompt_tokens"] > 12 * 10
    assert 0 < used["completion_tokens"] <= 12 * 5
    [unparsable] = [
        score
        for score in read_scores(folder / "scores.json")
        if score.metric == "unparsable" and score.task.startswith("relation")
    ]
    assert (unparsable.model, unparsable.n) == ("tiny", 3)
