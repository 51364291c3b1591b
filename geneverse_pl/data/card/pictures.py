"""The pictures of a store: how many, how large, and which splits show the same ones."""

import io
from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geneverse_pl.data.card.overlap import IMAGE, Overlap
from geneverse_pl.data.store import TokenSplit, TokenStore

_MAX_OPENED = 1000


@dataclass(frozen=True, slots=True)
class PictureStatistics:
    """The pictures of a store.

    Args:
        num_distinct: Distinct pictures, by their bytes.
        num_by_split: Distinct pictures that each split shows.
        num_bytes: Bytes of all of them.
        mean_bytes: Mean bytes of one.
        num_opened: Pictures whose heads were read for format and size, evenly spread.
        formats: Those of each format.
        sizes: Those of each width and height in pixels, as ``128 x 128``, commonest first.
        mean_samples: Mean number of training samples that show a picture of the training split.
    """

    num_distinct: int
    num_by_split: dict[str, int]
    num_bytes: int
    mean_bytes: float
    num_opened: int
    formats: dict[str, int]
    sizes: dict[str, int]
    mean_samples: float


def picture_statistics(store: TokenStore, train: str) -> PictureStatistics | None:
    """Statistics of a store's pictures; None where it has none.

    Args:
        store: The store.
        train: Name of the training split.
    """
    images = store.images
    if not len(images):
        return None
    by_split = {name: len(store.split(name).image_numbers) for name in store.splits}
    opened = np.unique(np.linspace(0, len(images) - 1, _MAX_OPENED).astype(np.int64)).tolist()
    heads = [_head(images[number]) for number in opened]
    shown = _num_shown(store.split(train)) if train in store.splits else 0
    return PictureStatistics(
        num_distinct=len(images),
        num_by_split=by_split,
        num_bytes=int(images.num_bytes.sum()),
        mean_bytes=round(float(images.num_bytes.mean()), 1),
        num_opened=len(opened),
        formats=dict(Counter(form for form, _ in heads).most_common()),
        sizes=dict(Counter(size for _, size in heads).most_common(10)),
        mean_samples=round(shown / max(1, by_split.get(train, 0)), 2),
    )


def picture_overlap(store: TokenStore, train: str, other: str) -> Overlap:
    """The pictures that a split shares with the training split.

    Args:
        store: The store.
        train: Name of the training split.
        other: Name of the other one.
    """
    own = store.split(other).image_numbers
    shared = own[np.isin(own, store.split(train).image_numbers)]
    return Overlap(other, IMAGE, len(own), len(shared), _samples_with(store.split(other), shared))


def _samples_with(split: TokenSplit, shared: npt.NDArray[np.int64]) -> int:
    """Samples that show one of some pictures."""
    numbers, offsets = split.image_lists()
    if not len(numbers):
        return 0
    hits = np.concatenate([[0], np.cumsum(np.isin(numbers, shared))])
    return int((hits[offsets[1:]] > hits[offsets[:-1]]).sum())


def _num_shown(split: TokenSplit) -> int:
    """Pictures that samples show, counted for each sample."""
    return len(split.image_lists()[0])


def _head(data: bytes) -> tuple[str, str]:
    """Format and size of a picture, without decoding it."""
    from PIL import Image

    with Image.open(io.BytesIO(data)) as image:
        return str(image.format), f"{image.width} x {image.height}"
