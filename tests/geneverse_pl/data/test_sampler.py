from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geneverse_pl.data.planned_sampler import PlannedBatchSampler
from geneverse_pl.data.sampler import PackedBatchSampler, TokenBudgetBatchSampler
from geneverse_pl.exceptions import ConfigError

MAX_LENGTH = 64
BUDGET = 100
SAMPLERS = ["padded", "fixed_size", "ungrouped", "packed", "shared"]

length_lists = st.lists(st.integers(1, MAX_LENGTH), min_size=1, max_size=150)


def make_sampler(kind: str, lengths: Any, **options: Any) -> PlannedBatchSampler[Any]:
    """A sampler of each kind; the prefix families of the last have 7 samples each."""
    options = {"shuffle": True, "seed": 5} | options
    if kind == "packed":
        return PackedBatchSampler(lengths, BUDGET, rows_per_batch=3, **options)
    if kind == "shared":
        groups = np.arange(len(lengths)) // 7
        return PackedBatchSampler(
            np.asarray(lengths) + 20,
            BUDGET,
            prefix_lengths=np.full(len(lengths), 20),
            prefix_groups=groups,
            **options,
        )
    if kind == "fixed_size":
        return TokenBudgetBatchSampler(lengths, None, batch_size=4, **options)
    return TokenBudgetBatchSampler(
        lengths, BUDGET, batch_size=8, grouping="length" if kind == "padded" else "none", **options
    )


def flat(batch: Any) -> list[int]:
    return [index for item in batch for index in (item if isinstance(item, list) else [item])]


def epoch_batches(sampler: PlannedBatchSampler[Any], epoch: int) -> list[Any]:
    sampler.set_epoch(epoch)
    return list(sampler)


@given(st.sampled_from(SAMPLERS), length_lists, st.integers(1, 4), st.booleans(), st.integers(0, 3))
def test_ranks_share_every_sample_in_equal_counts(
    kind: str, lengths: list[int], num_replicas: int, shuffle: bool, epoch: int
) -> None:
    samplers = [
        make_sampler(kind, lengths, shuffle=shuffle, num_replicas=num_replicas, rank=rank)
        for rank in range(num_replicas)
    ]
    batches = [epoch_batches(sampler, epoch) for sampler in samplers]
    assert {len(rank) for rank in batches} == {len(samplers[0])}
    assert all(flat(batch) for rank in batches for batch in rank)
    seen = sorted(index for rank in batches for batch in rank for index in flat(batch))
    if num_replicas * len(samplers[0]) <= len(lengths):
        assert seen == list(range(len(lengths)))
    else:
        assert set(seen) == set(range(len(lengths)))


@given(length_lists, st.sampled_from(["padded", "ungrouped"]), st.booleans())
def test_padded_batches_keep_the_budget(lengths: list[int], kind: str, shuffle: bool) -> None:
    for batch in make_sampler(kind, lengths, shuffle=shuffle):
        assert len(batch) * max(lengths[index] for index in batch) <= BUDGET
        assert len(batch) <= 8


