from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from geneverse_pl.data.collate import pack_collate, pad_collate
from geneverse_pl.data.encoded import EncodedSample

PAD = 0
KEYS = {"input_ids", "attention_mask", "position_ids", "labels"}
TARGETS = {"target_positions", "target_ids", "target_sample", "num_samples"}


def make_sample(tokens: list[int], trained: list[int], prefix: int = 0, group: int = -1) -> EncodedSample:
    flags = np.isin(np.arange(len(tokens)), trained)
    return EncodedSample(np.array(tokens, np.int32), flags, prefix, group, {"first": tokens[0]})


@st.composite
def rows_of_samples(draw: st.DrawFn) -> list[list[EncodedSample]]:
    """Rows of samples of up to three prefix groups, with random tokens and untrained prefixes.

    Pad tokens appear among the tokens, for nothing may be recognised by its token id.
    """
    tokens = st.integers(0, 5)
    prefixes = [draw(st.lists(tokens, max_size=6)) for _ in range(3)]
    rows: list[list[EncodedSample]] = []
    for _ in range(draw(st.integers(1, 3))):
        row = []
        for group in draw(st.lists(st.integers(-1, 2), min_size=1, max_size=6)):
            prefix = prefixes[group] if group >= 0 else []
            rest = draw(st.lists(tokens, min_size=0 if prefix else 1, max_size=6))
            trained = draw(st.lists(st.booleans(), min_size=len(rest), max_size=len(rest)))
            flags = [place + len(prefix) for place, flag in enumerate(trained) if flag]
            row.append(make_sample(prefix + rest, flags, len(prefix), group))
        rows.append(row)
    return rows


def visible(batch: dict[str, Any], row: int, place: int) -> list[int]:
    """Places of the row that a token may attend to, by the documented rule."""
    segments, parents = batch["segment_ids"][row].tolist(), batch["parent_ids"][row].tolist()
    allowed = {segments[place], parents[place]} - {0}
    return [other for other in range(place + 1) if segments[other] in allowed]


def expected_targets(sample: EncodedSample) -> list[tuple[tuple[int, ...], int]]:
    """Each trained token with the tokens before it."""
    tokens = sample.input_ids.tolist()
    return [(tuple(tokens[:t]), tokens[t]) for t in range(1, len(tokens)) if sample.trained[t]]


def packed_targets(batch: dict[str, Any], sample: int) -> list[tuple[tuple[int, ...], int]]:
    """Each target of a sample with the tokens that its hidden state has seen."""
    width = batch["input_ids"].shape[1]
    found = []
    chosen = batch["target_sample"] == sample
    for flat, token in zip(
        batch["target_positions"][chosen].tolist(), batch["target_ids"][chosen].tolist(), strict=True
    ):
        row, place = divmod(flat, width)
        seen = visible(batch, row, place)
        assert batch["position_ids"][row][seen].tolist() == list(range(len(seen)))
        found.append((tuple(batch["input_ids"][row][seen].tolist()), token))
    return found


@given(rows_of_samples(), st.booleans())
def test_packed_targets_see_exactly_their_own_sample(rows: list[list[EncodedSample]], share: bool) -> None:
    batch = pack_collate(rows, PAD, share_prefix=share)
    samples = [sample for row in rows for sample in row]
    assert batch["num_samples"] == len(samples)
    for number, sample in enumerate(samples):
        assert packed_targets(batch, number) == expected_targets(sample)
    assert set(batch["target_sample"].tolist()) <= set(range(len(samples)))


def rebuilt_samples(batch: dict[str, Any], row: int) -> list[tuple[list[int], list[int]]]:
    """Tokens and labels of each sample of a row, from its segments: prefixes are those that are a parent."""
    segments, parents = batch["segment_ids"][row], batch["parent_ids"][row]
    rebuilt = []
    for segment in range(1, int(segments.max()) + 1):
        own = torch.nonzero(segments == segment).flatten().tolist()
        if segment in parents:
            continue
        seen = visible(batch, row, own[-1])
        assert batch["position_ids"][row][seen].tolist() == list(range(len(seen)))
        rebuilt.append((batch["input_ids"][row][seen].tolist(), batch["labels"][row][seen].tolist()))
    return sorted(rebuilt)


@given(rows_of_samples(), st.booleans())
def test_packed_rows_hold_every_sample(rows: list[list[EncodedSample]], share: bool) -> None:
    # A sample that is its prefix alone has no segment of its own where the prefix is shared.
    rows = [[sample for sample in row if len(sample) > sample.prefix_length] for row in rows]
    rows = [row for row in rows if row] or [[make_sample([1, 2], [1])]]
    batch = pack_collate(rows, PAD, share_prefix=share)
    for index, row in enumerate(rows):
        expected = [
            (sample.input_ids.tolist(), np.where(sample.trained, sample.input_ids, -100).tolist())
            for sample in row
        ]
        assert rebuilt_samples(batch, index) == sorted(expected)
    assert torch.equal(batch["attention_mask"], (batch["segment_ids"] > 0).long())
    padding = batch["attention_mask"] == 0
    assert (batch["labels"][padding] == -100).all()
    assert (batch["input_ids"][padding] == PAD).all()
    assert (batch["parent_ids"] < batch["segment_ids"].clamp(min=1)).all()


