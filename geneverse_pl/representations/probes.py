"""Linear probes: can a class be read off the vectors by a plane?

Letters: N items, D width, C classes, R resamples.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from geneverse_pl.evaluation.bootstrap import BootstrapSettings, Interval
from geneverse_pl.evaluation.statistics import AUROC, MEAN, Floats, Statistic
from geneverse_pl.exceptions import ConfigError

_MAX_STEPS = 2000


@dataclass(frozen=True)
class ProbeScores:
    """What a probe reads off vectors it was not fitted on.

    Args:
        accuracy: Share of right classes, in [0, 1].
        macro_f1: Mean over the classes of F1, in [0, 1].
        auroc: Mean over the classes of one-against-rest AUROC within a fold, in [0, 1].
    """

    accuracy: Interval
    macro_f1: Interval
    auroc: Interval


def probe(
    vectors: npt.NDArray[np.floating],
    classes: Sequence[str],
    groups: Sequence[str] | None,
    bootstrap: BootstrapSettings,
    *,
    num_folds: int = 5,
    seed: int = 0,
    majority: bool = False,
    one_scale: bool = False,
) -> ProbeScores:
    """Logistic regression by cross-validation, each item predicted by a probe that has not seen its group.

    Dimensions are brought to mean 0 and deviation 1 on the training folds; the penalty is scikit-learn's
    (L2, ``C`` 1). Folds have like shares of the classes as far as groups allow. Predictions of all folds are
    scored together, but for AUROC, which compares items of one fold: likelihoods of two probes are on two
    scales, and a constant one would come out below 0.5. Bootstrap intervals are over groups, and hold for the
    folds as they are.

    Args:
        vectors: ``(N, D)``.
        classes: Class of each item, length N; at least two, each in at least ``num_folds`` items.
        groups: Group of each item, never parted between folds; None for items apart.
        bootstrap: How intervals are computed.
        num_folds: Number of folds, >= 2.
        seed: Seed of the folds.
        majority: Predict the shares of the classes in the training folds instead: the majority control.
        one_scale: Bring all dimensions together to a mean deviation of 1, for vectors whose later dimensions
            hold little and would be blown up.

    Raises:
        ConfigError: If there are fewer groups than folds.
    """
    names, codes = np.unique(np.asarray(classes), return_inverse=True)
    keys = [str(row) for row in range(len(codes))] if groups is None else list(groups)
    if len(set(keys)) < num_folds:
        raise ConfigError(
            f"A probe needs at least as many groups as folds ({num_folds}), got {len(set(keys))}. Choose "
            "another column of groups, or none."
        )
    wide = vectors.astype(np.float64)
    likelihoods, folds = _predicted(wide, codes, keys, num_folds, seed, majority, one_scale)
    right = likelihoods.argmax(axis=1)
    columns = [likelihoods[:, place] for place in range(len(names))]
    return ProbeScores(
        bootstrap.interval(MEAN, (right == codes).astype(np.float64), groups=keys),
        bootstrap.interval(MACRO_F1, right, codes, groups=keys),
        bootstrap.interval(MACRO_AUROC, codes, folds, *columns, groups=keys),
    )


def _predicted(
    vectors: Floats,
    codes: npt.NDArray[np.intp],
    groups: Sequence[str],
    num_folds: int,
    seed: int,
    majority: bool,
    one_scale: bool,
) -> tuple[Floats, npt.NDArray[np.intp]]:
    """Likelihood of each class, ``(N, C)``, 0 for those the training folds lack; and fold of each item."""
    from sklearn.decomposition import PCA
    from sklearn.dummy import DummyClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold
    from sklearn.pipeline import make_pipeline

    likelihoods = np.zeros((len(codes), int(codes.max()) + 1))
    fold_of = np.zeros(len(codes), dtype=np.intp)
    folds = StratifiedGroupKFold(num_folds, shuffle=True, random_state=seed)
    for number, (train, test) in enumerate(folds.split(vectors, codes, np.asarray(groups))):
        if majority or len(set(codes[train].tolist())) < 2:  # a regression needs two
            model: Any = DummyClassifier(strategy="prior")
        else:
            # An L2 penalty does not see a rotation, so that as many axes as training items give the same fit.
            model = make_pipeline(PCA(svd_solver="full"), LogisticRegression(max_iter=_MAX_STEPS))
        centre, scale = _scaling(vectors[train], one_scale)
        model.fit((vectors[train] - centre) / scale, codes[train])
        likelihoods[np.ix_(test, model.classes_)] = model.predict_proba((vectors[test] - centre) / scale)
        fold_of[test] = number
    return likelihoods, fold_of


def _scaling(vectors: Floats, one_scale: bool) -> tuple[Floats, Floats]:
    """Mean of each dimension, and what it is divided by."""
    variance = vectors.var(axis=0)
    if one_scale:
        variance = np.full_like(variance, variance.mean())
    return vectors.mean(axis=0), np.sqrt(np.where(variance > 0, variance, 1.0))


def _macro(values: Sequence[Floats]) -> Floats:
    """Mean over the classes or folds ``(R,)``, without those that a resample has nothing of."""
    stacked = np.stack(values)
    defined = ~np.isnan(stacked)
    count = defined.sum(axis=0)
    total = np.where(defined, stacked, 0.0).sum(axis=0)
    mean: Floats = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
    return mean


def _macro_f1(weights: Floats, predicted: npt.NDArray[Any], codes: npt.NDArray[Any]) -> Floats:
    values = []
    for code in np.unique(np.concatenate([predicted, codes])):
        said, true = predicted == code, codes == code
        hits, total = weights @ (said & true), weights @ said + weights @ true
        values.append(np.divide(2 * hits, total, out=np.full(len(total), np.nan), where=total > 0))
    return _macro(values)


def _macro_auroc(
    weights: Floats, codes: npt.NDArray[Any], folds: npt.NDArray[Any], *likelihoods: npt.NDArray[Any]
) -> Floats:
    values = []
    for code, one in enumerate(likelihoods):
        rows = [np.flatnonzero(folds == fold) for fold in np.unique(folds)]
        within = [AUROC.weighted(weights[:, own], one[own], codes[own] == code) for own in rows]
        values.append(_macro(within))
    return _macro(values)


MACRO_F1 = Statistic("macro_f1", _macro_f1)
"""Mean over classes of F1 of ``predicted (N,)`` and ``codes (N,)``, as scikit-learn's macro average."""

MACRO_AUROC = Statistic("macro_auroc", _macro_auroc, needs="items of two classes")
"""Mean over classes and folds of AUROC of ``codes (N,)``, class numbers, ``folds (N,)``, and C columns of
likelihoods ``(N,)``."""
