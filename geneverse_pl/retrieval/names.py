"""Names and identifiers in a question, by exact look-up.

Letters: R rows of the table, one for each name of each passage.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
import numpy.typing as npt

from geneverse_pl.evaluation.claims.identifiers import find_identifiers, parse_identifier
from geneverse_pl.retrieval.passages import Passage

MAX_WORDS = 16  # of a name that is looked up
_MIN_ACCESSION = 6  # characters of an accession that is found without its vocabulary
_APOSTROPHES = "'\u2019"
_WORD = re.compile(r"[^\W_]+")
_HASHES, _PLACES = "name_hashes.npy", "name_places.npy"
FILES = (_HASHES, _PLACES)


def words(text: str) -> list[str]:
    """The words of a text without case, punctuation and possessive endings.

    They are ``["omim", "154700"]`` for ``OMIM:154700``, and those of *Alzheimer disease* for *Alzheimer's
    disease*.
    """
    plain = unicodedata.normalize("NFKC", text)
    return [plain[start:end].casefold() for start, end in _spans(plain)]


def _spans(text: str) -> list[tuple[int, int]]:
    """Where the words of a text lie."""
    return [match.span() for match in _WORD.finditer(text) if not _is_ending(text, *match.span())]


def _is_ending(text: str, start: int, end: int) -> bool:
    return (
        text[start:end] in ("s", "S")
        and start > 1
        and text[start - 1] in _APOSTROPHES
        and text[start - 2].isalnum()
    )


def must_be_spelled(name: str) -> bool:
    """Whether a name is found only as it is written.

    So it is with symbols that might be words of a sentence, or nearly: ``WAS``, ``CAT``, ``REST``, ``HLA-A``;
    that is with names that have neither a digit nor an ordinary word, which has three letters or more and no
    capital after the first.

    Args:
        name: The name.
    """
    found = _WORD.findall(name)
    if any(character.isdigit() for character in name):
        return False
    return not any(len(word) > 2 and word[1:] == word[1:].lower() for word in found)


def is_looked_up(name: str) -> bool:
    """Whether a name is told from ordinary text: by a letter, two characters or more, and at most 16 words.

    Args:
        name: The name.
    """
    found = words(name)
    letters = sum(character.isalpha() for word in found for character in word)
    return 0 < len(found) <= MAX_WORDS and letters > 0 and sum(map(len, found)) > 1


@dataclass(frozen=True, slots=True)
class Mention:
    """A name that a question has.

    Args:
        start: Where it begins, in characters.
        num_words: Its number of words.
        text: How the question writes it.
        main: Passages of which it is the title or the id.
        others: Passages that have it beside another title.
    """

    start: int
    num_words: int
    text: str
    main: tuple[int, ...]
    others: tuple[int, ...]

    @property
    def places(self) -> tuple[int, ...]:
        """All passages that have it."""
        return self.main + self.others


class NameTable:
    """The passages of each name and identifier.

    Args:
        hashes: Of the words of each name, sorted, ``(R,)`` uint64.
        places: Its passage, ``(R,)`` int32.
        passage: Gives a passage by its place. The table holds hashes only, so that it is small and read as it
            lies; the names themselves are compared in the passages.
    """

    def __init__(
        self,
        hashes: npt.NDArray[np.uint64],
        places: npt.NDArray[np.int32],
        passage: Callable[[int], Passage],
    ) -> None:
        self._hashes = hashes
        self._places = places
        self._passage = passage

    @classmethod
    def of(cls, passages: Sequence[Passage]) -> "NameTable":
        """The table of some passages."""
        rows = sorted(
            {
                (_hash(words(name)), place)
                for place, passage in enumerate(passages)
                for name in (*_names(passage), *_identifiers(passage), *_accessions(passage))
            }
        )
        hashes = np.array([key for key, _ in rows], np.uint64)
        return cls(hashes, np.array([place for _, place in rows], np.int32), passages.__getitem__)

    @classmethod
    def load(cls, folder: Path, passage: Callable[[int], Passage]) -> "NameTable":
        """Reads a table.

        Args:
            folder: Where :meth:`save` wrote it.
            passage: Gives a passage by its place.

        Raises:
            ValueError: If the files are no such table.
        """
        hashes, places = (np.load(folder / name) for name in FILES)
        if hashes.shape != places.shape:
            raise ValueError(f"hashes and places must be as many, got {len(hashes)} and {len(places)}.")
        return cls(hashes, places, passage)

    def save(self, folder: Path) -> None:
        """Writes the table into a folder."""
        np.save(folder / _HASHES, self._hashes)
        np.save(folder / _PLACES, self._places)

    def find(self, question: str) -> list[Mention]:
        """The names in a question, the longest first; a word belongs to one of them at most.

        Upper and lower case are alike, but where :func:`must_be_spelled` says otherwise. Identifiers are
        found in all of their common forms.

        Args:
            question: The question.
        """
        text = unicodedata.normalize("NFKC", question)
        spans = _spans(text)
        plain = [text[start:end].casefold() for start, end in spans]
        is_taken = np.zeros(len(spans), np.bool_)
        found: list[Mention] = []
        for length in range(min(MAX_WORDS, len(spans)), 0, -1):
            for first in self._known(plain, length):
                if is_taken[first : first + length].any():
                    continue
                start, end = spans[first][0], spans[first + length - 1][1]
                main, others = self._matching(plain[first : first + length], text[start:end])
                if main or others:
                    is_taken[first : first + length] = True
                    found.append(Mention(start, length, text[start:end], main, others))
        found += self._identified(text, spans, is_taken)
        return sorted(found, key=lambda one: (-one.num_words, one.start))

    def _identified(
        self, text: str, spans: Sequence[tuple[int, int]], is_taken: npt.NDArray[np.bool_]
    ) -> list[Mention]:
        """Identifiers that are written otherwise than passages have them, as *NCBI Gene ID 2200*."""
        found = []
        for start, end, identifier in find_identifiers(text):
            main: list[int] = []
            others: list[int] = []
            for place in self._rows(_hash(words(identifier.accession))):
                passage = self._passage(place)
                if parse_identifier(passage.id, "") == identifier:
                    main.append(place)
                elif any(parse_identifier(one, "") == identifier for one in passage.identifiers):
                    others.append(place)
            own = [place for place, span in enumerate(spans) if start <= span[0] and span[1] <= end]
            if own and not is_taken[own].any() and (main or others):
                found.append(Mention(start, len(own), text[start:end], tuple(main), tuple(others)))
        return found

    def about(self, name: str) -> set[int]:
        """Passages that have a name or identifier, in whatever case, or an identifier of whatever vocabulary.

        Args:
            name: The name or identifier, or what stands behind the colon of one.
        """
        key = words(name)
        return {place for place in self._rows(_hash(key)) if _has(self._passage(place), key)}

    def _known(self, plain: Sequence[str], length: int) -> list[int]:
        """Where so many words stand that may be a name."""
        keys = np.array([_hash(plain[i : i + length]) for i in range(len(plain) - length + 1)], np.uint64)
        if not len(self._hashes):
            return []
        nearest = np.minimum(np.searchsorted(self._hashes, keys), len(self._hashes) - 1)
        return [int(place) for place in np.flatnonzero(self._hashes[nearest] == keys)]

    def _rows(self, key: int) -> list[int]:
        bounds = [int(np.searchsorted(self._hashes, np.uint64(key), side)) for side in ("left", "right")]
        return [int(place) for place in self._places[bounds[0] : bounds[1]]]

    def _matching(self, key: Sequence[str], written: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Passages of which it is title or id, and those that have it otherwise."""
        main: list[int] = []
        others: list[int] = []
        for place in self._rows(_hash(key)) if is_looked_up(written) else ():
            passage = self._passage(place)
            named = [name for name in _names(passage) if _is_written(name, key, written)]
            by_id = [one for one in _identifiers(passage) if list(key) in (words(one), words(_telling(one)))]
            if passage.title in named or passage.id in by_id:
                main.append(place)
            elif named or by_id:
                others.append(place)
        return tuple(main), tuple(others)


