"""A tokenized sample: what the store holds and the collate functions put into batches."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

# Holds the place of one image token; no tokenizer gives it, and batches never show it to a model.
IMAGE_TOKEN = -1


def _no_images() -> npt.NDArray[np.int64]:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class EncodedSample:
    """The token ids of one prompt and answer, and which of them are learned.

    Args:
        input_ids: Token ids, ``(T,)`` int32; ``IMAGE_TOKEN`` in each place that an image fills.
        trained: True where the token counts in the loss, ``(T,)`` bool.
        prefix_length: Number of first tokens, in ``[0, T]``, that all samples of the same
            ``prefix_group`` begin with; packed samples can share their computation.
        prefix_group: Number of the group, -1 where nothing is shared.
        metadata: What evaluation needs; JSON-able.
        images: Numbers of its images in the store, ``(m,)`` int64, in the order they stand in the text; each
            fills as many places.

    Raises:
        ValueError: If the arrays are not of one shape ``(T,)``, the prefix does not fit, or the images do not
            share out the places of image tokens.
    """

    input_ids: npt.NDArray[np.int32]
    trained: npt.NDArray[np.bool_]
    prefix_length: int = 0
    prefix_group: int = -1
    metadata: Mapping[str, object] = field(default_factory=dict)
    images: npt.NDArray[np.int64] = field(default_factory=_no_images)

    def __post_init__(self) -> None:
        if self.input_ids.ndim != 1 or self.input_ids.shape != self.trained.shape:
            raise ValueError(
                f"input_ids and trained must have one shape (T,), got {self.input_ids.shape} and "
                f"{self.trained.shape}. Mark every token as trained or not."
            )
        if not 0 <= self.prefix_length <= len(self.input_ids) or self.prefix_group < -1:
            raise ValueError(
                f"prefix_length must be in [0, {len(self.input_ids)}] and prefix_group >= -1, got "
                f"{self.prefix_length} and {self.prefix_group}. Count the prefix in tokens of this sample."
            )
        if len(self.images):
            places = int((self.input_ids == IMAGE_TOKEN).sum())
            if places == 0 or places % len(self.images):
                raise ValueError(
                    f"{len(self.images)} images must fill the same number of places each, and there are "
                    f"{places} places. Put one run of IMAGE_TOKEN for each image."
                )

    def __len__(self) -> int:
        return len(self.input_ids)

    def images_between(self, first: int, stop: int) -> npt.NDArray[np.int64]:
        """Numbers of the images whose places lie in the tokens ``first:stop``."""
        if not len(self.images):
            return self.images
        places = self.input_ids == IMAGE_TOKEN
        each = int(places.sum()) // len(self.images)
        before, until = int(places[:first].sum()), int(places[:stop].sum())
        return self.images[before // each : until // each]


def answer_start(sample: EncodedSample) -> int:
    """Number of tokens before the answer.

    Raises:
        ValueError: If the sample does not say where its answer begins.
    """
    start = sample.metadata.get("answer_start")
    if isinstance(start, int):
        return start
    trained = np.flatnonzero(sample.trained)
    if not len(trained):
        raise ValueError("A scored sample must have an answer, and this one has no trained token.")
    return int(trained[0])


class SampleBatch:
    """Samples of a test batch, packed only when they are scored.

    Not a sequence by type: Lightning takes sequences apart to move and cast their tensors.

    Args:
        samples: The samples.
    """

    def __init__(self, samples: Iterable[EncodedSample]) -> None:
        self.samples = tuple(samples)

    def __len__(self) -> int:
        return len(self.samples)

    def __iter__(self) -> Iterator[EncodedSample]:
        return iter(self.samples)

    def __getitem__(self, index: int) -> EncodedSample:
        return self.samples[index]
