"""Rephrasings read back from their file and added to training samples."""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from geneverse_pl.data.records import Sample
from geneverse_pl.data.rephrasings import (
    Rephrasing,
    RephrasingsConfig,
    add_rephrasings,
    is_original,
    read_rephrasings,
    sample_key,
)
from geneverse_pl.exceptions import ConfigError, DataFormatError

SAMPLES = [
    Sample(f"What is gene {n}?", f"Gene {n} acts.", kind="text/x", metadata={"subject": n, "spans": [1, 2]})
    for n in range(40)
]
Write = Callable[..., Path]


def texts(sample: Sample, number: int) -> list[Rephrasing]:
    return [
        Rephrasing(
            sample_key(sample), "answer", f"{sample.answer} ({draw})", "rephrased", "tiny", "p/1", draw
        )
        for draw in range(number)
    ]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def build(samples: list[Sample], number: int = 1) -> Path:
        path = tmp_path / "texts.jsonl"
        lines = [one.to_line() for sample in samples for one in texts(sample, number)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return build


def test_a_line_can_be_written_whatever_its_text() -> None:
    line = replace(texts(SAMPLES[0], 1)[0], text="\u00e9 \ud83d").to_line()
    assert json.loads(line.encode())["text"] == "\u00e9 \ud83d"


def test_a_rephrasing_keeps_the_original_and_tells_who_wrote_it(write: Write) -> None:
    config = RephrasingsConfig(write(SAMPLES[:1]))
    first, second, *others = add_rephrasings(SAMPLES, config, 0, dropped=["spans"])
    assert first is SAMPLES[0]
    assert others == SAMPLES[1:]
    metadata = {
        "subject": 0,
        "source": "rephrased",
        "rephrased_by": {"model": "tiny", "prompt": "p/1", "draw": 0},
        "original": {"answer": "Gene 0 acts."},
    }
    assert second == replace(first, answer="Gene 0 acts. (0)", metadata=metadata)
    assert (is_original(first), is_original(second)) == (True, False)


def test_a_question_can_be_worded_anew() -> None:
    one = Rephrasing(sample_key(SAMPLES[0]), "question", "Say what gene 0 is.", "rephrased", "m", "p/1")
    sample = one.apply(SAMPLES[0])
    assert (sample.question, sample.answer) == ("Say what gene 0 is.", "Gene 0 acts.")
    assert sample.metadata["original"] == {"question": "What is gene 0?"}


def test_the_originals_can_be_left_out(write: Write) -> None:
    config = RephrasingsConfig(write(SAMPLES[:1]), keep_originals=False)
    answers = [sample.answer for sample in add_rephrasings(SAMPLES[:2], config, 0)]
    assert answers == ["Gene 0 acts. (0)", "Gene 1 acts."]


@pytest.mark.parametrize(("per_sample", "expected"), [(1, 1), (2, 2), (9, 3)])
def test_no_more_than_asked_for(write: Write, per_sample: int, expected: int) -> None:
    config = RephrasingsConfig(write(SAMPLES[:5], 3), per_sample=per_sample)
    found = [sample.answer for sample in add_rephrasings(SAMPLES[:5], config, 0) if not is_original(sample)]
    assert len(found) == len(set(found)) == 5 * expected


def test_a_share_is_drawn_for_each_sample_alone(write: Write) -> None:
    config = RephrasingsConfig(write(SAMPLES), fraction=0.5)

    def subjects(samples: list[Sample], seed: int) -> set[Any]:
        found = add_rephrasings(samples, config, seed)
        return {sample.metadata["subject"] for sample in found if not is_original(sample)}

    chosen = subjects(SAMPLES, 0)
    assert 10 < len(chosen) < 30
    assert subjects(SAMPLES[::-1], 0) == chosen
    assert subjects(SAMPLES[:20], 0) == {number for number in chosen if number < 20}
    assert subjects(SAMPLES, 1) != chosen


@pytest.mark.parametrize("name", ["kind", "context", "question", "answer"])
def test_the_key_is_lost_when_the_facts_change(name: str) -> None:
    sample = SAMPLES[0]
    changed = replace(sample, **{name: "other"})  # type: ignore[arg-type]
    assert sample_key(changed) != sample_key(sample)
    assert sample_key(replace(sample, metadata={}, group="g")) == sample_key(sample)


def test_a_file_of_other_samples_is_refused(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    config = RephrasingsConfig(write(SAMPLES[:4]))
    with pytest.raises(ConfigError, match="must hold rephrasings of the training samples, and of its 4"):
        list(add_rephrasings(SAMPLES[4:], config, 0))
    caplog.set_level(logging.INFO)
    list(add_rephrasings(SAMPLES[3:], config, 0))
    assert "1 rephrasings of 1 training samples" in caplog.text
    assert "3 samples of" in caplog.text


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"file must name a file, and '.*none.jsonl' is none. Make"):
        list(add_rephrasings(SAMPLES, RephrasingsConfig(tmp_path / "none.jsonl"), 0))


GOOD = json.loads(texts(SAMPLES[0], 1)[0].to_line())


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        b"\xff\xfe",
        json.dumps(GOOD | {"text": "B\xf6rjeson"}, ensure_ascii=False).encode("latin-1"),
        "[]",
        "{}",
        json.dumps(GOOD | {"text": ""}),
        json.dumps(GOOD | {"text": 7}),
        json.dumps(GOOD | {"field": "context"}),
        json.dumps(GOOD | {"draw": "0"}),
        json.dumps(GOOD | {"more": 1}),
        json.dumps({key: value for key, value in GOOD.items() if key != "model"}),
    ],
)
def test_a_damaged_line_is_named(write: Write, line: str | bytes) -> None:
    path = write(SAMPLES[:1])
    path.write_bytes(path.read_bytes() + (line.encode() if isinstance(line, str) else line) + b"\n")
    with pytest.raises(DataFormatError, match=r"texts.jsonl: line 2 must be a rephrasing with key, field"):
        read_rephrasings(path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"per_sample": 0}, "per_sample must be > 0, got 0"),
        ({"fraction": 0}, r"fraction must be in \(0, 1\], got 0"),
        ({"fraction": 1.1}, "got 1.1"),
    ],
)
def test_an_option_out_of_range_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        RephrasingsConfig(Path("a.jsonl"), **options)
