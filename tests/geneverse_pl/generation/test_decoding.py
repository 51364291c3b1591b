"""Greedy answers are the model's own, whatever the batch."""

from pathlib import Path

import pytest
import torch
from transformers import PreTrainedTokenizerFast

from geneverse_pl.data.encoded import EncodedSample, answer_start
from geneverse_pl.data.prompts import Encoder, PromptTemplate
from geneverse_pl.data.records import Sample
from geneverse_pl.data.tokenization import SampleEncoder
from geneverse_pl.generation.decoding import generate_answers
from geneverse_pl.models.adapters import AdapterConfig
from geneverse_pl.models.language_model import LanguageModel, load_base

CPU = torch.device("cpu")


@pytest.fixture
def encoder(tiny_tokenizer: PreTrainedTokenizerFast) -> Encoder:
    return Encoder(tiny_tokenizer, PromptTemplate("plain"))


@pytest.fixture
def samples(encoder: Encoder) -> list[EncodedSample]:
    """Nine prompts of different lengths, in no order."""
    questions = [Sample("Which?" * (number * 5 % 9 + 1), "seizure", f"Gene {number}") for number in range(9)]
    return list(SampleEncoder(encoder, 200).encode(questions))


@pytest.fixture
def model(tiny_model_dir: Path) -> LanguageModel:
    base = load_base(str(tiny_model_dir), dtype=torch.float32)
    torch.manual_seed(0)
    for parameter in base.parameters():
        if parameter.ndim > 1:
            parameter.data.normal_(std=0.3)
    return LanguageModel(base, AdapterConfig("freeze")).eval()


@torch.no_grad()
def naive(model: LanguageModel, sample: EncodedSample, encoder: Encoder, length: int) -> str:
    """The most likely token again and again, without cache and padding."""
    ids = sample.input_ids[: answer_start(sample)].tolist()
    answer: list[int] = []
    while len(answer) < length:
        answer.append(
            int(model.base(input_ids=torch.tensor([ids + answer]), use_cache=False).logits[0, -1].argmax())
        )
        if answer[-1] == encoder.end_ids[0]:
            break
    return encoder.decode(answer)


@pytest.mark.parametrize("batch_size", [1, 4, 100])
def test_answers_equal_naive_ones(
    batch_size: int, model: LanguageModel, samples: list[EncodedSample], encoder: Encoder
) -> None:
    answers = generate_answers(model, samples, encoder, CPU, max_new_tokens=8, batch_size=batch_size)
    assert answers == [naive(model, sample, encoder, 8) for sample in samples]
    assert len(set(answers)) > 1
    assert any(answers)


def test_the_models_own_generation_settings_do_not_count(
    model: LanguageModel, samples: list[EncodedSample], encoder: Encoder
) -> None:
    expected = generate_answers(model, samples, encoder, CPU, max_new_tokens=8)
    settings = model.base.generation_config
    settings.update(
        do_sample=True, temperature=5.0, repetition_penalty=3.0, no_repeat_ngram_size=1, max_length=3
    )
    assert generate_answers(model, samples, encoder, CPU, max_new_tokens=8) == expected
    assert model.base.generation_config is settings


def test_an_answer_ends_at_the_end_token(
    model: LanguageModel, samples: list[EncodedSample], encoder: Encoder
) -> None:
    long = generate_answers(model, samples, encoder, CPU, max_new_tokens=8)
    # Make what the first answer goes on with the end token.
    start = answer_start(samples[0])
    ids = torch.tensor([samples[0].input_ids[:start].tolist()])
    with torch.no_grad():
        first = int(model.base(input_ids=ids, use_cache=False).logits[0, -1].argmax())
    encoder.__dict__["end_ids"] = [first]
    short = generate_answers(model, samples, encoder, CPU, max_new_tokens=8)
    assert short[0] == ""
    assert short != long


def test_no_sample_gives_no_answer(model: LanguageModel, encoder: Encoder) -> None:
    assert generate_answers(model, [], encoder, CPU) == []
