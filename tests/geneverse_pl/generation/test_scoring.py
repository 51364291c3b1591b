"""Likelihoods of answers and choices equal those of one naive forward pass each."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from geneverse_pl.data.encoded import EncodedSample, answer_start
from geneverse_pl.data.prompts import Encoder, PromptTemplate
from geneverse_pl.data.records import Sample
from geneverse_pl.data.tokenization import SampleEncoder
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.generation import scoring
from geneverse_pl.generation.scoring import choice_ids, score_answers
from geneverse_pl.models.adapters import AdapterConfig
from geneverse_pl.models.language_model import LanguageModel, load_base

CPU = torch.device("cpu")
QUESTIONS = (
    Sample("Is it a disease?", "yes", "Gene: FBN1", choices=("yes", "no")),
    Sample("Is it a gene?", "no", "Gene: FBN1", choices=("yes", "no")),
    Sample("Which phenotypes?", "seizure; ataxia", "Gene: SCN1A"),
    Sample(
        "Inherited how?",
        "autosomal dominant",
        "Gene: SCN1A",
        choices=("autosomal dominant", "X-linked", "no"),
    ),
    Sample("Is it?", "no", choices=("no", "yes")),
)


@pytest.fixture
def encoder(tiny_tokenizer: PreTrainedTokenizerFast) -> Encoder:
    """The plain template, with "yes" and "no" as single tokens."""
    tiny_tokenizer.add_tokens([" yes", " no"])
    return Encoder(tiny_tokenizer, PromptTemplate("plain"))


@pytest.fixture
def model(tiny_model_dir: Path) -> LanguageModel:
    """The tiny Llama with room for the added tokens."""
    base = load_base(str(tiny_model_dir), dtype=torch.float32)
    torch.manual_seed(0)
    base.resize_token_embeddings(302)
    base.get_input_embeddings().weight.data.normal_(std=0.5)
    return LanguageModel(base, AdapterConfig("freeze")).eval()


def encode(encoder: Encoder, samples: Sequence[Sample] = QUESTIONS, **options: Any) -> list[EncodedSample]:
    return list(SampleEncoder(encoder, 200, **options).encode(samples))


@torch.no_grad()
def naive(model: LanguageModel, prompt: list[int], answer: list[int]) -> float:
    """Log-likelihood of an answer by the model's own forward pass over it alone."""
    ids = torch.tensor([prompt + answer])
    log_p = model.base(input_ids=ids, use_cache=False).logits[0].log_softmax(-1)
    places = range(len(prompt) - 1, len(prompt) + len(answer) - 1)
    return float(sum(log_p[place, token] for place, token in zip(places, answer, strict=True)))


def assert_naive(model: LanguageModel, samples: list[EncodedSample], encoder: Encoder) -> None:
    scores = score_answers(model, samples, encoder, CPU)
    assert len(scores) == len(samples)
    for sample, score in zip(samples, scores, strict=True):
        prompt = sample.input_ids[: answer_start(sample)].tolist()
        answer = sample.input_ids[answer_start(sample) :].tolist()
        assert score.num_tokens == len(answer)
        assert score.nll == pytest.approx(-naive(model, prompt, answer), rel=1e-5)
        expected = [naive(model, prompt, ids) for ids in choice_ids(sample, encoder)]
        assert score.choices == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("train_on_prompt", [False, True])
def test_scores_equal_naive_ones(model: LanguageModel, encoder: Encoder, train_on_prompt: bool) -> None:
    samples = encode(encoder, train_on_prompt=train_on_prompt)
    lengths = [[len(ids) for ids in choice_ids(sample, encoder)] for sample in samples]
    assert lengths[0] == [1, 1]  # of single tokens
    assert max(lengths[3]) > 1
    assert_naive(model, samples, encoder)


