"""64-bit hashes of many short integer lists at once, to find equal ones in bounded memory.

Letters: n lists, t values of all of them. Among 3 million different lists the chance that any two get one
hash is below 1 in a million.
"""

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
Offsets = npt.NDArray[np.int64]

NO_HASH = 0  # stands where there is nothing to be hashed

_GOLDEN = 0x9E3779B97F4A7C15


def mix(values: Hashes) -> Hashes:
    """A bijection of 64-bit integers that leaves no pattern (finaliser of SplitMix64, Steele et al. 2014).

    Args:
        values: Any integers, any shape.
    """
    mixed = values + np.uint64(_GOLDEN)
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def hash_lists(values: npt.NDArray[np.integer], starts: Offsets, *stops: Offsets) -> list[Hashes]:
    """Hashes of the lists ``values[start:stop]``, for each of several ends that lists may have.

    A hash is the sum of a mixed number for each value with its place, so that beginnings of one list cost
    no more than the list.

    Args:
        values: Values of all lists, each within 32 bits, ``(t,)``.
        starts: Where lists start, rising, ``(n,)``; lists do not overlap.
        stops: One or more arrays of where they stop, ``(n,)`` each, none before its start.

    Returns:
        For each array of ends the hashes, ``(n,)`` uint64, never ``NO_HASH``.
    """
    places = np.zeros(len(values), np.int64)
    if len(starts):
        room = np.diff(np.append(starts, len(values)))
        places[starts[0] :] = np.arange(starts[0], len(values)) - np.repeat(starts, room)
    keys = (places.astype(np.uint64) << np.uint64(32)) | values.astype(np.uint32).astype(np.uint64)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(mix(keys), dtype=np.uint64)])
    found = []
    for ends in stops:
        lengths = (ends - starts).astype(np.uint64)
        found.append(known(mix(sums[ends] - sums[starts] + lengths * np.uint64(_GOLDEN))))
    return found


def known(hashes: Hashes) -> Hashes:
    """The hashes with ``NO_HASH`` replaced, which means that there is nothing."""
    return np.where(hashes == NO_HASH, np.uint64(1), hashes)


def hash_text(text: str) -> int:
    """Hash of a text within this process, in ``[1, 2**64)``."""
    return hash(text) % 2**64 or 1
