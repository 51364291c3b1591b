"""McNemar's test and Holm's correction, by hand and beside SciPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from geneverse_pl.evaluation.paired_tests import holm, mcnemar


def answers(both: int, only_a: int, only_b: int, neither: int) -> tuple[list[bool], list[bool]]:
    a = [True] * (both + only_a) + [False] * (only_b + neither)
    b = [True] * both + [False] * only_a + [True] * only_b + [False] * neither
    return a, b


def test_few_differences_are_tested_exactly() -> None:
    test = mcnemar(*answers(10, 1, 6, 3))
    assert (test.only_a, test.only_b, test.method) == (1, 6, "exact")
    assert test.p == pytest.approx(2 * (1 + 7) / 2**7)  # none or one of seven tosses, either way


def test_many_differences_are_tested_by_chi_squared() -> None:
    test = mcnemar(*answers(100, 10, 30, 7))
    assert test.method == "chi_squared"
    assert test.p == pytest.approx(stats.chi2.sf((abs(10 - 30) - 1) ** 2 / 40, df=1))


def test_from_25_differences_on_it_is_chi_squared() -> None:
    assert mcnemar(*answers(0, 12, 12, 0)).method == "exact"
    assert mcnemar(*answers(0, 12, 13, 0)).method == "chi_squared"
    assert mcnemar(*answers(0, 12, 13, 0)).p == 1.0


def test_models_that_never_differ_are_no_different() -> None:
    assert mcnemar([True, False], [True, False]).p == 1.0


@given(st.integers(0, 24), st.integers(0, 24))
def test_the_exact_test_is_that_of_scipy(only_a: int, only_b: int) -> None:
    test = mcnemar(*answers(3, only_a, only_b, 2))
    mirrored = mcnemar(*reversed(answers(3, only_a, only_b, 2)))
    assert mirrored.p == pytest.approx(test.p)
    if 0 < only_a + only_b < 25:
        assert test.p == pytest.approx(stats.binomtest(only_a, only_a + only_b).pvalue)


def test_answers_of_other_questions_are_refused() -> None:
    with pytest.raises(ValueError, match=r"must have one shape \(N,\), got \(2,\) and \(1,\)"):
        mcnemar([True, False], [True])


def test_holm_by_hand() -> None:
    # 4 * 0.01, then 3 * 0.02, then 2 * 0.03 = 0.06 like it, then 0.5.
    assert holm([0.5, 0.01, 0.03, 0.02]) == pytest.approx([0.5, 0.04, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_keeps_the_order_and_lowers_nothing(p_values: list[float]) -> None:
    adjusted = np.array(holm(p_values))
    order = np.argsort(p_values, kind="stable")
    assert (np.diff(adjusted[order]) >= 0).all()
    assert (adjusted >= p_values).all()
    assert (adjusted <= np.minimum(1, len(p_values) * np.array(p_values))).all()
