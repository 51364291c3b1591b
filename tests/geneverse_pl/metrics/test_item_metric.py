"""What all metrics of answers share."""

import pickle

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from geneverse_pl.evaluation.bootstrap import bootstrap_interval
from geneverse_pl.evaluation.statistics import MEAN
from geneverse_pl.metrics import Bleu, Calibration, ItemMetric, Ranking, Rouge, SetScore, TokenF1

TEXT = st.lists(
    st.sampled_from(["TP53", "binds", "the", "DNA", "of", "CD4+", "cells"]), min_size=1, max_size=8
).map(" ".join)
PAIRS = st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=6)


@given(pairs=PAIRS, order=st.randoms(use_true_random=False))
def test_scores_stay_in_range_whatever_the_order_and_batches(
    pairs: list[tuple[str, str]], order: object
) -> None:
    for build in (TokenF1, Rouge, Bleu):
        whole, parts = build(), build()
        whole.update(*zip(*pairs, strict=True))
        shuffled = list(pairs)
        order.shuffle(shuffled)  # type: ignore[attr-defined]
        for predicted, gold in shuffled:
            parts.update([predicted], [gold])
        assert all(0 <= value <= 1 + 1e-6 for value in whole.compute().values())
        for name, value in whole.compute().items():
            assert float(parts.compute()[name]) == pytest.approx(float(value), abs=1e-5)
        for values in whole.items().values():
            assert len(values) == len(pairs)


@given(text=TEXT)
def test_the_true_text_scores_1(text: str) -> None:
    for metric, names in (
        (TokenF1(), ["token_f1"]),
        (Rouge(), ["rouge_1", "rouge_l"]),
        (Bleu(), ["sentence_bleu"]),
    ):
        metric.update([text], [text])
        assert [float(metric.compute()[name]) for name in names] == pytest.approx([1.0] * len(names))


def test_values_of_answers_are_what_the_bootstrap_takes() -> None:
    metric = TokenF1()
    metric.update(["a b", "c"], ["a b", "d"])
    metric.update(["a"], ["a b"])
    values = metric.items()["token_f1"]
    assert values.tolist() == pytest.approx([1.0, 0.0, 2 / 3])
    interval = bootstrap_interval(MEAN, values.numpy(), groups=["g", "g", "h"], num_resamples=50)
    assert interval.value == pytest.approx(float(metric.compute()["token_f1"]))
    assert interval.low < interval.value < interval.high


@pytest.mark.parametrize("metric", [TokenF1(), Rouge(), Bleu(), Ranking(), SetScore(), Calibration()])
def test_nothing_gives_nan_and_a_reset_forgets(metric: ItemMetric) -> None:
    metric.update([], [])
    assert all(torch.isnan(value) for value in metric.compute().values())
    assert metric.compute().keys() == pickle.loads(pickle.dumps(metric)).compute().keys()


@pytest.mark.parametrize("metric", [TokenF1(), Rouge(), Bleu()])
def test_arguments_are_checked(metric: ItemMetric) -> None:
    with pytest.raises(TypeError, match="must be lists of texts, got a single text"):
        metric.update("a", ["a"])
    with pytest.raises(ValueError, match="must have equal length, got 1 and 2"):
        metric.update(["a"], ["a", "b"])
    with pytest.raises(ValueError, match="true text must hold at least one word, got '...'"):
        metric.update(["a"], ["..."])
    metric.update([""], ["a"])
    assert all(float(value) == 0.0 for value in metric.compute().values())
    metric.reset()
    assert len(metric.stacked()) == 0
