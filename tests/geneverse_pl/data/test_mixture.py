from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geneverse_pl.data.mixture import MixtureConfig, PhaseConfig, group_shares, group_weights
from geneverse_pl.exceptions import ConfigError

NAMES = ["relation/x", "relation/y", "list/x", ""]


def test_a_name_goes_before_patterns_and_a_later_pattern_before_earlier_ones() -> None:
    assert group_weights({}, NAMES, "kind").tolist() == [1, 1, 1, 1]
    assert group_weights({"relation/x": 5, "*": 0, "relation/*": 2}, NAMES, "kind").tolist() == [5, 2, 0, 0]
    assert group_weights({"relation/*": 2, "*": 0.5}, NAMES, "kind").tolist() == [0.5] * 4
    assert group_weights({"a[b]": 3}, ["a[b]", "ab"], "kind").tolist() == [3, 1]


@pytest.mark.parametrize(
    ("given_weights", "message"),
    [
        (
            {"relation/z": 1},
            "Unknown kind in mixture weights 'relation/z'. Did you mean 'relation/.'.*list/x",
        ),
        ({"fact/*": 1}, r"must fit a kind, and 'fact/\*' fits none of: .*list/x, relation/x, relation/y\."),
    ],
)
def test_weights_of_unknown_groups_are_refused(given_weights: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        group_weights(given_weights, NAMES, "kind")


def test_shares_follow_the_temperature() -> None:
    sizes, equal = np.array([1000.0, 10.0]), np.ones(2)
    np.testing.assert_allclose(group_shares(equal, sizes, 1), [1000 / 1010, 10 / 1010])
    np.testing.assert_allclose(group_shares(equal, sizes, 2), [10 / 11, 1 / 11])
    np.testing.assert_allclose(group_shares(equal, sizes, 1e9), [0.5, 0.5])
    np.testing.assert_allclose(group_shares(np.array([1.0, 10.0]), sizes, 2), [0.5, 0.5])
    np.testing.assert_allclose(group_shares(equal, sizes, 0.001), [1, 0])
    np.testing.assert_allclose(group_shares(np.array([0.0, 2.0]), sizes, 1), [0, 1])
    with pytest.raises(ConfigError, match="must have a weight > 0, and all have 0"):
        group_shares(np.zeros(2), sizes, 1)


@given(
    st.lists(st.tuples(st.floats(0.01, 100), st.integers(1, 10**7)), min_size=2, max_size=20),
    st.floats(1, 100),
)
def test_shares_keep_the_order_of_sizes_and_grow_flatter(
    groups: list[tuple[float, int]], temperature: float
) -> None:
    sizes = np.array([float(size) for _, size in groups])
    shares = group_shares(np.ones(len(groups)), sizes, temperature)
    assert shares.sum() == pytest.approx(1)
    order = np.argsort(sizes)
    assert (np.diff(shares[order]) >= -1e-12).all()
    proportional = sizes / sizes.sum()
    assert shares.max() <= proportional.max() + 1e-9
    assert shares.min() >= proportional.min() - 1e-9
    # Weights multiply what the temperature gives.
    weighted = group_shares(np.array([weight for weight, _ in groups]), sizes, temperature)
    expected = shares * [weight for weight, _ in groups]
    np.testing.assert_allclose(weighted, expected / expected.sum(), rtol=1e-9)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"weights": {"a": -1}}, r"mixture\.weights must be >= 0 and finite, got \{'a': -1\}"),
        ({"weights": {"a": float("inf")}}, "must be >= 0 and finite"),
        ({"temperature": 0}, r"mixture\.temperature must be > 0 and finite, got 0"),
        ({"max_per_entity": 0}, r"mixture\.max_per_entity must be >= 1, got 0"),
        ({"epoch_samples": 0}, r"mixture\.epoch_samples must be >= 1, got 0"),
        ({"curriculum_unit": "epoch"}, r"Unknown mixture\.curriculum_unit 'epoch'.*Did you mean 'epochs'"),
        ({"curriculum": [(0.5, {}), (0.5, {})]}, r"must end after the one before it, got until \[0.5, 0.5\]"),
        ({"curriculum": [(0, {})]}, "Put the phases in order, from a number > 0 on"),
        ({"curriculum": [(2, {})]}, "fraction of the run must be at most 1, got until 2.*epochs or steps"),
        ({"curriculum": [(1.5, {})], "curriculum_unit": "steps"}, "whole numbers of optimizer steps"),
        ({"curriculum": [(0.5, {"a": -2})]}, r"mixture\.curriculum\.weights must be >= 0"),
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        phases = settings.pop("curriculum", None)
        curriculum = None if phases is None else [PhaseConfig(*phase) for phase in phases]
        MixtureConfig(curriculum=curriculum, **settings).check()


def test_the_mixtures_weights_follow_the_phases() -> None:
    config = MixtureConfig(weights={"list/*": 3}, curriculum=[PhaseConfig(0.5, {"*": 0, "relation/x": 1})])
    config.check()
    first, last = config.phase_weights(NAMES)
    assert first.tolist() == [1, 0, 0, 0]
    assert last.tolist() == [1, 1, 3, 1]
