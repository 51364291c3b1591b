"""The test loop: what is asked, of whom, and what is written."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch

from geneverse_pl import TextTask
from geneverse_pl.evaluation.text_report import ItemResult
from geneverse_pl.exceptions import ConfigError, ModelReferenceError
from geneverse_pl.tasks.evaluation_config import EvaluationConfig

Make = Callable[..., Any]
QUICK = {"max_generated": 2, "max_new_tokens": 4, "num_resamples": 20}


def move_weights(task: TextTask) -> None:
    """Stands in for training."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in task.parameters():
            if parameter.requires_grad:
                parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))


class Train(L.Callback):
    """Moves the trained weights before the test."""

    def on_test_start(self, trainer: L.Trainer, pl_module: Any) -> None:
        move_weights(pl_module)


@pytest.fixture
def test(make_task: Make, make_data: Make, make_trainer: Make) -> Callable[..., TextTask]:
    """Tests a task on the hand-made questions; returns the task with its results."""

    def run(
        method: str = "lora",
        evaluation: dict[str, Any] | None = None,
        new_tokens: dict[str, str] | None = None,
        **batching: Any,
    ) -> TextTask:
        L.seed_everything(0)
        settings = {"evaluation": EvaluationConfig(**(QUICK | (evaluation or {}))), "new_tokens": new_tokens}
        task: TextTask = make_task(method, task=settings)
        make_trainer(callbacks=[Train()]).test(task, datamodule=make_data(**batching), verbose=False)
        return task

    return run


def by_question(task: TextTask) -> dict[tuple[str, str, str, str], ItemResult]:
    """Results by split, kind, gene and phenotype."""
    found = {
        (r.split, r.kind, str(r.metadata["subject"]), str(r.metadata["object"])): r for r in task.results
    }
    assert len(found) == len(task.results)
    return found


def test_scores_are_written_in_their_form(test: Callable[..., TextTask], tmp_path: Path) -> None:
    task = test()
    scores = json.loads((tmp_path / "run" / "scores.json").read_text())
    assert all(set(s) == {"task", "split", "metric", "model", "value", "low", "high", "n"} for s in scores)
    assert {score["model"] for score in scores} == {"tuned", "untuned"}
    assert {score["split"] for score in scores} == {"held_out", "memorised"}
    expected = {
        "relation/gene_phenotype": {"loss", "perplexity", "accuracy", "f1", "mcc", "auroc"},
        "list/gene_phenotype": {"loss", "perplexity", "gold_recall", "set_f1"},
        "fact/gene_name": {"loss", "perplexity", "exact_match"},
    }
    for name, metrics in expected.items():
        assert metrics <= {score["metric"] for score in scores if score["task"] == name}
    assert all(score["low"] <= score["value"] <= score["high"] for score in scores)
    assert [score.value for score in task.scores] == [score["value"] for score in scores]


@pytest.mark.parametrize("method", ["lora", "pissa", "qlora", "full", "head_only"])
def test_untuned_is_the_base_model_and_tuned_is_not(method: str, test: Callable[..., TextTask]) -> None:
    base = by_question(test("freeze"))
    for place, result in by_question(test(method)).items():
        tolerance = 0.02 if method == "qlora" else 1e-5
        assert result.nll["untuned"] == pytest.approx(base[place].nll["tuned"], rel=tolerance)
        assert result.nll["tuned"] != pytest.approx(result.nll["untuned"], rel=1e-4)
        if method != "qlora":
            assert result.texts.get("untuned") == base[place].texts.get("tuned")
            if result.choices:
                assert result.choices["untuned"] == pytest.approx(base[place].choices["tuned"], rel=1e-4)


def test_new_tokens_are_known_to_the_untuned_model_too(test: Callable[..., TextTask]) -> None:
    tokens = {"[MET]": "a gene of growth"}
    base = by_question(test("freeze", new_tokens=tokens))
    for place, result in by_question(test("full", new_tokens=tokens)).items():
        assert result.nll["untuned"] == pytest.approx(base[place].nll["untuned"], rel=1e-5)


def test_results_do_not_depend_on_how_training_batches_are_made(test: Callable[..., TextTask]) -> None:
    packed = by_question(test())
    padded = by_question(test(packing=False, tokens_per_batch=130))
    assert packed.keys() == padded.keys()
    for place, result in packed.items():
        assert result.nll == pytest.approx(padded[place].nll)
        assert result.texts == padded[place].texts


@pytest.mark.parametrize("most", [0, 1, 100])
def test_answers_in_words_are_capped_for_each_kind_and_split(
    most: int, test: Callable[..., TextTask]
) -> None:
    task = test(evaluation={"max_generated": most, "compare_untuned": False}, num_test=16)
    for split in ("held_out", "memorised"):
        for kind in ("list/gene_phenotype", "fact/gene_name"):
            items = [r for r in task.results if r.split == split and r.kind == kind]
            assert sum(bool(r.texts) or "tuned" in r.texts for r in items) == min(most, len(items))
    assert not any(r.texts for r in task.results if r.kind.startswith("relation"))
    assert {model for result in task.results for model in result.nll} == {"tuned"}


