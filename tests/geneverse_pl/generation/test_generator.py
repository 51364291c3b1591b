"""Answers do not depend on how many questions are asked at a time."""

from collections.abc import Callable, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import hypothesis
import hypothesis.strategies as st
import pytest
import torch

from geneverse_pl.data.encoded import answer_start
from geneverse_pl.data.prompts import Encoder, PromptTemplate
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.generation import engines
from geneverse_pl.generation import generator as generator_module
from geneverse_pl.generation.decoding import Completion, DecodingConfig, complete
from geneverse_pl.generation.engines import TransformersEngine
from geneverse_pl.generation.generator import Answer, Generator
from geneverse_pl.generation.prompting import PromptMaker
from geneverse_pl.generation.questions import Question
from geneverse_pl.generation.scoring import choice_ids
from tests.geneverse_pl.generation.conftest import ARCHITECTURES, random_model

Make = Callable[..., Generator]
GREEDY = DecodingConfig(max_new_tokens=6)
BEAMS = DecodingConfig(max_new_tokens=6, num_beams=3)
SAMPLED = DecodingConfig(max_new_tokens=6, temperature=0.9, top_p=0.9, seed=3)


def questions(number: int = 9) -> list[Question]:
    """Questions of very different lengths, in no order, some with a context."""
    return [
        Question("Which?" * (place * 5 % 9 + 1), context=f"Gene {place}; a record" * (place % 3))
        for place in range(number)
    ]


CASES = [(kind, GREEDY) for kind in sorted(ARCHITECTURES)] + [("gpt2", BEAMS), ("llama", SAMPLED)]


@pytest.mark.parametrize(("kind", "decoding"), CASES)
def test_the_batch_does_not_change_an_answer(
    kind: str, decoding: DecodingConfig, make_generator: Make
) -> None:
    for seed in range(2 if decoding is GREEDY else 1):
        generator = make_generator(kind, seed=seed)
        alone = generator.generate(questions(), decoding, batch_size=1)
        assert len({answer.text for answer in alone}) > (1 if kind == "mamba" else 3)
        for size in (4, 100):
            assert generator.generate(questions(), decoding, batch_size=size) == alone


@pytest.fixture(scope="module")
def kept(make_tiny_tokenizer: Callable[[], Any]) -> tuple[Generator, list[Answer]]:
    """A generator, and its answers to the questions asked one by one."""
    encoder = Encoder(make_tiny_tokenizer(), PromptTemplate("plain"))
    generator = Generator(TransformersEngine(random_model("llama"), encoder), encoder)
    return generator, generator.generate(questions(), SAMPLED, batch_size=1)


@hypothesis.settings(max_examples=5)
@hypothesis.given(order=st.permutations(range(9)), size=st.integers(1, 9), window=st.integers(1, 9))
def test_order_window_and_batch_do_not_change_an_answer(
    kept: tuple[Generator, list[Answer]], order: Sequence[int], size: int, window: int
) -> None:
    generator, alone = kept
    asked = questions()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generator_module, "WINDOW", window)
        stream = generator.stream(((i, asked[i]) for i in order), SAMPLED, batch_size=size)
        answers = [answer for batch in stream for answer in batch]
    assert sorted(answers, key=lambda answer: answer.index) == alone


def test_draws_follow_seed_and_number(make_generator: Make) -> None:
    generator = make_generator()
    same = [Question("Which phenotypes?")] * 6
    first = [answer.text for answer in generator.generate(same, SAMPLED)]
    assert len(set(first)) > 3  # a question that is asked twice is drawn for twice
    assert [answer.text for answer in generator.generate(same, SAMPLED)] == first
    other = DecodingConfig(max_new_tokens=6, temperature=0.9, top_p=0.9, seed=4)
    assert [answer.text for answer in generator.generate(same, other)] != first
    greedy = generator.generate(same, GREEDY)
    assert len({answer.text for answer in greedy}) == 1
    cold = DecodingConfig(max_new_tokens=6, temperature=1e-4)
    assert [answer.text for answer in generator.generate(same, cold)] == [a.text for a in greedy]


def test_beams_find_a_likelier_answer(make_generator: Make) -> None:
    generator = make_generator()
    engine: Any = generator.engine

    def log_likelihood(answer: Answer, question: Question, decoding: DecodingConfig) -> float:
        [prompt] = PromptMaker(generator.encoder, 256, 6).encode([question])
        [done] = engine.complete([prompt], decoding, [0])
        assert done.text == answer.text
        start = answer_start(prompt)
        ids = [*prompt.input_ids[:start].tolist(), *done.token_ids]
        logits = engine.model.base(input_ids=torch.tensor([ids])).logits[0].log_softmax(-1)
        return float(sum(logits[place - 1, ids[place]] for place in range(start, len(ids))))

    asked = questions()
    with torch.no_grad():
        greedy, beams = (
            [
                log_likelihood(answer, question, decoding)
                for answer, question in zip(generator.generate(asked, decoding), asked, strict=True)
            ]
            for decoding in (GREEDY, BEAMS)
        )
    # A beam may lose its way, but on the whole the likelier answers are found.
    assert sum(beams) > sum(greedy) + 1


