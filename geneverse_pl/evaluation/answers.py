"""From the free text of an answer to items that can be compared."""

import re
import unicodedata
from collections.abc import Collection, Iterable

_APOSTROPHES = str.maketrans("", "", "'\u2018\u2019\u02bc\u2032")
_ARTICLES = frozenset({"a", "an", "the"})
# What announces a list, on its line or on one of its own: "Answer:", "The genes are:".
_LEAD_IN = re.compile(
    r"\A\s*(?:[^:;\n\r]*\b(?:answers?|are|is|includes?|including|following(?:\s+\w+){0,3}|follows)\s*:\s*"
    r"|[^:;\n\r]*:[ \t]*[\n\r]+)",
    re.IGNORECASE,
)
_ID_BEHIND = re.compile(r"\s*[(\[][A-Za-z]+:\d+[)\]]$")
_STRONG_SEPARATOR = re.compile(r"[;\n\r\u2022\u2023\u25aa]+")
_WEAK_SEPARATOR = re.compile(r",\s+(?:and\s+)?|\s+and\s+", re.IGNORECASE)
_NUMBER = r"\(?\d{1,3}[.)]\s+"
_NUMBERED_START = re.compile(rf"^\s*{_NUMBER}")
_INLINE_NUMBER = re.compile(rf"\s+(?={_NUMBER})")
_ITEM_MARK = re.compile(rf"^\s*(?:[-*+\u2013\u2014\u00b7]\s+|{_NUMBER})")
_LEADING_AND = re.compile(r"^\s*and\s+", re.IGNORECASE)


def normalise(text: str, strip_articles: bool = False) -> str:
    """The form in which two answers are compared: case, punctuation and spacing no longer count.

    Apostrophes vanish (``Alzheimer's`` equals ``Alzheimers``), every other punctuation mark becomes a
    space (``X-linked`` equals ``X linked``), Unicode is brought to NFKC and case-folded. Symbols stay, so
    that ``CD4+`` differs from ``CD4``. SQuAD (Rajpurkar et al. 2016) deletes punctuation and articles
    instead, which would join ``X-linked`` to one word.

    Args:
        text: Any text.
        strip_articles: Also drop the words *a*, *an* and *the*. Off by default: a single *A* is a name in
            biology (factor VIII, subunit A).

    Returns:
        The normalised text; empty if nothing but punctuation was given. Applying it twice changes nothing.
    """
    # Case folding can undo the composed form and composing can bring capitals back (U+1E9E), hence twice.
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).casefold()
    spaced = "".join(
        " " if unicodedata.category(letter) in _BLANK_CATEGORIES or letter == "`" else letter
        for letter in folded.translate(_APOSTROPHES)
    )
    words = unicodedata.normalize("NFKC", spaced).split()
    if strip_articles:
        words = [word for word in words if word not in _ARTICLES]
    return " ".join(words)


_BLANK_CATEGORIES = frozenset({"Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Cc"})


def parse_list(text: str, known: Collection[str] | None = None) -> list[str]:
    """The items of a list answer, in order and without repeats; see :func:`list_items`.

    Args:
        text: What a model wrote.
        known: Normalised names (see :func:`normalise`) that are never split.

    Returns:
        The items as written; empty if the text holds none, which counts as unparsable.
    """
    return _without_repeats(list_items(text, known))


def list_items(text: str, known: Collection[str] | None = None) -> list[str]:
    """The items of a list answer, in order, as often as they are said.

    Semicolons, line breaks and bullets always separate, and so do running numbers (``1.``, ``2)``) in a
    text that begins with one. Commas and *and* also occur inside names (*abnormality of the head and
    neck*), so they separate only where the text holds no other separator, or where ``known`` tells names
    apart. What announces the list (``Answer:``, *The genes are:*, a line that ends in a colon), list marks,
    an *and* that opens an item, and an identifier in brackets and full stops at its end are dropped.

    Args:
        text: What a model wrote.
        known: Normalised names (see :func:`normalise`) that are never split. With it, commas and *and*
            separate everywhere else.

    Returns:
        The items as written; empty if the text holds none, which counts as unparsable.
    """
    body = _LEAD_IN.sub("", text, count=1)
    if _NUMBERED_START.match(body):
        body = _INLINE_NUMBER.sub("\n", body)
    pieces = [piece for piece in map(_clean, _STRONG_SEPARATOR.split(body)) if piece]
    if known is not None:
        pieces = [item for piece in pieces for item in _split_weak(piece, known)]
    elif len(pieces) == 1:
        pieces = _split_weak(pieces[0], ())
    return pieces


def set_score(predicted: Iterable[str], gold: Iterable[str]) -> tuple[float, float, float]:
    """Gold recall, precision and F1 of two sets of names, compared after :func:`normalise`.

    Args:
        predicted: Items of the answer; an empty answer scores 0 throughout.
        gold: True items, at least one.

    Returns:
        ``(recall, precision, f1)``, each in [0, 1].

    Raises:
        ValueError: If ``gold`` holds no item.
    """
    given = {normalise(item) for item in predicted} - {""}
    true = {normalise(item) for item in gold} - {""}
    if not true:
        raise ValueError(
            "gold must hold at least one item that is not blank, got none. Leave out such questions."
        )
    hits = len(given & true)
    precision = hits / len(given) if given else 0.0
    return hits / len(true), precision, 2 * hits / (len(given) + len(true))


def _clean(piece: str) -> str:
    """One item without list mark, opening *and*, and closing stop; empty if it names nothing."""
    item = _LEADING_AND.sub("", _ITEM_MARK.sub("", piece)).strip().rstrip(".,").strip()
    item = _ID_BEHIND.sub("", item)
    return item if normalise(item) else ""


def _split_weak(piece: str, known: Collection[str]) -> list[str]:
    """Split at commas and *and*, keeping together the longest run of parts that is a known name."""
    cuts = [(match.start(), match.end()) for match in _WEAK_SEPARATOR.finditer(piece)]
    starts = [0, *(end for _, end in cuts)]
    ends = [*(start for start, _ in cuts), len(piece)]
    items: list[str] = []
    first = 0
    while first < len(starts):
        last = first
        for candidate in range(len(ends) - 1, first, -1):
            if normalise(piece[starts[first] : ends[candidate]]) in known:
                last = candidate
                break
        items.append(_clean(piece[starts[first] : ends[last]]))
        first = last + 1
    return [item for item in items if item]


def _without_repeats(items: Iterable[str]) -> list[str]:
    """The first of each group of items that are equal after normalisation."""
    first: dict[str, str] = {}
    for item in items:
        first.setdefault(normalise(item), item)
    return list(first.values())