def test_predict_answers_every_question(make_task: Make, make_data: Make, make_trainer: Make) -> None:
    predictions = make_trainer().predict(make_task(), datamodule=make_data())
    flat = [item for of_split in predictions for batch in of_split for item in batch]
    assert len(flat) == 16
    assert all(isinstance(item["prediction"], str) and item["kind"] for item in flat)


def test_predict_gives_each_kind_its_length(
    make_task: Make, make_data: Make, make_trainer: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def say_length(model: Any, samples: Any, *_: Any, max_new_tokens: int, **__: Any) -> list[str]:
        return [str(max_new_tokens)] * len(samples)

    monkeypatch.setattr("geneverse_pl.generation.decoding.generate_answers", say_length)
    monkeypatch.setattr("geneverse_pl.tasks.text.TEXT", "fact")  # these samples have no open questions
    task = make_task(task={"evaluation": EvaluationConfig(max_new_tokens=3, max_open_tokens=7)})
    predictions = make_trainer().predict(task, datamodule=make_data())
    found = {
        (item["kind"].partition("/")[0], item["prediction"])
        for of_split in predictions
        for batch in of_split
        for item in batch
    }
    assert found == {("relation", "3"), ("list", "3"), ("fact", "7")}


def test_a_sentence_encoder_that_is_not_there_is_told_before_anything_is_asked(
    make_task: Make, make_data: Make, make_trainer: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = []
    monkeypatch.setattr(TextTask, "_ask", lambda *_: asked.append(1))
    settings = EvaluationConfig(max_generated=0, max_open=1, sentence_encoder=str(tmp_path / "none"))
    with pytest.raises(ModelReferenceError, match="none"):
        make_trainer().test(make_task(task={"evaluation": settings}), datamodule=make_data(), verbose=False)
    assert asked == []


def test_a_data_module_of_another_kind_is_refused(make_task: Make, make_trainer: Make) -> None:
    class Other(L.LightningDataModule):
        provided_fields = frozenset({"input_ids", "labels"})

        def train_dataloader(self) -> list[int]:
            return [1]

    with pytest.raises(
        ConfigError, match="Other does not provide position_ids, target_ids, target_positions"
    ):
        make_trainer(max_steps=1).fit(make_task(), datamodule=Other())
    Other.provided_fields |= TextTask.required_fields
    with pytest.raises(ConfigError, match="needs a TextDataModule, got Other"):
        make_trainer(max_steps=1).fit(make_task(), datamodule=Other())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"loss_chunk_size": 0}, "loss_chunk_size must be > 0, got 0"),
        ({"evaluation": EvaluationConfig(max_generated=-1)}, "evaluation.max_generated must be >= 0, got -1"),
        ({"evaluation": EvaluationConfig(max_open=-1)}, "evaluation.max_open must be >= 0, got -1"),
        (
            {"evaluation": EvaluationConfig(max_open_tokens=0)},
            "evaluation.max_open_tokens must be > 0, got 0",
        ),
        ({"evaluation": EvaluationConfig(max_new_tokens=0)}, "evaluation.max_new_tokens must be > 0, got 0"),
        ({"method": "lorra"}, "Unknown adapter 'lorra'. Did you mean 'lora'?"),
        ({"rank": 0}, "adapter.rank must be > 0, got 0"),
        ({"alpha": -1.0}, "adapter.alpha must be > 0"),
        ({"dropout": 1.0}, r"adapter.dropout must be in \[0, 1\), got 1.0"),
        ({"lora_plus_ratio": 0.5}, "adapter.lora_plus_ratio must be >= 1"),
        ({"oft_block_size": 0}, "adapter.oft_block_size must be > 0"),
    ],
)
def test_settings_are_checked_before_anything_is_loaded(
    settings: dict[str, Any], message: str, make_task: Make
) -> None:
    task = {name: settings[name] for name in settings.keys() & {"loss_chunk_size", "evaluation"}}
    adapter = {name: value for name, value in settings.items() if name not in task}
    with pytest.raises(ConfigError, match=message):
        make_task(task={**task, "model": "no/such-model"}, **adapter)


def test_an_adapter_that_does_not_fit_the_model_is_refused(
    make_task: Make, make_data: Make, make_trainer: Make
) -> None:
    with pytest.raises(ConfigError, match="adapter 'lora' does not fit this model: .*q_prj"):
        make_trainer(max_steps=1).fit(make_task(target_modules=["q_prj"]), datamodule=make_data())
