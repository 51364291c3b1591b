"""What a run's folder tells."""

from pathlib import Path

import pytest

from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.item_file import write_items
from geneverse_pl.evaluation.run_folder import (
    check_run,
    own_bootstrap,
    read_facts,
    read_settings,
    run_name,
    scores_again,
    scoring_of,
    write_facts,
)
from geneverse_pl.evaluation.scores import Score, write_scores
from geneverse_pl.evaluation.text_report import ItemResult
from geneverse_pl.exceptions import ConfigError, DataFormatError

CONFIG = """
trainer:
  max_steps: 6
  callbacks: null
model:
  class_path: geneverse_pl.TextTask
  init_args:
    model: org/name
    adapter:
      method: lora
      target_modules: [q_proj]
    new_tokens: {}
    evaluation:
      num_resamples: 30
"""


def test_settings_have_dotted_names(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG)
    settings = read_settings(tmp_path)
    assert settings == {
        "trainer.max_steps": 6,
        "trainer.callbacks": None,
        "model.class_path": "geneverse_pl.TextTask",
        "model.model": "org/name",
        "model.adapter.method": "lora",
        "model.adapter.target_modules": ["q_proj"],
        "model.new_tokens": {},
        "model.evaluation.num_resamples": 30,
    }
    assert own_bootstrap(settings, {}) == BootstrapSettings(30)
    assert own_bootstrap({}, {}) == BootstrapSettings()
    assert own_bootstrap(settings, {"num_resamples": 40}) == BootstrapSettings(40)
    assert read_settings(tmp_path / "none") == {}
    with pytest.raises(ConfigError, match=r"num_resamples in run\.json .* got 'x'\. Give --resamples"):
        own_bootstrap({}, {"num_resamples": "x"})


def test_facts_are_added_to_those_there(tmp_path: Path) -> None:
    assert read_facts(tmp_path) == {}
    write_facts(tmp_path, {"steps": 3, "device": "cpu"})
    write_facts(tmp_path, {"steps": 4})
    assert read_facts(tmp_path) == {"steps": 4, "device": "cpu"}


@pytest.mark.parametrize(("name", "read"), [("run.json", read_facts), ("config.yaml", read_settings)])
def test_damaged_files_are_named(tmp_path: Path, name: str, read: object) -> None:
    (tmp_path / name).write_text("{[")
    with pytest.raises(DataFormatError, match=f"{name}: must be "):
        read(tmp_path)  # type: ignore[operator]


def test_folders_without_a_tested_run_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"must hold items.jsonl, '.*none' does not. There is no such folder"
    ):
        check_run(tmp_path / "none")
    with pytest.raises(ConfigError, match="Run `test` or `fit` again"):
        check_run(tmp_path)
    run = tmp_path / "version_0"
    run.mkdir()
    write_items(run, [])
    with pytest.raises(ConfigError, match=f"Did you mean {run}?"):
        check_run(tmp_path)
    assert check_run(run) == run
    assert run_name(run) == f"{tmp_path.name}/version_0"


def test_scoring_is_told_or_shown() -> None:
    text, image = ItemResult("a", {}, 1, question="q"), ItemResult("a", {}, 1, context="<image>\n")
    assert scoring_of({"scoring": "image"}, [text]) == "image"
    assert scoring_of({"scoring": "text"}, [image]) == "text"
    assert scoring_of({"scoring": None}, [text, image]) == "image"
    assert scoring_of({}, [ItemResult("a", {"image": 3}, 1)]) == "image"
    assert scoring_of({}, [text]) == "text"


@pytest.mark.parametrize(
    ("task", "metric"),
    [("retrieval/image_to_text", "recall_at_1"), ("graded/x", "score"), ("text/x", "unconfirmed")],
)
def test_what_answers_do_not_tell_is_taken_from_the_test(tmp_path: Path, task: str, metric: str) -> None:
    kept = Score(task, "held_out", metric, "tuned", 0.5, 0.4, 0.6, 9)
    old = Score("choice/x", "held_out", "accuracy", "tuned", 0.5, 0.4, 0.6, 9)
    write_scores(tmp_path / "scores.json", [old, kept])
    about = {"kind": "choice/x", "choices": ["Yes", "No"], "answer": "Yes"}
    items = [ItemResult("held_out", about, 0, choices={"tuned": [1.0, 0.0]}) for _ in range(3)]
    scores = scores_again(tmp_path, items, "image", BootstrapSettings(10))
    assert scores[-1] == kept
    assert [score.value for score in scores if score.metric == "accuracy"] == [1.0]
    assert old not in scores


def test_what_grounding_changed_is_taken_from_the_test(tmp_path: Path) -> None:
    kept = [
        Score("text/x", "held_out", metric, "tuned_grounded", 0.5, 0.4, 0.6, 9)
        for metric in ("changes", "unconfirmed")
    ]
    write_scores(tmp_path / "scores.json", kept)
    assert scores_again(tmp_path, [], "text", BootstrapSettings(10)) == kept
