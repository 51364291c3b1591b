"""From samples to pairs of a picture and a caption."""

import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from geneverse_pl import VisionConfig
from geneverse_pl.data.encoded import IMAGE_TOKEN, EncodedSample
from geneverse_pl.data.pairs import PairEncoder, Pairing, PairsConfig, PairTable, caption_of
from geneverse_pl.data.records import Sample
from geneverse_pl.exceptions import ConfigError, DataFormatError
from geneverse_pl.models.caption_tokenizer import CaptionTokenizer

A, B = Path("a.png"), Path("b.png")
TOKENIZER = CaptionTokenizer(VisionConfig("timm:test_vit", "random"), 8)


def sample(answer: str = "red", image: Path = A, **settings: Any) -> Sample:
    given: dict[str, Any] = {"context": "<image>\nA plain picture.", "kind": "text/colour", **settings}
    return Sample("Which  colour?", answer, images=(image,), **given)


def encoder(**settings: Any) -> PairEncoder:
    numbers: dict[Path, int] = {}
    return PairEncoder(
        Pairing(PairsConfig(**settings), TOKENIZER), lambda path: numbers.setdefault(path, len(numbers))
    )


def about(pair: EncodedSample, *names: str) -> list[object]:
    return [pair.metadata[name] for name in names]


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("answer", "red"),
        ("question_and_answer", "Which colour? red"),
        ("context_and_answer", "A plain picture. red"),
    ],
)
def test_captions(caption: Any, expected: str) -> None:
    assert caption_of(sample(), "red", caption) == expected
    [pair] = encoder(caption=caption).encode([sample()])
    assert pair.metadata["caption"] == expected


def test_a_pair_holds_picture_and_tokens() -> None:
    [pair] = encoder().encode([sample(group="g", metadata={"gene": "APOC1"})])
    tokens = [int(token) for token in TOKENIZER(["red"])[0] if token]
    assert pair.input_ids.tolist() == [IMAGE_TOKEN, *tokens]
    assert pair.images.tolist() == [0]
    assert not pair.trained.any()
    assert about(pair, "kind", "group", "answer", "gene") == ["text/colour", "g", "red", "APOC1"]
    assert "choice_captions" not in pair.metadata


def test_equal_captions_have_one_number_over_all_splits() -> None:
    pairs = encoder()
    train = list(pairs.encode([sample(), sample("blue", B), sample("red", B)]))
    held_out = list(pairs.encode([sample("blue", A), sample("green", A)]))
    assert [pair.metadata["text_id"] for pair in train + held_out] == [0, 1, 0, 1, 2]
    assert pairs.known_pairs() == {"image_ids": [0, 0, 0, 1, 1], "text_ids": [0, 1, 2, 0, 1]}


def test_closed_questions_get_a_caption_for_each_choice() -> None:
    closed = sample("Yes", choices=("Yes", "No"), kind="choice/colour")
    [pair] = encoder(caption="question_and_answer").encode([closed])
    assert pair.metadata["choice_captions"] == ["Which colour? Yes", "Which colour? No"]
    [pair] = encoder().encode([sample(choices=("red", "blue"))])
    assert pair.metadata["choice_captions"] == ["red", "blue"]


def test_samples_without_one_picture_or_of_other_kinds_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    pairs = encoder(kinds=["text/colour"])
    two = Sample("Which?", "red", context="<image> <image>", images=(A, B), kind="text/colour")
    samples = [sample(), two, Sample("Which?", "red", kind="text/colour"), sample(kind="text/other")]
    with caplog.at_level(logging.INFO, "geneverse_pl"):
        assert len(list(pairs.encode(samples))) == 1
    assert pairs.counts.kinds == {"text/colour": 1}
    assert "1 samples make pairs; left out: text/colour (2), text/other (1)" in caplog.text


def test_captions_that_are_too_long_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    pairs = encoder()
    assert len(list(pairs.encode([sample("red " * 6), sample("red " * 7)]))) == 2
    assert pairs.counts.num_truncated == 1
    assert "1 captions are longer than the 8 tokens that the model reads; their ends are cut" in caplog.text


def test_yes_and_no_are_no_captions() -> None:
    with pytest.raises(ConfigError, match=r"'Yes' to 'Which  colour\?' .* Set pairs.caption to question_and"):
        list(encoder().encode([sample("Yes", choices=("Yes", "No"))]))


def test_an_empty_caption_names_its_place() -> None:
    empty = sample(" ", metadata={"file": "some.csv", "row": 7})
    with pytest.raises(DataFormatError, match=r"some.csv: line 7 must give a caption, and the answer of"):
        list(encoder().encode([empty]))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"caption": "text"}, "Unknown pairs.caption 'text'"),
        ({"batch_size": 1}, "pairs.batch_size must be > 1, got 1"),
        ({"kinds": []}, "pairs.kinds must name a kind"),
    ],
)
def test_settings_out_of_range(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        PairsConfig(**settings).check()


@given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1))
def test_matches_are_the_known_pairs(known: set[tuple[int, int]]) -> None:
    images, texts = torch.tensor(sorted(known)).T
    table = PairTable(images, texts)
    ids = torch.arange(int(max(images.max(), texts.max())) + 1)
    asked = ids[ids <= texts.max()]
    expected = [[(int(i), int(t)) in known for t in asked] for i in ids]
    assert table.matches(ids, asked).tolist() == expected