def test_scores_do_not_depend_on_the_other_samples(model: LanguageModel, encoder: Encoder) -> None:
    samples = encode(encoder, QUESTIONS * 30)  # several rows
    together = score_answers(model, samples, encoder, CPU)
    for number in (0, 3, 74, 148):
        alone = score_answers(model, [samples[number]], encoder, CPU)[0]
        assert together[number].nll == pytest.approx(alone.nll, rel=1e-5)
        assert together[number].choices == pytest.approx(alone.choices, rel=1e-5)
    assert score_answers(model, [], encoder, CPU) == []


def test_what_is_true_does_not_show_in_the_choices(
    model: LanguageModel, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ranking would tell roundings apart, which differ as rows do, with the length of the true answer."""
    exact = scoring._first_pass

    def rounded(*arguments: Any) -> list[scoring.AnswerScore]:
        scores = exact(*arguments)
        return [replace(s, choices=tuple(c + 1e-6 * s.num_tokens for c in s.choices)) for s in scores]

    monkeypatch.setattr(scoring, "_first_pass", rounded)
    asked = [
        Sample("Inherited how?", answer, "Gene: SCN1A", choices=("no", "autosomal dominant"))
        for answer in ("no", "autosomal dominant", "no", "autosomal dominant and more than that")
    ]
    scores = score_answers(model, encode(encoder, asked), encoder, CPU)
    assert len({score.nll for score in scores}) == 3
    assert len({score.choices for score in scores}) == 1


def test_choices_stay_what_they_were_when_the_same_is_asked_again(
    model: LanguageModel, encoder: Encoder
) -> None:
    known: dict[Any, tuple[float, ...]] = {}
    first = score_answers(model, encode(encoder)[:1], encoder, CPU, known)
    assert list(known.values()) == [first[0].choices]
    known[next(iter(known))] = (-1.0, -2.0)
    again = score_answers(model, encode(encoder)[:2], encoder, CPU, known)
    assert again[0].choices == (-1.0, -2.0)
    assert again[1].choices != (-1.0, -2.0)


def test_alike_samples_are_computed_once(
    model: LanguageModel, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = encode(encoder, [*QUESTIONS, *QUESTIONS[::-1]])
    expected = score_answers(model, samples[: len(QUESTIONS)], encoder, CPU)
    computed: list[int] = []
    original = model.hidden_states

    def counted(batch: dict[str, Any]) -> torch.Tensor:
        computed.append(int(batch["attention_mask"].sum()))
        return original(batch)

    monkeypatch.setattr(model, "hidden_states", counted)
    assert score_answers(model, samples, encoder, CPU) == [*expected, *expected[::-1]]
    both = sum(computed)
    computed.clear()
    score_answers(model, samples[: len(QUESTIONS)], encoder, CPU)
    assert both == sum(computed) > 0


def test_models_that_cannot_pack_are_scored_in_padded_batches(encoder: Encoder) -> None:
    torch.manual_seed(0)
    sizes = {"vocab_size": 302, "hidden_size": 16, "state_size": 4, "num_hidden_layers": 2}
    base = AutoModelForCausalLM.from_config(CONFIG_MAPPING["mamba"](**sizes))
    base.get_input_embeddings().weight.data.normal_(std=0.5)
    assert_naive(LanguageModel(base, AdapterConfig("freeze")).eval(), encode(encoder), encoder)


def test_samples_without_an_answer_or_choices_are_refused(model: LanguageModel, encoder: Encoder) -> None:
    ids = np.arange(5, dtype=np.int32)
    with pytest.raises(ValueError, match="must have an answer"):
        score_answers(model, [EncodedSample(ids, ids < 0)], encoder, CPU)
    sample = EncodedSample(ids, ids > 2, metadata={"choices": "yes"})
    with pytest.raises(ValueError, match="must be a list, got 'yes'"):
        choice_ids(sample, encoder)


def test_a_model_that_has_diverged_is_no_result(model: LanguageModel, encoder: Encoder) -> None:
    with torch.no_grad():
        next(model.base.parameters()).fill_(float("nan"))
    with pytest.raises(ConfigError, match="likelihoods must be numbers, and some are NaN"):
        score_answers(model, encode(encoder), encoder, CPU)