def _is_written(name: str, key: Sequence[str], written: str) -> bool:
    if words(name) != list(key):
        return False
    return not must_be_spelled(name) or _inner(name) == written


def _inner(name: str) -> str:
    """A name from its first word to its last, as a question is compared with."""
    text = unicodedata.normalize("NFKC", name)
    spans = _spans(text)
    return text[spans[0][0] : spans[-1][1]] if spans else ""


def _has(passage: Passage, key: Sequence[str]) -> bool:
    named = (*_names(passage), *_identifiers(passage), *_accessions(passage))
    return any(words(name) == list(key) for name in named)


def _names(passage: Passage) -> tuple[str, ...]:
    return passage.title, *passage.names


def _identifiers(passage: Passage) -> tuple[str, ...]:
    return passage.id, *passage.identifiers


def _accessions(passage: Passage) -> list[str]:
    return [one.partition(":")[2] for one in _identifiers(passage) if ":" in one]


def _telling(identifier: str) -> str:
    """What stands behind an identifier's colon, where it tells its entity by itself; else empty.

    So do ``ENSG00000141510`` and ``P04637``; ``154700`` may be any number.
    """
    accession = identifier.partition(":")[2]
    is_mixed = any(map(str.isalpha, accession)) and any(map(str.isdigit, accession))
    return accession if is_mixed and len(accession) >= _MIN_ACCESSION else ""


def _hash(key: Iterable[str]) -> int:
    return int.from_bytes(blake2b(" ".join(key).encode("utf-8", "surrogatepass"), digest_size=8).digest())