@given(length_lists, st.integers(0, 3))
def test_packed_rows_keep_the_row_length(lengths: list[int], epoch: int) -> None:
    for batch in epoch_batches(make_sampler("packed", lengths), epoch):
        assert 1 <= len(batch) <= 3
        assert all(sum(lengths[index] for index in row) <= BUDGET for row in batch)
    for batch in epoch_batches(make_sampler("shared", lengths), epoch):
        for row in batch:
            prefixes = 20 * len({index // 7 for index in row})
            assert prefixes + sum(lengths[index] for index in row) <= BUDGET


@given(st.sampled_from(SAMPLERS), length_lists, st.integers(1, 3), st.data())
def test_resuming_continues_the_epoch(
    kind: str, lengths: list[int], num_replicas: int, data: st.DataObject
) -> None:
    options = {"num_replicas": num_replicas, "rank": data.draw(st.integers(0, num_replicas - 1))}
    sampler = make_sampler(kind, lengths, **options)
    whole = epoch_batches(sampler, 2)
    consumed = data.draw(st.integers(0, len(whole)))
    # The loader runs ahead of what is trained on.
    list(zip(range(consumed + 2), sampler, strict=False))
    for _ in range(consumed):
        sampler.advance()
    state = sampler.state_dict()
    resumed = make_sampler(kind, lengths, **options)
    resumed.load_state_dict(state)
    resumed.set_epoch(2)
    assert list(resumed) == whole[consumed:]
    assert len(resumed) == len(whole)
    assert epoch_batches(resumed, 3) == epoch_batches(make_sampler(kind, lengths, **options), 3)


@pytest.mark.parametrize("kind", SAMPLERS)
def test_every_epoch_has_its_own_order_and_the_same_length(kind: str) -> None:
    lengths = np.random.default_rng(0).integers(5, MAX_LENGTH, 400)
    sampler = make_sampler(kind, lengths)
    epochs = [epoch_batches(sampler, epoch) for epoch in range(6)]
    assert {len(batches) for batches in epochs} == {len(sampler)}
    assert epochs[0] != epochs[1]
    assert epochs[1] == epoch_batches(make_sampler(kind, lengths), 1)
    assert epochs[1] != epoch_batches(make_sampler(kind, lengths, seed=6), 1)
    ordered = make_sampler(kind, lengths, shuffle=False)
    assert epoch_batches(ordered, 0) == epoch_batches(ordered, 1)


def test_an_epoch_with_more_units_takes_the_composition_of_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geneverse_pl.data.planned_sampler._MAX_PROBES", 1)
    lengths = np.random.default_rng(3).integers(5, MAX_LENGTH, 60)
    sampler = make_sampler("ungrouped", lengths)
    counts = [len(sampler._compose(np.random.default_rng([5, epoch]), np.arange(60))) for epoch in range(20)]
    more = next(epoch for epoch, count in enumerate(counts) if count > len(sampler))
    first, other = epoch_batches(sampler, 0), epoch_batches(sampler, more)
    assert first != other
    assert sorted(map(sorted, first)) == sorted(map(sorted, other))


def test_fixed_batch_size_gives_the_usual_batches() -> None:
    sampler = make_sampler("fixed_size", [3] * 10)
    assert sorted(len(batch) for batch in sampler) == [2, 4, 4]
    in_order = make_sampler("fixed_size", [3] * 10, shuffle=False)
    assert list(in_order) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_grouping_saves_padding_and_does_not_sort_the_epoch() -> None:
    lengths = np.random.default_rng(0).integers(1, MAX_LENGTH, 4000)
    sampler = TokenBudgetBatchSampler(lengths, 1000, shuffle=True)
    batches = list(sampler)
    padded = sum(len(batch) * lengths[batch].max() for batch in batches)
    assert lengths.sum() / padded > 0.95
    means = np.array([lengths[batch].mean() for batch in batches])
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.2
    longest_first = [lengths[batch].max() for batch in TokenBudgetBatchSampler(lengths, 1000, shuffle=False)]
    assert longest_first == sorted(longest_first, reverse=True)


def test_ranks_are_evened_out_by_splitting() -> None:
    samplers = [make_sampler("fixed_size", [3] * 12, num_replicas=2, rank=rank) for rank in range(2)]
    sizes = sorted(len(batch) for sampler in samplers for batch in sampler)
    assert sizes == [2, 2, 4, 4]


def test_fewer_samples_than_ranks_are_repeated() -> None:
    batches = [
        list(make_sampler("fixed_size", [3], shuffle=False, num_replicas=3, rank=rank)) for rank in range(3)
    ]
    assert batches == [[[0]], [[0]], [[0]]]


def test_drop_last_leaves_whole_batches() -> None:
    samplers = [
        make_sampler("fixed_size", [3] * 12, num_replicas=2, rank=rank, drop_last=True) for rank in range(2)
    ]
    batches = [list(sampler) for sampler in samplers]
    assert [[len(batch) for batch in rank] for rank in batches] == [[4], [4]]
    with pytest.raises(ConfigError, match="drop_last leaves no batch: 4 ranks share 3"):
        len(make_sampler("fixed_size", [3] * 12, num_replicas=4, drop_last=True))


def test_setting_the_same_epoch_keeps_the_place() -> None:
    sampler = make_sampler("padded", list(range(1, 50)))
    whole = list(sampler)
    sampler.advance(3)
    sampler.set_epoch(0)
    assert list(sampler) == whole[3:]
    sampler.set_epoch(1)
    assert sampler.epoch == 1
    assert len(list(sampler)) == len(sampler)
    assert sampler.sampler is sampler


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: TokenBudgetBatchSampler([5, 9], 8, shuffle=False),
            "tokens_per_batch must hold the longest.*9.*8",
        ),
        (
            lambda: PackedBatchSampler([5, 9], 8, shuffle=False),
            "row_length must hold the longest sample, 9 tokens, got 8",
        ),
        (
            lambda: PackedBatchSampler([5, 0], 8, shuffle=False),
            "Every sample must have a token, got one of length 0",
        ),
        (lambda: PackedBatchSampler([], 8, shuffle=False), "at least one sample, got none"),
        (
            lambda: PackedBatchSampler([5], 8, rows_per_batch=0, shuffle=False),
            "rows_per_batch must be >= 1, got 0",
        ),
        (
            lambda: PackedBatchSampler([5], 8, max_per_family=0, shuffle=False),
            "max_per_family must be >= 1, got 0",
        ),
        (
            lambda: TokenBudgetBatchSampler([5], 8, batch_size=0, shuffle=False),
            "batch_size must be >= 1, got 0",
        ),
        (lambda: TokenBudgetBatchSampler([5], 8, shuffle=True, seed=-1), "seed must be >= 0, got -1"),
        (
            lambda: TokenBudgetBatchSampler([5], 8, shuffle=True, rank=2, num_replicas=2),
            "rank must be in .* got rank 2 of 2",
        ),
        (lambda: TokenBudgetBatchSampler([5], 8, shuffle=True, grouping="lenght"), "Did you mean 'length'"),  # type: ignore[arg-type]
    ],
)
def test_wrong_arguments(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make()


def test_state_of_another_run_is_refused() -> None:
    state = make_sampler("padded", [4] * 40).state_dict()
    with pytest.raises(ConfigError, match="seed was 5 in the checkpoint, now 6"):
        make_sampler("padded", [4] * 40, seed=6).load_state_dict(state)
    with pytest.raises(ConfigError, match="num_batches was 5 in the checkpoint, now 10"):
        make_sampler("padded", [4] * 80).load_state_dict(state)
