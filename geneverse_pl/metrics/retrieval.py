"""Retrieval between pictures and captions.

Letters: B pairs of a batch, D width of the common space.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from geneverse_pl.evaluation.retrieval import DEPTHS, Vectors, first_match_ranks


class ImageTextRetrieval(Metric):
    """Recall at 1, 5 and 10 and median rank, from pictures to captions and back.

    Every picture and every caption is asked for once, however many pairs it is in. What belongs together is
    told by their numbers: a query with several matches has found one as soon as the first is found, and the
    others do not stand in its way. Ties with wrong candidates count as lost.

    ``compute`` gives ``image_to_text_recall_at_1`` and so on (range [0, 1], higher is better) and
    ``image_to_text_median_rank`` (from 1, lower is better), and the same as ``text_to_image_…``; all NaN
    before the first pair.

    Args:
        **kwargs: Options of :class:`torchmetrics.Metric`.
    """

    is_differentiable = False
    higher_is_better = None
    full_state_update = False

    image_places: list[Tensor]
    text_places: list[Tensor]
    image_ids: list[Tensor]
    text_ids: list[Tensor]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name in ("image_places", "text_places", "image_ids", "text_ids"):
            self.add_state(name, default=[], dist_reduce_fx="cat")

    def update(self, images: Tensor, texts: Tensor, image_ids: Tensor, text_ids: Tensor) -> None:
        """Add pairs, each of a picture and a caption that belong together.

        Args:
            images: Where the pictures lie, ``(B, D)``, of length 1.
            texts: Where the captions lie, ``(B, D)``, of length 1.
            image_ids: Numbers of the pictures, ``(B,)``.
            text_ids: Numbers of the captions, ``(B,)``.

        Raises:
            ValueError: If the shapes do not agree.
        """
        shapes = [tuple(value.shape) for value in (images, texts, image_ids, text_ids)]
        if images.ndim != 2 or shapes != [shapes[0], shapes[0], shapes[0][:1], shapes[0][:1]]:
            raise ValueError(
                f"images and texts must have one shape (B, D), and their ids (B,), got {shapes}. Give one "
                "pair a row."
            )
        self.image_places.append(images.detach().float())
        self.text_places.append(texts.detach().float())
        self.image_ids.append(image_ids)
        self.text_ids.append(text_ids)

    def compute(self) -> dict[str, Tensor]:
        """The scores over all pairs, see the class."""
        if len(self.image_places) == 0:  # a tensor once ranks are joined, which has no truth value
            empty = np.zeros(0, np.int64)
            return self._summary("image_to_text", empty) | self._summary("text_to_image", empty)
        images, rows = _distinct(dim_zero_cat(self.image_ids), dim_zero_cat(self.image_places))
        texts, columns = _distinct(dim_zero_cat(self.text_ids), dim_zero_cat(self.text_places))
        matches = np.zeros((len(images), len(texts)), np.bool_)
        matches[rows, columns] = True
        forth = first_match_ranks(images, texts, matches)
        back = first_match_ranks(texts, images, matches.T)
        return self._summary("image_to_text", forth) | self._summary("text_to_image", back)

    def _summary(self, direction: str, ranks: np.ndarray[Any, np.dtype[np.int64]]) -> dict[str, Tensor]:
        found = {f"recall_at_{depth}": (ranks <= depth).mean() if len(ranks) else np.nan for depth in DEPTHS}
        found["median_rank"] = np.median(ranks) if len(ranks) else np.nan
        return {
            f"{direction}_{name}": torch.tensor(float(value), device=self.device)
            for name, value in found.items()
        }


def _distinct(ids: Tensor, places: Tensor) -> tuple[Vectors, np.ndarray[Any, np.dtype[np.int64]]]:
    """The place of each distinct id, and which of them each row is."""
    unique, rows = ids.unique(return_inverse=True)
    distinct = places.new_empty(len(unique), places.shape[1])
    distinct[rows] = places
    return distinct.cpu().numpy(), rows.cpu().numpy()
