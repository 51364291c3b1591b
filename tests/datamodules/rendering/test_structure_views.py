"""Views: principal axes, whatever way a structure lies in its file."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.rendering.structure_views import VIEW_TURNS, frame, front_rotation


def points(seed: int) -> np.ndarray:
    """A cloud of 60 points, 20 wide, 8 high and 3 deep, skewed along each axis."""
    rng = np.random.default_rng(seed)
    return (rng.exponential(1.0, (60, 3)) - 1) * [20, 8, 3]


def rotation(seed: int) -> np.ndarray:
    """A random rotation."""
    matrix, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return np.asarray(matrix * np.sign(np.linalg.det(matrix)))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_front_does_not_depend_on_the_file(seed: int) -> None:
    cloud, turn = points(seed), rotation(seed + 1)
    moved = cloud @ turn.T + [5.0, -7.0, 100.0]
    front = front_rotation(moved)
    assert front @ front.T == pytest.approx(np.eye(3), abs=1e-9)
    assert np.linalg.det(front) == pytest.approx(1)
    seen = (moved - moved.mean(axis=0)) @ front.T
    assert seen == pytest.approx((cloud - cloud.mean(axis=0)) @ front_rotation(cloud).T, abs=1e-6)
    spread = seen.std(axis=0)
    assert spread[0] >= spread[1] >= spread[2]


def test_a_symmetric_cloud_has_a_front_too() -> None:
    cloud = np.array([[3.0, 0, 0], [-3, 0, 0], [0, 2, 0], [0, -2, 0], [0, 0, 1], [0, 0, -1]])
    seen = cloud @ front_rotation(cloud).T
    assert np.abs(seen) == pytest.approx(np.abs(cloud))
    assert seen[0, 0] == pytest.approx(3)  # the first point lies to the right


def test_views_are_turns_from_the_front() -> None:
    for turn in VIEW_TURNS.values():
        assert turn @ turn.T == pytest.approx(np.eye(3), abs=1e-12)
        assert np.linalg.det(turn) == pytest.approx(1)
    # Who stands to the right of an object sees its right side in front.
    assert VIEW_TURNS["right"] @ [1, 0, 0] == pytest.approx([0, 0, 1])
    assert VIEW_TURNS["left"] @ [-1, 0, 0] == pytest.approx([0, 0, 1])
    assert VIEW_TURNS["top"] @ [0, 1, 0] == pytest.approx([0, 0, 1])
    assert VIEW_TURNS["bottom"] @ [0, -1, 0] == pytest.approx([0, 0, 1])
    assert VIEW_TURNS["back"] @ [0, 0, -1] == pytest.approx([0, 0, 1])


def test_frame_holds_all_points_with_a_margin() -> None:
    cloud = points(3)
    centre, half_width, half_depth = frame(cloud)
    reach = np.abs(cloud - centre).max(axis=0)
    assert half_width > max(reach[:2])
    assert half_width == pytest.approx(max(reach[:2]), abs=3)
    assert half_depth > reach[2]
