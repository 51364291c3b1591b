from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from geneverse_pl.data import tokenization
from geneverse_pl.data.collate import IGNORED_LABEL, pack_collate, pad_collate
from geneverse_pl.data.encoded import EncodedSample, answer_start
from geneverse_pl.data.prompts import Encoder, PromptTemplate, TemplateName
from geneverse_pl.data.records import Sample
from geneverse_pl.data.tokenization import SampleEncoder
from geneverse_pl.exceptions import ConfigError

TEMPLATES: tuple[TemplateName, ...] = ("chat", "alpaca", "llama2", "vicuna", "plain")
SAMPLES = [
    Sample(
        "Has seizure?", "Yes", context="Disease: Dravet syndrome", kind="relation/x", choices=("Yes", "No")
    ),
    Sample("Has ataxia?", "No", context="Disease: Dravet syndrome", kind="relation/x", choices=("Yes", "No")),
    Sample(
        "Has seizure?", "No", context="Disease: Marfan syndrome", kind="relation/x", choices=("Yes", "No")
    ),
    Sample(
        "Phenotypes:", "tall stature; ectopia lentis", kind="list/x", gold=("tall stature", "ectopia lentis")
    ),
    Sample("Gene?", "FBN1", kind="fact/x", group="gene:2200", metadata={"subject": "OMIM:154700"}),
]


@pytest.fixture
def encoder(tiny_tokenizer: PreTrainedTokenizerFast) -> Encoder:
    return Encoder(tiny_tokenizer, PromptTemplate("plain"))


def encode(
    encoder: Encoder, samples: list[Sample], max_length: int = 512, **options: Any
) -> list[EncodedSample]:
    return list(SampleEncoder(encoder, max_length, **options).encode(samples))


@pytest.mark.parametrize("template", TEMPLATES)
def test_training_tokens_are_the_prompt_of_generation_and_the_answer(
    template: TemplateName, tiny_tokenizer: PreTrainedTokenizerFast
) -> None:
    encoder = Encoder(tiny_tokenizer, PromptTemplate(template))
    for sample, encoded in zip(SAMPLES, encode(encoder, SAMPLES), strict=True):
        prompt = encoder.prefix(sample.context) + encoder.question(sample.question, sample.context)
        answer = encoder.answer(sample.answer)
        assert encoded.input_ids.tolist() == prompt + answer
        assert encoded.trained.tolist() == [False] * len(prompt) + [True] * len(answer)
        assert answer_start(encoded) == len(prompt)
        assert encoder.decode(answer) == sample.answer
        assert encoded.prefix_length == len(encoder.prefix(sample.context))


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(
    "collate", [pad_collate, lambda samples, pad: pack_collate([samples], pad, row_length=512)]
)
def test_the_end_has_a_label_even_where_padding_equals_it(
    template: TemplateName, collate: Callable[..., dict[str, object]], tiny_tokenizer: PreTrainedTokenizerFast
) -> None:
    tiny_tokenizer.pad_token = tiny_tokenizer.eos_token
    encoder = Encoder(tiny_tokenizer, PromptTemplate(template))
    end = encoder.pad_id
    assert encoder.end_ids == [end]
    batch = collate(encode(encoder, SAMPLES[:3]), encoder.pad_id)
    ids, labels, mask = (np.asarray(batch[name]) for name in ("input_ids", "labels", "attention_mask"))
    targets = np.asarray(batch["target_ids"])
    # One end a sample; the chat template's earlier ends of turn belong to the prompt and have none.
    assert (labels == end).sum() == (targets == end).sum() == 3
    assert (ids[mask == 0] == end).all()
    assert (mask == 0).any()
    assert (labels[mask == 0] == IGNORED_LABEL).all()


def test_prefix_groups_are_contexts(encoder: Encoder) -> None:
    encoded = encode(encoder, SAMPLES)
    groups = [sample.prefix_group for sample in encoded]
    assert groups[0] == groups[1] >= 0
    assert groups[2] not in (groups[0], -1)
    assert groups[3:] == [-1, -1]  # nothing worth sharing
    first, second = (sample.input_ids[: sample.prefix_length].tolist() for sample in encoded[:2])
    assert first == second == encoder.prefix("Disease: Dravet syndrome")


