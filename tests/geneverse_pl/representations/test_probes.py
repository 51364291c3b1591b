import numpy as np
import pytest
from sklearn.metrics import f1_score, roc_auc_score

from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.representations.items import Item
from geneverse_pl.representations.probes import MACRO_AUROC, MACRO_F1, probe

FEW = BootstrapSettings(num_resamples=100)


def test_statistics_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    codes, right = rng.integers(0, 4, 80), rng.integers(0, 4, 80)
    likelihoods = rng.dirichlet(np.ones(4), 80)
    assert MACRO_F1(right, codes) == pytest.approx(f1_score(codes, right, average="macro"))
    expected = roc_auc_score(codes, likelihoods, multi_class="ovr", average="macro")
    assert MACRO_AUROC(codes, np.zeros(80), *likelihoods.T) == pytest.approx(expected)
    halves = [
        roc_auc_score(codes[rows], likelihoods[rows], multi_class="ovr", average="macro")
        for rows in (slice(0, 40), slice(40, 80))
    ]
    folds = np.repeat([0, 1], 40)
    assert MACRO_AUROC(codes, folds, *likelihoods.T) == pytest.approx(np.mean(halves))


def test_macro_f1_by_hand() -> None:
    # Class 0: one hit, one false alarm, F1 2/3; class 1: none of one; class 2: right.
    right, codes = np.array([0, 0, 2]), np.array([0, 1, 2])
    assert MACRO_F1(right, codes) == pytest.approx((2 / 3 + 0 + 1) / 3)


def test_planted_classes_are_read_off(planted: tuple[list[Item], np.ndarray]) -> None:
    items, vectors = planted
    classes = [item.fields["family"] for item in items]
    found = probe(vectors, classes, [item.fields["group"] for item in items], FEW)
    assert found.accuracy.value == found.macro_f1.value == found.auroc.value == 1.0


def test_random_vectors_are_at_chance() -> None:
    rng = np.random.default_rng(0)
    classes = [f"{number % 3}" for number in range(150)]
    found = probe(rng.normal(size=(150, 20)), classes, None, FEW)
    assert found.auroc.low < 0.5 < found.auroc.high
    assert found.accuracy.low < 1 / 3 < found.accuracy.high


def test_majority_predicts_one_class(planted: tuple[list[Item], np.ndarray]) -> None:
    _, vectors = planted
    classes = ["common"] * 30 + ["rare"] * 10
    found = probe(vectors, classes, None, FEW, majority=True)
    assert found.accuracy.value == 0.75
    assert found.macro_f1.value == pytest.approx((2 * 30 / 70) / 2)
    assert found.auroc.value == 0.5


def test_dimensions_that_hold_little_are_not_blown_up_on_one_scale() -> None:
    rng = np.random.default_rng(0)
    vectors = np.concatenate([rng.normal(size=(60, 1)), 1e-3 * rng.normal(size=(60, 300))], axis=1)
    classes = ["ab"[int(value > 0)] for value in vectors[:, 0]]
    by_dimension, together = (probe(vectors, classes, None, FEW, one_scale=one) for one in (False, True))
    assert together.accuracy.value > 0.9 > by_dimension.accuracy.value


def test_a_group_is_never_in_training_and_test() -> None:
    # Each group has a mark of its own that tells its class; what is learned of one says nothing of another.
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), 5)
    classes = ["ab"[group % 2] for group in rng.permutation(20)[groups]]
    vectors = np.eye(20)[groups] + 0.01 * rng.normal(size=(100, 20))
    apart = probe(vectors, classes, [str(group) for group in groups], FEW)
    mixed = probe(vectors, classes, None, FEW)
    assert mixed.accuracy.value == 1.0
    assert apart.accuracy.value < 0.8


def test_fewer_groups_than_folds_are_refused(planted: tuple[list[Item], np.ndarray]) -> None:
    items, vectors = planted
    classes = [item.fields["family"] for item in items]
    with pytest.raises(ConfigError, match=r"at least as many groups as folds \(5\), got 2"):
        probe(vectors, classes, classes, FEW)
