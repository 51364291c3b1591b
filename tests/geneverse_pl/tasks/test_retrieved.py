"""The test loop with passages: the same questions once more, by the tuned and the untuned model."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from geneverse_pl import TextTask
from geneverse_pl.data.encoded import SampleBatch
from geneverse_pl.data.prompt_texts import prompt_text
from geneverse_pl.data.prompts import Encoder, PromptTemplate
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.retrieval import Passage, RetrievalConfig, build_index
from geneverse_pl.retrieval.block import HEADER
from geneverse_pl.tasks.evaluation_config import EvaluationConfig
from geneverse_pl.tasks.retrieved import RetrievedQuestions
from tests.geneverse_pl.conftest import GENES

Make = Callable[..., Any]
QUICK = {"max_generated": 2, "max_new_tokens": 4, "num_resamples": 20}


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """A passage of each gene of the hand-made questions."""
    passages = [Passage(f"G:{gene}", gene, f"Gene {gene} has a fact.") for gene in GENES]
    return build_index(passages, tmp_path / "index")


@pytest.fixture
def test(make_task: Make, make_data: Make, make_trainer: Make) -> Callable[..., TextTask]:
    """Tests a task on the hand-made questions; returns the task with its results."""

    def run(**evaluation: Any) -> TextTask:
        task: TextTask = make_task(task={"evaluation": EvaluationConfig(**(QUICK | evaluation))})
        make_trainer().test(task, datamodule=make_data(num_test=8), verbose=False)
        return task

    return run


def test_models_are_asked_again_with_passages(
    test: Callable[..., TextTask], index: Path, tmp_path: Path
) -> None:
    task = test(retrieval=RetrievalConfig(index, top_k=1))
    scores = json.loads((tmp_path / "run" / "scores.json").read_text())
    models = {score["model"] for score in scores}
    assert {"tuned", "untuned", "tuned_rag", "untuned_rag"} <= models
    for result in task.results:
        assert set(result.nll) == {"tuned", "untuned", "tuned_rag", "untuned_rag"}
        assert result.nll["untuned"] != result.nll["untuned_rag"]
        assert not result.context.startswith(HEADER)  # the question is kept as it was
        assert set(result.texts) in (set(), set(result.nll))
    written = [result for result in task.results if result.texts]
    assert written


def test_what_is_asked_without_passages_does_not_change(test: Callable[..., TextTask], index: Path) -> None:
    with_passages = test(retrieval=RetrievalConfig(index, top_k=1))
    without = test()
    for one, other in zip(with_passages.results, without.results, strict=True):
        assert {name: one.nll[name] for name in other.nll} == other.nll
        assert one.metadata == other.metadata
        assert one.num_tokens == other.num_tokens


def test_a_control_leaves_out_the_subject(
    make_data: Make, tiny_model_dir: Path, index: Path, tiny_tokenizer: Any
) -> None:
    data = make_data()
    data.use_model(str(tiny_model_dir))
    data.prepare_data()
    data.setup("test")
    batch = SampleBatch(data.iter_samples("held_out"))
    encoder = Encoder(data.tokenizer, PromptTemplate("plain"))
    texts = {}
    for excluded in (False, True):
        config = RetrievalConfig(index, top_k=2, exclude_subject=excluded)

        class Model:
            """As much of a model as is looked at."""

            class base:  # noqa: N801
                """Its base."""

                class config:  # noqa: N801
                    """Of a model that reads 500 tokens."""

                    @staticmethod
                    def get_text_config() -> Any:
                        return type("Text", (), {"max_position_embeddings": 500})

        asked = RetrievedQuestions.of(EvaluationConfig(retrieval=config), encoder, Model())  # type: ignore[arg-type]
        assert asked is not None
        found = asked.batch(batch)
        texts[excluded] = [prompt_text(one, encoder) for one in found]
        for one, other in zip(found, batch, strict=True):
            assert dict(one.metadata) == dict(other.metadata)
            plain = prompt_text(other, encoder)
            again = prompt_text(one, encoder)
            assert again.question == plain.question
            assert again.context.endswith(plain.context)
    names = [str(one.metadata["subject_name"]) for one in batch]
    assert all(f"] {name}:" in text.context for name, text in zip(names, texts[False], strict=True))
    assert not any(f"] {name}:" in text.context for name, text in zip(names, texts[True], strict=True))


def test_a_model_that_reads_pictures_is_refused(tiny_tokenizer: Any, index: Path) -> None:
    encoder = Encoder(tiny_tokenizer, PromptTemplate("plain"), [-1])
    evaluation = EvaluationConfig(retrieval=RetrievalConfig(index))
    with pytest.raises(ConfigError, match="must be left out for a model that reads pictures"):
        RetrievedQuestions.of(evaluation, encoder, None)  # type: ignore[arg-type]


def test_settings_are_checked() -> None:
    evaluation = EvaluationConfig(retrieval=RetrievalConfig(Path("x"), top_k=0))
    with pytest.raises(ConfigError, match="top_k must be > 0"):
        evaluation.check()
