"""How many words two texts share: token F1, BLEU and ROUGE of one answer.

All are computed on :func:`words`, which keeps the names of biology whole. torchmetrics has BLEU and ROUGE
too: its BLEU cannot be given another tokeniser and has no value for one answer, which the cluster bootstrap
needs, and its tokeniser of ROUGE takes ``IL-2`` and ``IL-10`` for half the same. Given the same words both
agree, which tests hold.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from geneverse_pl.evaluation.answers import normalise

MAX_ORDER = 4  # of BLEU's n-grams (Papineni et al. 2002)

_CHUNK = re.compile(r"\w+(?:['\u2019.:-]+\w+)*[+]*")


def words(text: str) -> list[str]:
    """The words that overlaps are counted on, case-folded.

    A hyphen splits ordinary words (``X-linked``, ``protein-coding``) but no symbol, id or band:
    what holds a digit, or capitals alone, stays whole (``HLA-A``, ``NKX2-5``, ``GO:0003677``, ``17q21.31``).
    Other punctuation vanishes; ``+`` at the end stays (``CD4+``).

    Args:
        text: Any text.
    """
    found: list[str] = []
    for chunk in _CHUNK.findall(unicodedata.normalize("NFKC", text)):
        whole = any(letter.isdigit() for letter in chunk) or chunk == chunk.upper()
        for part in [chunk] if whole else chunk.split("-"):
            word = part.casefold()
            found += [word] if whole else normalise(word).split()
    return found


def token_f1(predicted: str, gold: str) -> float:
    """F1 of the words of an answer as a bag (SQuAD, Rajpurkar et al. 2016); range [0, 1], 1 is best.

    ``2 |A n G| / (|A| + |G|)`` with repeated words counted as often as both have them.

    Args:
        predicted: The answer; 0 if it has no word.
        gold: The true text.

    Raises:
        ValueError: If the true text has no word.
    """
    given, true = words(predicted), _reference(gold)
    return 2 * _common(Counter(given), Counter(true)) / (len(given) + len(true))


@dataclass(frozen=True)
class RougeScore:
    """Precision, recall and F1 of one ROUGE measure, each in [0, 1]."""

    precision: float
    recall: float
    f1: float


def rouge_n(predicted: str, gold: str, n: int) -> RougeScore:
    """ROUGE-N: overlap of n-grams (Lin 2004), each counted as often as both texts have it.

    Args:
        predicted: The answer; 0 throughout if it has fewer than ``n`` words.
        gold: The true text; 0 throughout too if it has fewer than ``n`` words, but at least one.
        n: Length of the n-grams, >= 1.

    Raises:
        ValueError: If the true text has no word or ``n`` is below 1.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}.")
    given, true = _ngrams(words(predicted), n), _ngrams(_reference(gold), n)
    return _rouge(_common(given, true), given.total(), true.total())


def rouge_l(predicted: str, gold: str) -> RougeScore:
    """ROUGE-L: longest common subsequence of words over the whole text (Lin 2004).

    Args:
        predicted: The answer; 0 throughout if it has no word.
        gold: The true text.

    Raises:
        ValueError: If the true text has no word.
    """
    given, true = words(predicted), _reference(gold)
    return _rouge(_longest_common_subsequence(given, true), len(given), len(true))


def bleu_counts(predicted: str, gold: str) -> list[int]:
    """What BLEU adds up over answers.

    N-grams of the answer that the true text has, for n = 1 to 4, all n-grams of the answer, and both
    lengths in words.

    Args:
        predicted: The answer.
        gold: The true text.

    Raises:
        ValueError: If the true text has no word.
    """
    given, true = words(predicted), _reference(gold)
    grams = [(_ngrams(given, n), _ngrams(true, n)) for n in range(1, MAX_ORDER + 1)]
    return [
        *(_common(ours, theirs) for ours, theirs in grams),
        *(ours.total() for ours, _ in grams),
        len(given),
        len(true),
    ]


def bleu(counts: Sequence[float], *, smooth: bool = False) -> float:
    """BLEU-4 of (summed) counts (Papineni et al. 2002); range [0, 1], 1 is best.

    Brevity penalty times the geometric mean of the n-gram precisions, 0 where one of them is 0.

    Args:
        counts: What :func:`bleu_counts` gives, or sums of it.
        smooth: For a single answer: one is added to hits and n-grams for n > 1 (Lin and Och 2004), and
            orders longer than the answer are left out.
    """
    hits, totals = counts[:MAX_ORDER], counts[MAX_ORDER : 2 * MAX_ORDER]
    given, true = counts[-2:]
    if not hits[0]:
        return 0.0
    precisions = [hits[0] / totals[0]]
    for hit, total in zip(hits[1:], totals[1:], strict=True):
        if smooth:
            precisions += [(hit + 1) / (total + 1)] if total else []
        else:
            precisions.append(hit / total if total else 0.0)
    if not all(precisions):
        return 0.0
    brevity = min(1.0, math.exp(1 - true / given))
    return brevity * math.exp(sum(map(math.log, precisions)) / len(precisions))


def sentence_bleu(predicted: str, gold: str) -> float:
    """Smoothed BLEU-4 of one answer, see :func:`bleu`; range [0, 1], 1 is best.

    Args:
        predicted: The answer; 0 if it shares no word.
        gold: The true text.

    Raises:
        ValueError: If the true text has no word.
    """
    return bleu(bleu_counts(predicted, gold), smooth=True)


def _reference(gold: str) -> list[str]:
    true = words(gold)
    if not true:
        raise ValueError(f"A true text must hold at least one word, got {gold!r}. Leave out such questions.")
    return true


def _ngrams(tokens: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(tokens[start : start + n]) for start in range(len(tokens) - n + 1))


def _common(first: Counter[Any], second: Counter[Any]) -> int:
    return (first & second).total()


def _rouge(hits: int, given: int, true: int) -> RougeScore:
    if not hits:
        return RougeScore(0.0, 0.0, 0.0)
    return RougeScore(hits / given, hits / true, 2 * hits / (given + true))


def _longest_common_subsequence(first: Sequence[str], second: Sequence[str]) -> int:
    previous = [0] * (len(second) + 1)
    for word in first:
        current = [0]
        for place, other in enumerate(second):
            longest = previous[place] + 1 if word == other else max(previous[place + 1], current[-1])
            current.append(longest)
        previous = current
    return previous[-1]