@given(rows_of_samples())
def test_padded_rows_hold_every_sample(rows: list[list[EncodedSample]]) -> None:
    samples = [sample for row in rows for sample in row]
    batch = pad_collate(samples, PAD)
    width = batch["input_ids"].shape[1]
    assert width % 8 == 0
    assert width - max(map(len, samples)) < 8
    for row, sample in enumerate(samples):
        length = len(sample)
        assert batch["input_ids"][row].tolist() == sample.input_ids.tolist() + [PAD] * (width - length)
        assert batch["attention_mask"][row].tolist() == [1] * length + [0] * (width - length)
        assert batch["position_ids"][row].tolist() == list(range(width))
        labels = np.where(sample.trained, sample.input_ids, -100).tolist() + [-100] * (width - length)
        assert batch["labels"][row].tolist() == labels
        chosen = batch["target_sample"] == row
        places = batch["target_positions"][chosen] - row * width
        found = [
            (tuple(batch["input_ids"][row][: place + 1].tolist()), token)
            for place, token in zip(places.tolist(), batch["target_ids"][chosen].tolist(), strict=True)
        ]
        assert found == expected_targets(sample)


def test_layout_of_a_shared_prefix() -> None:
    row = [
        make_sample([1, 2, 3, 4], [2, 3], prefix=2, group=7),
        make_sample([9, 8], [0, 1]),
        make_sample([1, 2, 5], [2], prefix=2, group=7),
    ]
    batch = pack_collate([row], PAD, row_length=10, with_metadata=True)
    assert batch.keys() == KEYS | TARGETS | {"segment_ids", "parent_ids", "metadata"}
    assert batch["input_ids"].tolist() == [[1, 2, 3, 4, 5, 9, 8, 0, 0, 0]]
    assert batch["segment_ids"].tolist() == [[1, 1, 2, 2, 3, 4, 4, 0, 0, 0]]
    assert batch["parent_ids"].tolist() == [[0, 0, 1, 1, 1, 0, 0, 0, 0, 0]]
    assert batch["position_ids"].tolist() == [[0, 1, 2, 3, 2, 0, 1, 0, 0, 0]]
    assert batch["labels"].tolist() == [[-100, -100, 3, 4, 5, 9, 8, -100, -100, -100]]
    # Token 5 stands behind token 4 and is predicted by the prefix's last token all the same.
    assert batch["target_positions"].tolist() == [1, 2, 1, 5]
    assert batch["target_ids"].tolist() == [3, 4, 5, 8]
    assert batch["target_sample"].tolist() == [0, 0, 2, 1]
    assert batch["metadata"] == [{"first": 1}, {"first": 9}, {"first": 1}]


def test_prefixes_are_not_shared_between_rows_or_by_one_sample() -> None:
    sample = make_sample([1, 2, 3], [2], prefix=2, group=0)
    batch = pack_collate([[sample], [sample]], PAD)
    assert batch["parent_ids"].sum() == 0
    assert batch["input_ids"][:, :3].tolist() == [[1, 2, 3]] * 2
    alone = pack_collate([[sample, sample]], PAD, share_prefix=False)
    assert alone["segment_ids"].tolist() == [[1, 1, 1, 2, 2, 2, 0, 0]]


def test_batch_without_trained_tokens() -> None:
    for batch in (
        pad_collate([make_sample([1, 2], [])], PAD),
        pack_collate([[make_sample([1, 2], [0])]], PAD),
    ):
        assert [batch[key].shape for key in ("target_positions", "target_ids", "target_sample")] == [(0,)] * 3
        assert batch["target_positions"].dtype == torch.int64
        assert all(batch[key].dtype == torch.int64 for key in KEYS)


def test_wrong_batches() -> None:
    shared = {"prefix": 2, "group": 0}
    with pytest.raises(ValueError, match="at least one sample, got none"):
        pad_collate([], PAD)
    with pytest.raises(ValueError, match="at least one row, and every row a sample"):
        pack_collate([[make_sample([1], [])], []], PAD)
    with pytest.raises(ValueError, match="row_length must hold the longest row, 4 tokens, got 3"):
        pack_collate([[make_sample([1, 2], []), make_sample([1, 2], [])]], PAD, row_length=3)
    with pytest.raises(ValueError, match="begin with the same tokens, those of group 0 do not"):
        pack_collate([[make_sample([1, 2, 3], [], **shared), make_sample([1, 3, 3], [], **shared)]], PAD)
    trained = [make_sample([1, 2, 3], [1, 2], **shared)] * 2
    with pytest.raises(
        ValueError, match=r"must have no trained token, that of group 0 has\. Set share_prefix to false"
    ):
        pack_collate([trained], PAD)
    assert pack_collate([trained], PAD, share_prefix=False)["target_ids"].tolist() == [2, 3, 2, 3]