def test_choices_are_taken_by_likelihood(make_generator: Make) -> None:
    generator = make_generator("llama")
    engine: Any = generator.engine
    choices = ("autosomal dominant", "X-linked", "no", "X-linked recessive")
    asked = [Question(question.question, question.context, choices=choices) for question in questions()]
    answers = generator.generate(asked)
    for answer, question in zip(answers, asked, strict=True):
        [prompt] = PromptMaker(generator.encoder, 256, 6).encode([question])
        start = answer_start(prompt)
        logs = []
        for ids in choice_ids(prompt, generator.encoder):
            whole = [*prompt.input_ids[:start].tolist(), *ids]
            with torch.no_grad():
                log_p = engine.model.base(input_ids=torch.tensor([whole])).logits[0].log_softmax(-1)
            logs.append(sum(log_p[place - 1, whole[place]] for place in range(start, len(whole))))
        expected = torch.stack(logs).softmax(0).tolist()
        assert list(answer.likelihoods) == list(choices)
        assert list(answer.likelihoods.values()) == pytest.approx(expected, rel=1e-4)
        assert answer.text == choices[expected.index(max(expected))]
        assert (answer.finish_reason, answer.num_tokens) == ("choice", 0)
    alone = generator.generate(asked, batch_size=1)
    for answer, other in zip(answers, alone, strict=True):
        assert answer.likelihoods == pytest.approx(other.likelihoods, rel=1e-5)


def test_questions_with_and_without_choices_mix(make_generator: Make) -> None:
    generator = make_generator()
    mixed = [
        Question(one.question, choices=("yes", "no")) if place % 2 else one
        for place, one in enumerate(questions())
    ]
    answers = generator.generate(mixed, GREEDY)
    plain = generator.generate(questions(), GREEDY)
    assert [answer.index for answer in answers] == list(range(9))
    assert [answer for answer in answers if not answer.likelihoods] == plain[::2]
    assert all(answer.text in ("yes", "no") for answer in answers[1::2])


def test_finish_reason_and_number_of_tokens(make_generator: Make) -> None:
    generator = make_generator()
    [cut] = generator.generate(["Which?"], DecodingConfig(max_new_tokens=5))
    assert (cut.finish_reason, cut.num_tokens) == ("length", 5)
    engine: Any = generator.engine
    [prompt] = PromptMaker(generator.encoder, 256, 6).encode([Question("Which?")])
    [done] = engine.complete([prompt], DecodingConfig(max_new_tokens=5), [0])
    ending = done.token_ids[2]
    assert ending not in done.token_ids[:2]
    generator.encoder.__dict__["end_ids"] = [ending]
    [ended] = generator.generate(["Which?"], DecodingConfig(max_new_tokens=5))
    assert (ended.finish_reason, ended.num_tokens) == ("end", 3)
    assert cut.text.startswith(ended.text)


def test_a_prompt_that_is_too_long_is_cut_and_said(
    make_generator: Make, caplog: pytest.LogCaptureFixture
) -> None:
    generator = make_generator()
    long, short = Question("Which?", context="a long record; " * 300), Question("Which?")
    [_, other] = generator.generate([long, short], GREEDY)
    assert "1 prompts were too long for the model's 256 tokens" in caplog.text
    assert other == Answer(1, *astuple(generator.generate([short], GREEDY)[0])[1:])
    maker = PromptMaker(generator.encoder, 256, 6)
    assert [answer_start(prompt) for prompt in maker.encode([long])] == [250]
    with pytest.raises(ConfigError, match="must leave room for a prompt in the model's 256 tokens, got 256"):
        generator.generate([short], DecodingConfig(max_new_tokens=256))


def test_half_of_a_batch_is_tried_when_memory_is_full(
    make_generator: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    generator = make_generator()
    expected = generator.generate(questions(), SAMPLED)
    sizes: list[int] = []

    def crowded(model: Any, prompts: Sequence[Any], *rest: Any, **options: Any) -> list[Completion]:
        sizes.append(len(prompts))
        if len(prompts) > 3:
            raise torch.OutOfMemoryError("full")
        return complete(model, prompts, *rest, **options)

    monkeypatch.setattr(engines, "complete", crowded)
    caplog.set_level("INFO")
    assert generator.generate(questions(), SAMPLED) == expected
    assert sizes[:3] == [9, 4, 2]
    assert "memory does not hold 9 prompts at a time, going on with 4" in caplog.text
    assert generator.engine.rows(10, SAMPLED) == 2

    monkeypatch.setattr(engines, "complete", lambda *_, **__: _full())
    with pytest.raises(torch.OutOfMemoryError):
        generator.generate(questions(1), GREEDY)


def _full() -> None:
    raise torch.OutOfMemoryError("full")


def test_images_need_a_model_that_reads_them(make_generator: Make, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="This model reads text alone"):
        make_generator().generate([Question("Which?", images=(tmp_path / "a.png",))])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_new_tokens": 0}, "max_new_tokens must be >= 1, got 0"),
        ({"num_beams": 0}, "num_beams must be >= 1, got 0"),
        ({"temperature": -1.0}, "temperature must be >= 0, got -1.0"),
        ({"temperature": float("nan")}, "temperature must be >= 0, got nan"),
        ({"top_p": 0.0}, r"top_p must be in \(0, 1\], got 0.0"),
        ({"top_p": 0.5}, "must come with a temperature > 0"),
        ({"num_beams": 2, "temperature": 1.0}, "Beams must not be sampled"),
    ],
)
def test_settings_out_of_range_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        DecodingConfig(**settings)


def test_a_batch_size_out_of_range_is_named(make_generator: Make) -> None:
    with pytest.raises(ConfigError, match="batch_size must be > 0, got 0"):
        make_generator().generate(["Which?"], batch_size=0)
