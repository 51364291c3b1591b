"""Tests of two models on the same questions: McNemar's, and Holm's correction for several of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

EXACT_BELOW = 25


@dataclass(frozen=True)
class McNemar:
    """Whether two models are right equally often on the same questions.

    Args:
        only_a: Questions that the first alone answers rightly, >= 0.
        only_b: Questions that the second alone answers rightly, >= 0.
        p: Two-sided p-value, in (0, 1].
        method: ``exact`` or ``chi_squared``.
    """

    only_a: int
    only_b: int
    p: float
    method: Literal["exact", "chi_squared"]


def mcnemar(right_a: npt.ArrayLike, right_b: npt.ArrayLike) -> McNemar:
    """McNemar's test (McNemar 1947, Psychometrika 12:153) of right and wrong answers.

    With fewer than 25 questions on which the two differ, the exact binomial test of one half; else
    ``(|b - c| - 1)^2 / (b + c)``, chi-squared with one degree of freedom (Edwards 1948, Psychometrika
    13:185). The questions count as independent of each other.

    Args:
        right_a: Which answers of the first model are right, ``(N,)``.
        right_b: Which of the second, ``(N,)``.

    Raises:
        ValueError: If the lengths differ.
    """
    a, b = np.asarray(right_a, bool), np.asarray(right_b, bool)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"right_a and right_b must have one shape (N,), got {a.shape} and {b.shape}.")
    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    differing = only_a + only_b
    if differing < EXACT_BELOW:
        tail = sum(math.comb(differing, k) for k in range(min(only_a, only_b) + 1))
        return McNemar(only_a, only_b, min(1.0, 2 * tail / 2**differing), "exact")
    statistic = max(0, abs(only_a - only_b) - 1) ** 2 / differing
    # With one degree of freedom it is the square of a normal number.
    return McNemar(only_a, only_b, math.erfc(math.sqrt(statistic / 2)), "chi_squared")


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values of several tests (Holm 1979, Scand. J. Statist. 6:65), in the order given.

    The chance that any of those below a level is there by luck is at most that level, however the tests hang
    together.

    Args:
        p_values: P-values in [0, 1].
    """
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted
