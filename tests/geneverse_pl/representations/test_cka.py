import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geneverse_pl.representations.cka import cka_interval, linear_cka


def song_hsic(one: np.ndarray, other: np.ndarray) -> float:
    """The unbiased estimator as Song et al. write it, over kernels without diagonal."""
    first, second = one @ one.T, other @ other.T
    np.fill_diagonal(first, 0.0)
    np.fill_diagonal(second, 0.0)
    n, ones = len(one), np.ones(len(one))
    total = (ones @ first @ ones) * (ones @ second @ ones) / ((n - 1) * (n - 2))
    both = 2 * (ones @ first @ second @ ones) / (n - 2)
    return float((np.trace(first @ second) + total - both) / (n * (n - 3)))


def test_by_hand() -> None:
    # Centred columns (-1, 0, 1) and (1, -2, 1): |y'x|^2 = 0, and with itself 1.
    line, bow = np.array([[0.0], [1.0], [2.0]]), np.array([[1.0], [-2.0], [1.0]])
    assert linear_cka(line, line) == pytest.approx(1.0)
    assert linear_cka(line, bow) == pytest.approx(0.0)
    # (-1, 0, 1) against (-1, 1, 0): |y'x|^2 = 1, |x'x| = |y'y| = 2, so 1 / 4.
    assert linear_cka(line, np.array([[0.0], [2.0], [1.0]])) == pytest.approx(0.25)


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.floats(0.01, 100), st.booleans())
def test_rotation_scale_and_shift_change_nothing(seed: int, scale: float, debiased: bool) -> None:
    rng = np.random.default_rng(seed)
    one, other = rng.normal(size=(12, 5)), rng.normal(size=(12, 7))
    rotation, _ = np.linalg.qr(rng.normal(size=(5, 5)))
    moved = scale * (one @ rotation) + rng.normal(size=5)
    assert linear_cka(one, moved, debiased=debiased) == pytest.approx(1.0)
    found = linear_cka(moved, other, debiased=debiased)
    assert found == pytest.approx(linear_cka(one, other, debiased=debiased), abs=1e-9)
    assert found == pytest.approx(linear_cka(other, moved, debiased=debiased))


@pytest.mark.parametrize("widths", [(3, 4), (30, 25)])
def test_debiased_form_is_that_of_song(widths: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    one, other = (rng.normal(size=(15, width)) for width in widths)
    other[:, :3] += one[:, :3]
    expected = song_hsic(one, other) / np.sqrt(song_hsic(one, one) * song_hsic(other, other))
    assert linear_cka(one, other, debiased=True) == pytest.approx(expected)


def test_wide_unrelated_vectors_look_alike_unless_debiased() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(50, 400)), rng.normal(size=(50, 400))
    assert linear_cka(one, other) > 0.8
    assert abs(linear_cka(one, other, debiased=True)) < 0.1


def test_interval_holds_the_value() -> None:
    rng = np.random.default_rng(0)
    one = rng.normal(size=(60, 4))
    found = cka_interval(one, one + rng.normal(size=(60, 4)), [str(row // 2) for row in range(60)])
    assert 0 < found.low < found.value < found.high < 1
    assert found.high - found.low < 0.6


def test_what_cannot_be_compared() -> None:
    assert np.isnan(linear_cka(np.ones((5, 2)), np.ones((5, 2))))
    assert np.isnan(linear_cka(np.eye(3), np.eye(3), debiased=True))
    with pytest.raises(ValueError, match="same items, got 3 and 4"):
        linear_cka(np.eye(3), np.eye(4))
