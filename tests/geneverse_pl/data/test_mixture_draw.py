"""What is drawn, before any batch is made of it."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geneverse_pl.data.mixture import MixtureConfig, PhaseConfig
from geneverse_pl.data.mixture_draw import Draw, Mixture
from geneverse_pl.data.store.labels import Labels
from geneverse_pl.exceptions import ConfigError

NAMES = ("a", "b", "c")
groups_of = st.lists(st.integers(0, 2), min_size=1, max_size=200)


def make(codes: Any, seed: int = 3, entities: Any = None, families: Any = None, **settings: Any) -> Mixture:
    config = MixtureConfig(**settings)
    config.check()
    return Mixture(
        config,
        Labels(np.asarray(codes, np.int32), NAMES),
        seed=seed,
        entities=None if entities is None else np.asarray(entities, np.int64),
        families=None if families is None else np.asarray(families, np.int64),
    )


def epoch_of(mixture: Mixture, epoch: int, phase: int = 0) -> np.ndarray[Any, np.dtype[np.int64]]:
    size = mixture.epoch_samples(phase)
    shares = mixture.shares[phase]
    (samples,) = mixture.draw(epoch, [Draw(phase, epoch * size * shares, (epoch + 1) * size * shares)])
    return samples


@given(groups_of, st.integers(0, 50))
def test_equal_weights_take_every_sample_once(codes: list[int], epoch: int) -> None:
    mixture = make(codes)
    assert mixture.takes_all
    assert sorted(epoch_of(mixture, epoch)) == list(range(len(codes)))


@given(
    groups_of,
    st.floats(1, 10),
    st.dictionaries(st.sampled_from(NAMES), st.floats(0.1, 10)),
    st.integers(10, 500),
    st.integers(1, 9),
)
def test_over_the_run_samples_of_a_group_come_up_equally_often(
    codes: list[int], temperature: float, weights: dict[str, float], size: int, num_epochs: int
) -> None:
    mixture = make(codes, temperature=temperature, weights=weights, epoch_samples=size)
    times = np.zeros(len(codes), np.int64)
    for epoch in range(num_epochs):
        samples = epoch_of(mixture, epoch)
        assert abs(len(samples) - size) <= len(NAMES)
        drawn = np.bincount(np.array(codes)[samples], minlength=3)
        # Shares are met to a sample of each group.
        assert (abs(drawn - size * mixture.shares[0]) <= 1.01).all()
        times += np.bincount(samples, minlength=len(codes))
    for group in set(codes):
        of_group = times[np.array(codes) == group]
        assert of_group.max() - of_group.min() <= 1


@given(groups_of, st.floats(1, 10), st.integers(0, 20))
def test_by_default_an_epoch_repeats_nothing_and_takes_one_group_whole(
    codes: list[int], temperature: float, epoch: int
) -> None:
    mixture = make(codes, temperature=temperature, weights={"a": 2.0})
    samples = epoch_of(mixture, epoch)
    assert len(set(samples.tolist())) == len(samples)
    left = [codes.count(group) - (np.array(codes)[samples] == group).sum() for group in set(codes)]
    assert min(left) <= 2


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(-1, 12)), min_size=1, max_size=200),
    st.integers(1, 5),
    st.floats(1, 5),
    st.integers(0, 3),
)
def test_no_entity_has_more_samples_than_the_limit(
    samples: list[tuple[int, int]], most: int, temperature: float, epoch: int
) -> None:
    codes, entities = (np.array(column) for column in zip(*samples, strict=True))
    mixture = make(codes, entities=entities, max_per_entity=most, temperature=temperature)
    drawn = epoch_of(mixture, epoch)
    assert len(set(drawn.tolist())) == len(drawn) > 0
    named = entities[drawn]
    assert np.bincount(named[named >= 0], minlength=1).max() <= most
    if temperature == 1:
        sizes = np.bincount(entities[entities >= 0], minlength=1)
        assert len(drawn) >= np.minimum(sizes, most).sum() + (entities < 0).sum() - len(NAMES)


def test_a_limit_is_drawn_anew_and_fairly() -> None:
    codes, entities = np.zeros(60), np.arange(60) % 6
    mixture = make(codes, entities=entities, max_per_entity=3)
    drawn = [epoch_of(mixture, epoch) for epoch in range(300)]
    assert {len(samples) for samples in drawn} == {18}
    times = np.bincount(np.concatenate(drawn), minlength=60)
    # 300 epochs, each sample with a chance of 3 in 10: 90 times with a standard deviation of 8.
    assert times.min() > 55
    assert times.max() < 125
    assert sorted(drawn[0]) != sorted(drawn[1])


def test_the_limit_holds_over_the_phases_of_an_epoch() -> None:
    codes, entities = np.arange(300) % 3, np.arange(300) // 30
    mixture = make(
        codes,
        entities=entities,
        max_per_entity=4,
        curriculum=[PhaseConfig(0.5, {"*": 0, "a": 1})],
        curriculum_unit="epochs",
    )
    first, last = (Draw(phase, np.zeros(3), 20 * shares) for phase, shares in enumerate(mixture.shares))
    drawn = mixture.draw(0, [first, last])
    assert set(codes[drawn[0]]) == {0}
    assert np.bincount(entities[np.concatenate(drawn)]).max() == 4
    with pytest.raises(
        ConfigError, match="must leave samples for every phase of an epoch, and 4 leaves none"
    ):
        mixture.draw(0, [Draw(0, np.zeros(3), np.array([40.0, 0, 0])), last])


def test_samples_of_a_context_meet_in_an_epoch() -> None:
    codes, families = np.zeros(1000), np.arange(1000) // 5
    mixture = make(codes, families=families, epoch_samples=100)
    for epoch in range(3):
        assert len(np.unique(families[epoch_of(mixture, epoch)])) <= 21
    apart = make(codes, epoch_samples=100)
    assert len(np.unique(families[epoch_of(apart, 0)])) > 60


def test_what_is_drawn_depends_on_seed_and_epoch_alone() -> None:
    codes = np.arange(90) % 3
    for settings in ({"epoch_samples": 30}, {"max_per_entity": 2, "entities": np.arange(90) // 6}):
        one, other = make(codes, **settings), make(codes, **settings)
        later = epoch_of(one, 4)
        epoch_of(other, 1)
        assert epoch_of(other, 4).tolist() == later.tolist()
        assert sorted(epoch_of(make(codes, seed=4, **settings), 4)) != sorted(later)


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(ConfigError, match="epoch_samples must be at most 12 with max_per_entity 2.*got 13"):
        make(np.zeros(60), entities=np.arange(60) % 6, max_per_entity=2, epoch_samples=13)
    with pytest.raises(ConfigError, match="at most 3 different values, and kind has more"):
        make([0, -1])
    with pytest.raises(ConfigError, match="all have 0"):
        make([0, 1], weights={"*": 0, "c": 1})


def test_the_shares_are_told() -> None:
    lines = list(make([0, 0, 0, 1], weights={"b": 3}).describe())
    assert lines == ["mixture, phase 1 of 1: 2 samples an epoch: a 50.0% (0.33 times), b 50.0% (1.00 times)"]
