"""Batches of pairs: equal on all ranks, resumable."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from geneverse_pl.data.encoded import IMAGE_TOKEN, EncodedSample
from geneverse_pl.data.pair_batches import PairBatchSampler, pair_collate
from geneverse_pl.exceptions import ConfigError


@given(st.integers(4, 60), st.integers(3, 9), st.integers(1, 4), st.booleans(), st.integers(0, 3))
def test_ranks_share_the_batches_of_one(
    num_pairs: int, batch_size: int, num_ranks: int, shuffle: bool, epoch: int
) -> None:
    def batches(size: int, replicas: int, rank: int) -> list[list[int]]:
        sampler = PairBatchSampler(num_pairs, size, shuffle=shuffle, seed=3, num_replicas=replicas, rank=rank)
        sampler.set_epoch(epoch)
        found = list(sampler)
        assert len(found) == len(sampler)
        return found

    whole = batches(batch_size * num_ranks, 1, 0)
    assert sorted(pair for batch in whole for pair in batch) == list(range(num_pairs))
    shares = [batches(batch_size, num_ranks, rank) for rank in range(num_ranks)]
    for step, batch in enumerate(whole):
        assert 2 <= len(batch) <= batch_size * num_ranks
        size = len(batch) // num_ranks
        assert [pair for share in shares for pair in share[step]] == batch[: size * num_ranks]
        assert {len(share[step]) for share in shares} == {size}
    assert max(map(len, whole)) - min(map(len, whole)) <= 1


def test_batches_are_drawn_anew_and_resumed() -> None:
    sampler = PairBatchSampler(20, 4, shuffle=True, num_replicas=2, rank=1)
    first = list(sampler)
    sampler.set_epoch(1)
    second = list(sampler)
    assert first != second
    sampler.advance(2)
    again = PairBatchSampler(20, 4, shuffle=True, num_replicas=2, rank=1)
    again.load_state_dict(sampler.state_dict())
    assert list(again) == second[2:]
    with pytest.raises(ConfigError, match="num_replicas was 2 in the checkpoint, now 1"):
        PairBatchSampler(20, 8, shuffle=True).load_state_dict(sampler.state_dict())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_pairs": 5, "batch_size": 1}, "batch_size must be > 1, got 1"),
        ({"num_pairs": 1, "batch_size": 4}, "needs two pairs and one a rank, got 1 on 1 ranks"),
        ({"num_pairs": 3, "batch_size": 4, "num_replicas": 4}, "got 3 on 4 ranks"),
        ({"num_pairs": 5, "batch_size": 4, "rank": 1}, r"rank must be in \[0, num_replicas\), got rank 1"),
    ],
)
def test_too_few_pairs_and_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        PairBatchSampler(shuffle=False, **arguments)


def test_collate_fills_captions_up() -> None:
    def load(image_ids: Tensor) -> dict[str, Tensor]:
        return {"pixel_values": image_ids[:, None, None, None].expand(-1, 3, 2, 2).float()}

    samples = [
        EncodedSample(
            np.array([IMAGE_TOKEN, *ids], np.int32),
            np.zeros(len(ids) + 1, np.bool_),
            metadata={"text_id": text},
            images=np.array([image]),
        )
        for ids, text, image in (([5, 6], 4, 1), ([7, 8, 9], 2, 3))
    ]
    batch = pair_collate(samples, load, 4, 1)
    assert batch["caption_ids"].tolist() == [[5, 6, 1, 1], [7, 8, 9, 1]]
    assert batch["text_ids"].tolist() == [4, 2]
    assert batch["image_ids"].tolist() == [1, 3]
    assert batch["pixel_values"].shape == (2, 3, 2, 2)
    assert torch.equal(batch["pixel_values"][1], torch.full((3, 2, 2), 3.0))
