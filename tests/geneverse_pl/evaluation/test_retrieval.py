"""Scores of retrieval and of zero-shot answers, by hand."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.retrieval import Places, first_match_ranks, retrieval_scores, zero_shot
from geneverse_pl.evaluation.text_report import ItemResult

BOOTSTRAP = BootstrapSettings(num_resamples=50)


def at(degrees: float) -> Any:
    radians = math.radians(degrees)
    return np.array([math.cos(radians), math.sin(radians)], np.float32)


def pair(image: int, text: int, split: str = "held_out", group: str = "", **more: Any) -> ItemResult:
    about = {"image": image, "caption": f"text {text}", "text_id": text, "group": group or f"g{image}"}
    return ItemResult(split, {"kind": "choice/colour", **about, **more}, 0)


def matches(pairs: Sequence[tuple[int, int]]) -> Any:
    return lambda images, texts: np.array([[(i, t) in pairs for t in texts] for i in images])


def test_ranks_of_the_first_match() -> None:
    queries = np.stack([at(0), at(10), at(90)])
    candidates = np.stack([at(0), at(20), at(40), at(60)])
    true = np.array([[0, 0, 1, 0], [1, 0, 0, 1], [0, 0, 1, 1]], bool)
    # The second query lies as near to a wrong candidate as to its own.
    assert first_match_ranks(queries, candidates, true).tolist() == [3, 2, 1]


def test_many_queries_are_ranked_in_parts() -> None:
    rng = np.random.default_rng(0)
    queries, candidates = (rng.normal(size=(n, 4)).astype(np.float32) for n in (2500, 7))
    true = np.arange(7) == rng.integers(0, 7, 2500)[:, None]
    values = queries @ candidates.T
    expected = [1 + int((row > row[hit][0]).sum()) for row, hit in zip(values, true, strict=True)]
    assert first_match_ranks(queries, candidates, true).tolist() == expected


def test_scores_of_both_directions_and_splits() -> None:
    # Pictures 0 and 1 share caption 0, picture 2 has captions 1 and 2.
    held_out = [pair(0, 0), pair(1, 0), pair(2, 1), pair(2, 2)]
    results = [*held_out, pair(0, 0, "memorised"), pair(3, 3, "memorised")]
    images = {0: at(0), 1: at(50), 2: at(90), 3: at(200)}
    texts = {"text 0": at(0), "text 1": at(60), "text 2": at(90), "text 3": at(200)}
    known = [(0, 0), (1, 0), (2, 1), (2, 2), (3, 3)]
    scores = retrieval_scores(results, {"tuned": Places(images, texts)}, matches(known), BOOTSTRAP)
    found: dict[Any, Any] = {(s.task, s.split, s.metric): (s.value, s.n) for s in scores}
    # Picture 1 is nearest to caption 1, then to caption 2, then to its own.
    assert found["retrieval/image_to_text", "held_out", "recall_at_1"] == (pytest.approx(2 / 3), 3)
    assert found["retrieval/image_to_text", "held_out", "median_rank"] == (1.0, 3)
    # Caption 1 is nearest to picture 1.
    assert found["retrieval/text_to_image", "held_out", "recall_at_1"] == (pytest.approx(2 / 3), 3)
    assert found["retrieval/text_to_image", "memorised", "recall_at_1"] == (1.0, 2)
    assert not any("recall_at_5" in metric for _, _, metric in found)  # three candidates


def test_a_split_with_one_caption_is_left_out() -> None:
    places = Places({0: at(0), 1: at(9)}, {"text 0": at(0)})
    known = matches([(0, 0), (1, 0)])
    scores = retrieval_scores([pair(0, 0), pair(1, 0)], {"tuned": places}, known, BOOTSTRAP)
    assert [(s.task, s.metric) for s in scores] == [
        ("retrieval/text_to_image", "recall_at_1"),
        ("retrieval/text_to_image", "median_rank"),
    ]


def test_whole_groups_are_resampled() -> None:
    # Eight pictures of two groups, those of one found, of the other not.
    images = {i: at(10 * i) for i in range(8)}
    texts = {f"text {i}": at(10 * i + (200 if i < 4 else 0)) for i in range(8)}
    results = [pair(i, i, group="left" if i < 4 else "right") for i in range(8)]
    known = matches([(i, i) for i in range(8)])
    scores = retrieval_scores(results, {"tuned": Places(images, texts)}, known, BOOTSTRAP)
    [score] = [s for s in scores if (s.task, s.metric) == ("retrieval/image_to_text", "recall_at_1")]
    assert (score.low, score.value, score.high) == (0.0, 0.5, 1.0)


def test_closed_questions_are_answered_by_the_nearest_caption() -> None:
    places = Places({0: at(0), 1: at(90)}, {"red": at(10), "blue": at(80)}, scale=2.0)
    closed = pair(0, 0, choices=["r", "b"], choice_captions=["red", "blue"])
    shown = {"tuned": places, "shuffled_image": places.with_images(lambda image: 1 - image)}
    assert zero_shot([closed, pair(1, 1)], shown) == [closed]
    near, far = 2 * math.cos(math.radians(10)), 2 * math.cos(math.radians(80))
    assert closed.choices["tuned"] == pytest.approx([near, far])
    assert closed.choices["shuffled_image"] == pytest.approx([far, near])


def test_a_model_whose_places_are_no_numbers_finds_nothing() -> None:
    nowhere, somewhere = np.full((2, 2), np.nan, np.float32), np.stack([at(0), at(20), at(40)])
    true = np.array([[1, 0, 0], [0, 1, 0]], bool)
    assert first_match_ranks(nowhere, somewhere, true).tolist() == [3, 3]
    assert first_match_ranks(somewhere[:2], nowhere, true[:, :2]).tolist() == [2, 2]
