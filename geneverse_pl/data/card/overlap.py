"""What the other splits have in common with the training split."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geneverse_pl.data.card.columns import SplitColumns
from geneverse_pl.data.card.contents import distinct

CONTEXT, PROMPT, SAMPLE, IMAGE = "context", "prompt", "prompt and answer", "image"


@dataclass(frozen=True, slots=True)
class Overlap:
    """What a split shares with the training split in one respect.

    Args:
        split: The split.
        what: ``group``, an entity field, ``context``, ``prompt``, ``prompt and answer`` or ``image``.
        num_distinct: Distinct ones of the split.
        num_shared: Those of them that are in the training split too.
        num_samples: Samples of the split that have a shared one; for images, that show one.
    """

    split: str
    what: str
    num_distinct: int
    num_shared: int
    num_samples: int


def overlaps(train: SplitColumns, other: SplitColumns) -> list[Overlap]:
    """What a split shares with the training split, but for images; respects that it lacks are left out.

    Args:
        train: The training split.
        other: The other split.
    """
    compared: Mapping[str, tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]] = {
        **{field: (train.fields[field], other.fields[field]) for field in other.fields},
        CONTEXT: (train.contexts, other.contexts),
        PROMPT: (train.prompts, other.prompts),
        SAMPLE: (train.samples, other.samples),
    }
    found = []
    for what, (known, asked) in compared.items():
        own = distinct(asked)
        shared = own[np.isin(own, distinct(known))]
        if len(own):
            num_samples = int(np.isin(asked, shared).sum())
            found.append(Overlap(other.name, what, len(own), len(shared), num_samples))
    return found
