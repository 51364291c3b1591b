"""What samples are drawn by: numbers of kind, source and entity, kept beside each sample of a store.

Letters: n samples of a block or split, k distinct names.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from geneverse_pl.data.blocks import EncodedBlock

NAMED_COLUMNS = {"kind": "kinds", "source": "sources"}  # key in the metadata, and data set of its numbers
ENTITIES = "entities"
_ENTITY_KEYS = ("subject", "group")  # the first that a sample has names its entity
_MAX_NAMES = 2**16  # of a key; keeps memory bounded where every sample has a name of its own


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """A name for each sample.

    Args:
        codes: Place of each sample's name in ``names``, ``(n,)`` int32; -1 where there were too many names.
        names: The distinct names, in the order they came up; the empty one stands for none.
    """

    codes: npt.NDArray[np.int32]
    names: tuple[str, ...]


class NameTable:
    """Numbers the distinct names of a key as they come up."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def code(self, value: object) -> int:
        """Number of a value's name; -1 for a new one where there are too many."""
        name = label_text(value)
        number = self._numbers.get(name, -1)
        if number < 0 and len(self._numbers) < _MAX_NAMES:
            number = self._numbers[name] = len(self._numbers)
        return number

    @property
    def names(self) -> tuple[str, ...]:
        """The names in the order of their numbers."""
        return tuple(self._numbers)


class LabelWriter:
    """Numbers the kinds, sources and entities of the samples of one split, a block at a time."""

    def __init__(self) -> None:
        self._tables = {key: NameTable() for key in NAMED_COLUMNS}

    def columns(self, block: EncodedBlock) -> dict[str, npt.NDArray[Any]]:
        """The data sets that tell what the samples of a block are.

        Args:
            block: The block.

        Returns:
            ``kinds`` and ``sources`` ``(n,)`` int32, ``entities`` ``(n,)`` int64.
        """
        about = list(split_metadata(block.metadata, block.metadata_lengths))
        columns: dict[str, npt.NDArray[Any]] = {
            NAMED_COLUMNS[key]: np.array([table.code(entry.get(key)) for entry in about], np.int32)
            for key, table in self._tables.items()
        }
        columns[ENTITIES] = np.array([entity_number(entry) for entry in about], np.int64)
        return columns

    def names(self) -> bytes:
        """JSON of the names of each key, in the order of their numbers."""
        return json.dumps({key: list(table.names) for key, table in self._tables.items()}).encode()


def label_text(value: object) -> str:
    """A metadata value as a name: texts as they are, lists joined by ``+``, nothing for none.

    Args:
        value: A JSON-able value.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list):
        return "+".join(label_text(entry) for entry in value)
    return json.dumps(value, sort_keys=True)


def entity_number(metadata: Mapping[str, Any]) -> int:
    """The entity that a sample is about, as a number in ``[0, 2**63)`` made from its name; -1 for none.

    Of ten million entities two have one number with a chance of one in a hundred thousand.

    Args:
        metadata: Metadata of the sample; ``subject`` names the entity, else ``group``.
    """
    name = next((text for key in _ENTITY_KEYS if (text := label_text(metadata.get(key)))), "")
    return _number(name) if name else -1


@lru_cache(maxsize=4096)
def _number(name: str) -> int:
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def split_metadata(
    metadata: npt.NDArray[np.uint8], lengths: npt.NDArray[np.int64]
) -> Iterable[dict[str, Any]]:
    """The metadata of samples whose JSON lies end to end.

    Args:
        metadata: All bytes, ``(m,)``.
        lengths: Bytes of each sample, ``(n,)``, which sum up to ``m``; 0 for an empty mapping.
    """
    content, start = metadata.tobytes(), 0
    for length in lengths.tolist():
        yield json.loads(content[start : start + length]) if length else {}
        start += length
