"""How well pictures find their captions, and captions their pictures.

Letters: Q queries, C candidates, I images, T captions, D width of the common space.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.evaluation.statistics import MEAN
from geneverse_pl.evaluation.text_report import ItemResult

Vectors = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

DEPTHS = (1, 5, 10)
IMAGE, CAPTION, TEXT_ID, CHOICE_CAPTIONS = "image", "caption", "text_id", "choice_captions"
_ROWS = 1024  # queries that are compared with all candidates at a time


@dataclass
class Places:
    """Where a model puts pictures and captions, each ``(D,)`` of length 1.

    Args:
        images: Places of pictures by number.
        texts: Places of captions by their text.
        scale: What the model multiplies similarities by, > 0.
    """

    images: dict[int, Vectors] = field(default_factory=dict)
    texts: dict[str, Vectors] = field(default_factory=dict)
    scale: float = 1.0

    def similarity(self, image: int, captions: Sequence[str]) -> list[float]:
        """Scaled cosine of a picture and each of some captions."""
        place = self.images[image]
        return [self.scale * float(place @ self.texts[caption]) for caption in captions]

    def with_images(self, shown: Callable[[int], int]) -> "Places":
        """The same model where other pictures are shown in place of the true ones.

        Args:
            shown: Gives the number of the picture that stands for another.
        """
        return Places({image: self.images[shown(image)] for image in self.images}, self.texts, self.scale)


def first_match_ranks(queries: Vectors, candidates: Vectors, matches: Bools) -> Ints:
    """Rank of the first true candidate of each query, ``(Q,)``, from 1.

    It is one more than the wrong candidates that do not lie further off. A tie thus counts as lost, and so
    does NaN: a model that puts everything in one place, or nowhere, finds nothing.

    Args:
        queries: ``(Q, D)``.
        candidates: ``(C, D)``.
        matches: Which candidates are true of each query, ``(Q, C)``, at least one in each row.
    """
    ranks = np.empty(len(queries), np.int64)
    for start in range(0, len(queries), _ROWS):
        rows = slice(start, start + _ROWS)
        values = queries[rows] @ candidates.T
        best = np.where(matches[rows], values, -np.inf).max(axis=1, keepdims=True)
        ranks[rows] = 1 + (~(values < best) & ~matches[rows]).sum(axis=1)
    return ranks


def zero_shot(results: Iterable[ItemResult], models: Mapping[str, Places]) -> list[ItemResult]:
    """The closed questions among some results, answered by the caption nearest to the picture.

    Args:
        results: The questions; their metadata have ``image`` and, where closed, ``choice_captions``.
        models: Places by name of a model or control.

    Returns:
        The closed ones with a value for each choice, by name, in ``choices``.
    """
    closed = [result for result in results if CHOICE_CAPTIONS in result.metadata]
    for result in closed:
        image, captions = int(result.metadata[IMAGE]), list(result.metadata[CHOICE_CAPTIONS])
        for name, places in models.items():
            result.choices[name] = places.similarity(image, captions)
    return closed


def retrieval_scores(
    results: Iterable[ItemResult],
    models: Mapping[str, Places],
    matches: Callable[[Sequence[int], Sequence[int]], Bools],
    bootstrap: BootstrapSettings,
) -> list[Score]:
    """Recall at 1, 5 and 10 and median rank of each split, from pictures to captions and back.

    Every picture and every distinct caption of the split is asked for once. Recall at a depth is the share of
    queries with a match among their first candidates; depths as large as the number of candidates, which
    nothing could miss, are left out.

    Args:
        results: The pairs; their metadata have ``image``, ``caption``, ``text_id`` and ``group``.
        models: Places by name of a model or control.
        matches: Gives ``(I, T)``: which captions, by ``text_id``, belong to which images.
        bootstrap: How intervals are computed; whole split groups are resampled, and a caption of several
            groups is a group of its own.
    """
    splits: dict[str, list[ItemResult]] = defaultdict(list)
    for result in results:
        splits[result.split].append(result)
    scores: list[Score] = []
    for split, items in sorted(splits.items()):
        images = sorted({int(item.metadata[IMAGE]) for item in items})
        texts = {int(item.metadata[TEXT_ID]): str(item.metadata[CAPTION]) for item in items}
        true = matches(images, list(texts))
        by_image, by_text = _groups(items, IMAGE), _groups(items, TEXT_ID)
        for name, places in models.items():
            of_images = np.stack([places.images[image] for image in images])
            of_texts = np.stack([places.texts[text] for text in texts.values()])
            about: dict[str, Any] = {"split": split, "model": name, "bootstrap": bootstrap}
            forth = first_match_ranks(of_images, of_texts, true)
            back = first_match_ranks(of_texts, of_images, true.T)
            groups = [by_image[image] for image in images]
            scores += _rank_scores(forth, len(texts), groups, task="retrieval/image_to_text", **about)
            groups = [by_text[text] for text in texts]
            scores += _rank_scores(back, len(images), groups, task="retrieval/text_to_image", **about)
    return sorted(scores, key=lambda score: (score.task, score.split))


def _rank_scores(
    ranks: Ints,
    num_candidates: int,
    groups: Sequence[str],
    *,
    task: str,
    split: str,
    model: str,
    bootstrap: BootstrapSettings,
) -> list[Score]:
    if num_candidates < 2:
        return []
    columns: dict[str, tuple[Any, npt.NDArray[Any]]] = {
        f"recall_at_{depth}": (MEAN, ranks <= depth) for depth in DEPTHS if depth < num_candidates
    }
    columns["median_rank"] = (np.median, ranks)
    scores = []
    for metric, (statistic, values) in columns.items():
        interval = bootstrap.interval(
            statistic,
            values,
            groups=groups,
        )
        scores.append(Score.from_interval(task, split, metric, model, interval))
    return scores


def _groups(items: Sequence[ItemResult], by: str) -> dict[int, str]:
    """Split group of each image or caption; one that lies in several is a group of its own."""
    found: dict[int, set[str]] = defaultdict(set)
    for item in items:
        found[int(item.metadata[by])].add(str(item.metadata.get("group", "")))
    own = {key: f"{by} {key}" for key in found}
    return {key: (min(names) or own[key]) if len(names) == 1 else own[key] for key, names in found.items()}