def test_texts_forgotten_to_save_memory_never_mix_groups(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = [Sample("Q?", str(place), context=f"context {place // 2}") for place in range(40)]
    expected = encode(encoder, samples)
    monkeypatch.setattr(tokenization, "_CHUNK", 3)
    monkeypatch.setattr(tokenization, "_MAX_KEPT", 4)
    encoded = encode(encoder, samples)
    for one, other in zip(encoded, expected, strict=True):
        assert one.input_ids.tolist() == other.input_ids.tolist()
    contexts: dict[int, set[str]] = {}
    for sample, one in zip(samples, encoded, strict=True):
        contexts.setdefault(one.prefix_group, set()).add(sample.context)
    assert all(len(found) == 1 for found in contexts.values())
    assert len(contexts) < len(samples)


def test_training_on_prompts_learns_every_token_and_shares_none(encoder: Encoder) -> None:
    plain = encode(encoder, SAMPLES)
    encoded = encode(encoder, SAMPLES, train_on_prompt=True)
    for one, other in zip(encoded, plain, strict=True):
        assert one.input_ids.tolist() == other.input_ids.tolist()
        assert one.trained.all()
        assert one.prefix_group == -1
        assert answer_start(one) == answer_start(other) < len(one)
    batch = pad_collate(encoded, encoder.pad_id)
    # Nothing comes before a first token, so it cannot be learned.
    assert len(batch["target_ids"]) == sum(map(len, encoded)) - len(encoded)


def test_metadata_says_what_evaluation_needs(encoder: Encoder) -> None:
    encoded = encode(encoder, SAMPLES)
    assert encoded[0].metadata == {
        "kind": "relation/x",
        "group": "",
        "answer": "Yes",
        "choices": ["Yes", "No"],
    }
    assert encoded[3].metadata["gold"] == ["tall stature", "ectopia lentis"]
    assert encoded[4].metadata == {
        "kind": "fact/x",
        "group": "gene:2200",
        "answer": "FBN1",
        "subject": "OMIM:154700",
    }


def test_counts(encoder: Encoder) -> None:
    encode_samples = SampleEncoder(encoder, 512)
    encoded = list(encode_samples.encode(SAMPLES))
    assert encode_samples.counts.num_samples == 5
    assert encode_samples.counts.num_truncated == 0
    assert encode_samples.counts.num_trained == sum(int(sample.trained.sum()) for sample in encoded)
    assert encode_samples.counts.kinds == {"relation/x": 3, "list/x": 1, "fact/x": 1}


def test_a_long_prompt_loses_context_from_its_end_then_question_from_its_start(
    tiny_tokenizer: PreTrainedTokenizerFast,
) -> None:
    encoder = Encoder(tiny_tokenizer, PromptTemplate("vicuna"))
    sample = Sample("Has seizure?", "Yes", context="Disease: Dravet syndrome")
    head, tail = encoder.prefix(""), encoder.question("")
    prefix, question = encoder.prefix(sample.context), encoder.question(sample.question, sample.context)
    answer = encoder.answer("Yes")
    whole = len(prefix) + len(question) + len(answer)
    room = len(prefix) - len(head)
    for cut in range(whole - len(head) - len(tail) - len(answer)):
        encode_sample = SampleEncoder(encoder, whole - cut)
        (encoded,) = encode_sample.encode([sample])
        kept_context, lost_question = len(prefix) - min(cut, room), max(0, cut - room)
        assert encoded.input_ids.tolist() == prefix[:kept_context] + question[lost_question:] + answer
        assert encoded.trained.sum() == len(answer)
        assert encoded.prefix_length == kept_context
        # A shortened context is not the one others begin with.
        assert (encoded.prefix_group == -1) == (cut > 0)
        assert encode_sample.counts.num_truncated == (cut > 0)
    with pytest.raises(
        ConfigError, match=r"max_length must hold an answer .* and 24 tokens do not|Raise max_length"
    ):
        encode(encoder, [sample], len(head) + len(tail) + len(answer))


def test_an_answer_that_does_not_fit_is_an_error(encoder: Encoder) -> None:
    sample = Sample("Phenotypes:", "seizure; " * 20, context="Disease: X", kind="list/x")
    message = r"and 16 tokens do not hold one of kind 'list/x' \(180 characters\)\. Raise max_length\."
    with pytest.raises(ConfigError, match=message):
        encode(encoder, [sample], 16)


def test_a_sample_without_a_question_may_lose_context(encoder: Encoder) -> None:
    sample = Sample("", "Yes", context="Disease: Dravet syndrome")
    (encoded,) = encode(encoder, [sample], 6)
    assert encoded.input_ids.tolist()[-len(encoder.answer("Yes")) :] == encoder.answer("Yes")
    assert len(encoded) == 6


def test_max_length_must_be_positive(encoder: Encoder) -> None:
    with pytest.raises(ConfigError, match=r"max_length must be > 0, got 0\."):
        SampleEncoder(encoder, 0)


@given(
    context=st.text("abc xyz;\n", max_size=60),
    question=st.text("abc xyz?", min_size=1, max_size=30),
    answer=st.text("abc xyz;", min_size=1, max_size=20),
    max_length=st.integers(30, 70),
    template=st.sampled_from(("chat", "llama2", "plain")),
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_cut_the_answer_and_the_length_hold(
    context: str,
    question: str,
    answer: str,
    max_length: int,
    template: TemplateName,
    tiny_tokenizer: PreTrainedTokenizerFast,
) -> None:
    encoder = Encoder(tiny_tokenizer, PromptTemplate(template))
    expected = encoder.answer(answer)
    fixed = len(encoder.prefix("")) + len(encoder.question("")) + len(expected)
    try:
        (encoded,) = encode(encoder, [Sample(question, answer, context=context)], max_length)
    except ConfigError:
        assert fixed >= max_length
        return
    assert len(encoded) <= max_length
    assert encoded.input_ids[answer_start(encoded) :].tolist() == expected
    # A blank at the end of the template's head may have become part of the context's first token.
    prompt = str(tiny_tokenizer.decode(encoded.input_ids[: answer_start(encoded)].tolist()))
    assert prompt.startswith(encoder.parts.head.rstrip())
    assert prompt.endswith(encoder.parts.tail)
