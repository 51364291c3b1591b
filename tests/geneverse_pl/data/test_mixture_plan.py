"""Batches of a mixture: their contract is that of all samplers, whatever is drawn."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geneverse_pl.data.mixture import MixtureConfig, PhaseConfig
from geneverse_pl.data.mixture_draw import Mixture
from geneverse_pl.data.mixture_phases import RunLength
from geneverse_pl.data.pair_batches import PairBatchSampler
from geneverse_pl.data.planned_sampler import PlannedBatchSampler
from geneverse_pl.data.sampler import PackedBatchSampler, TokenBudgetBatchSampler
from geneverse_pl.data.store.labels import Labels
from geneverse_pl.exceptions import ConfigError

NAMES = ("a", "b", "c")
BUDGET, PREFIX = 100, 20
SAMPLERS = ["padded", "packed", "shared", "pairs"]
RUN = RunLength(max_epochs=4)
FIRST_A = [PhaseConfig(0.4, {"*": 0, "a": 1})]
SETTINGS: dict[str, dict[str, Any]] = {
    "equal": {},
    "weights": {"weights": {"b": 3}, "temperature": 2.0},
    "repeats": {"weights": {"*": 0, "c": 1}, "epoch_samples": 150},
    "limit": {"max_per_entity": 4},
    "limit and weights": {"max_per_entity": 5, "weights": {"c": 2}},
    "fractions": {"curriculum": FIRST_A},
    "epochs": {"curriculum": [PhaseConfig(1.5, {"c": 0})], "curriculum_unit": "epochs", "max_per_entity": 9},
    "steps": {"curriculum": [PhaseConfig(3, {"c": 0})], "curriculum_unit": "steps", "epoch_samples": 90},
}


def codes_of(num_samples: int) -> Any:
    return np.random.default_rng(7).choice(3, num_samples, p=[0.5, 0.4, 0.1])


def make(kind: str, setting: str, num_samples: int = 120, **options: Any) -> PlannedBatchSampler[Any]:
    """A sampler over samples of uneven lengths, six to a context and ten to an entity."""
    config = MixtureConfig(**SETTINGS[setting])
    config.check()
    families = np.arange(num_samples) // 6
    mixture = Mixture(
        config,
        Labels(codes_of(num_samples).astype(np.int32), NAMES),
        seed=5,
        entities=np.arange(num_samples) // 10,
        families=families,
        run=RUN,
    )
    given: dict[str, Any] = {"shuffle": True, "seed": 5, "mixture": mixture, **options}
    lengths = np.random.default_rng(1).integers(PREFIX + 1, 60, num_samples)
    if kind == "pairs":
        return PairBatchSampler(num_samples, 4, **given)
    if kind == "padded":
        return TokenBudgetBatchSampler(lengths, BUDGET, **given)
    if kind == "packed":
        return PackedBatchSampler(lengths, BUDGET, rows_per_batch=3, **given)
    prefixes: dict[str, Any] = {"prefix_lengths": np.full(num_samples, PREFIX), "prefix_groups": families}
    return PackedBatchSampler(lengths, BUDGET, max_per_family=3, **prefixes, **given)


def flat(batches: Any) -> list[int]:
    return [
        index for batch in batches for item in batch for index in (item if isinstance(item, list) else [item])
    ]


def epoch_batches(sampler: PlannedBatchSampler[Any], epoch: int) -> list[Any]:
    sampler.set_epoch(epoch)
    return list(sampler)


@given(st.sampled_from(SAMPLERS), st.sampled_from(sorted(SETTINGS)), st.integers(1, 3), st.integers(0, 5))
def test_ranks_draw_together_what_one_would_and_take_the_same_steps(
    kind: str, setting: str, num_replicas: int, epoch: int
) -> None:
    ranks = [make(kind, setting, num_replicas=num_replicas, rank=rank) for rank in range(num_replicas)]
    batches = [epoch_batches(sampler, epoch) for sampler in ranks]
    assert {len(rank) for rank in batches} == {len(ranks[0])}
    assert all(flat([batch]) for rank in batches for batch in rank)
    drawn = np.array([index for rank in batches for index in flat(rank)])
    if setting == "equal" and kind != "pairs":
        assert sorted(drawn) == list(range(120))
    most = SETTINGS[setting].get("max_per_entity", len(drawn))
    if num_replicas * len(ranks[0]) <= len(drawn):
        assert np.bincount(drawn // 10).max() <= most
    # All ranks change to the next phase at the same step.
    plan = ranks[0]._mixture_plan
    assert plan is not None
    (end,) = plan.mixture.phase_ends(len(ranks[0])) or [0]
    left = max(0, min(end - epoch * len(ranks[0]), len(ranks[0])))
    codes = codes_of(120)
    for rank in batches:
        kinds = [set(codes[flat([batch])]) for batch in rank[:left]]
        assert all(found <= ({0} if setting == "fractions" else {0, 1}) for found in kinds)


@given(
    st.sampled_from(SAMPLERS),
    st.sampled_from(sorted(SETTINGS)),
    st.integers(1, 3),
    st.integers(0, 3),
    st.data(),
)
def test_resuming_continues_the_epoch(
    kind: str, setting: str, num_replicas: int, epoch: int, data: st.DataObject
) -> None:
    options = {"num_replicas": num_replicas, "rank": data.draw(st.integers(0, num_replicas - 1))}
    sampler = make(kind, setting, **options)
    whole = epoch_batches(sampler, epoch)
    consumed = data.draw(st.integers(0, len(whole)))
    list(zip(range(consumed + 2), sampler, strict=False))
    sampler.advance(consumed)
    resumed = make(kind, setting, **options)
    resumed.load_state_dict(sampler.state_dict())
    resumed.set_epoch(epoch)
    assert list(resumed) == whole[consumed:]
    assert epoch_batches(resumed, epoch + 1) == epoch_batches(make(kind, setting, **options), epoch + 1)


@pytest.mark.parametrize("setting", sorted(SETTINGS))
def test_rows_and_batches_keep_their_budgets(setting: str) -> None:
    lengths = np.random.default_rng(1).integers(PREFIX + 1, 60, 120)
    for epoch in range(3):
        for batch in epoch_batches(make("padded", setting), epoch):
            assert len(batch) * max(lengths[batch]) <= BUDGET
        for batch in epoch_batches(make("packed", setting), epoch):
            assert 1 <= len(batch) <= 3
            assert all(lengths[row].sum() <= BUDGET for row in batch)
        for (row,) in epoch_batches(make("shared", setting), epoch):
            families = np.array(row) // 6
            assert (lengths[row] - PREFIX).sum() + PREFIX * len(np.unique(families)) <= BUDGET
            assert np.bincount(families).max() <= 3


@given(
    st.sampled_from(["pairs", "rows"]),
    st.sampled_from([2, 6]),
    st.integers(4, 90),
    st.integers(1, 4),
    st.booleans(),
    st.integers(0, 3),
)
def test_batches_of_samples_alone_are_even_and_as_few_as_hold_an_epoch(
    kind: str, batch_size: int, epoch_samples: int, num_replicas: int, has_curriculum: bool, epoch: int
) -> None:
    curriculum = [PhaseConfig(1.5, {"c": 0})] if has_curriculum else None
    config = MixtureConfig(epoch_samples=epoch_samples, curriculum=curriculum, curriculum_unit="epochs")
    mixture = Mixture(config, Labels(codes_of(120).astype(np.int32), NAMES), seed=5)
    given: dict[str, Any] = {"shuffle": True, "num_replicas": num_replicas, "mixture": mixture}
    sizes = []
    for rank in range(num_replicas):
        sampler: PlannedBatchSampler[Any] = (
            PairBatchSampler(120, batch_size, rank=rank, **given)
            if kind == "pairs"
            else TokenBudgetBatchSampler([9] * 120, None, batch_size=batch_size, rank=rank, **given)
        )
        sizes.append([len(batch) for batch in epoch_batches(sampler, epoch)])
        assert len(sizes[-1]) == len(sampler) == -(-epoch_samples // (batch_size * num_replicas))
    assert min(map(min, sizes)) >= 1
    assert max(map(max, sizes)) <= batch_size
    if not has_curriculum:
        assert max(map(max, sizes)) - min(map(min, sizes)) <= 1
    # Ranks have some of a step's pairs over, and each group of each phase may be a sample short.
    over = (num_replicas - 1) * len(sizes[0]) if kind == "pairs" else 0
    assert epoch_samples - over - 6 <= sum(map(sum, sizes)) <= epoch_samples + 6


def test_shares_are_met_in_every_epoch() -> None:
    codes = codes_of(5000)
    for kind in ("padded", "shared"):
        sampler = make(kind, "weights", 5000)
        plan = sampler._mixture_plan
        assert plan is not None
        for epoch in range(3):
            drawn = flat(epoch_batches(sampler, epoch))
            shares = np.bincount(codes[drawn], minlength=3) / len(drawn)
            # Only what does not fit into the epoch's batches, a few rows if any, is left out at random.
            np.testing.assert_allclose(shares, plan.mixture.shares[0], atol=0.02)
            assert len(drawn) > 0.97 * plan.mixture.epoch_samples(0)


def test_a_phase_fills_its_batches_as_well_as_another() -> None:
    """Groups whose samples differ in length have epochs of one length, with rows as full."""
    codes = np.arange(6000) % 3
    lengths = np.where(codes == 0, 90, 12)
    config = MixtureConfig(curriculum=[PhaseConfig(1.5, {"*": 0, "a": 1})], curriculum_unit="epochs")
    mixture = Mixture(config, Labels(codes.astype(np.int32), NAMES), seed=0)
    sampler = PackedBatchSampler(lengths, 1000, rows_per_batch=2, shuffle=True, mixture=mixture)
    for epoch in range(3):
        batches = epoch_batches(sampler, epoch)
        assert len(batches) == len(sampler)
        rows = [row for batch in batches for row in batch]
        filled = np.mean([lengths[row].sum() / 1000 for row in rows])
        assert filled > 0.93
        assert len(rows) > 1.9 * len(batches)


def test_another_mixture_is_refused_when_resuming() -> None:
    state = make("padded", "weights").state_dict()
    with pytest.raises(ConfigError, match=r"batching\.mixture is not that of the checkpoint"):
        make("padded", "equal").load_state_dict(state)
    plain = make("padded", "equal", mixture=None)
    with pytest.raises(ConfigError, match=r"only with the mixture it began with"):
        plain.load_state_dict(state)
    assert "mixture" not in plain.state_dict()
    plain.load_state_dict(plain.state_dict())


def test_a_mixture_must_fit_its_sampler() -> None:
    mixture = Mixture(MixtureConfig(epoch_samples=2), Labels(np.zeros(9, np.int32), ("a",)), seed=0)
    with pytest.raises(ConfigError, match="needs shuffle and the 9 samples of its split, got shuffle=False"):
        TokenBudgetBatchSampler([4] * 9, 8, shuffle=False, mixture=mixture)
    with pytest.raises(ConfigError, match="the 8 samples of its split, got shuffle=True and 9 samples"):
        TokenBudgetBatchSampler([4] * 8, 8, shuffle=True, mixture=mixture)
    with pytest.raises(ConfigError, match="the mixture draws 2 on 3 ranks"):
        PairBatchSampler(9, 2, shuffle=True, num_replicas=3, mixture=mixture)
