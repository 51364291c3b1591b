"""ExactMatch."""

import pickle

import pytest
import torch

from geneverse_pl.metrics.exact_match import ExactMatch


def test_share_by_hand() -> None:
    metric = ExactMatch()
    metric.update(
        ["X-linked recessive.", "Autosomal dominant"], ["x linked Recessive", "autosomal recessive"]
    )
    metric.update(["", "the BRCA1 gene"], ["BRCA1", "BRCA1 gene"])
    assert metric.compute().item() == pytest.approx(1 / 4)


def test_articles_count_unless_told() -> None:
    metric = ExactMatch(strip_articles=True)
    metric.update(["the BRCA1 gene"], ["BRCA1 gene"])
    assert metric.compute() == 1.0


def test_pickle_keeps_the_state() -> None:
    metric = ExactMatch()
    metric.update(["a", "b"], ["a", "c"])
    assert pickle.loads(pickle.dumps(metric)).compute() == 0.5
    metric.reset()
    metric.update([], [])
    assert torch.isnan(metric.compute())


def test_arguments_are_checked() -> None:
    with pytest.raises(ValueError, match="must have equal length, got 1 and 0"):
        ExactMatch().update(["a"], [])
    with pytest.raises(TypeError, match="must be lists of texts, got a single text"):
        ExactMatch().update("a", ["a"])
