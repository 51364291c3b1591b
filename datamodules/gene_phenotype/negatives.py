"""False pairs that popularity cannot tell from true ones."""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from datamodules.gene_phenotype.relations import Relation

_PASSES = 3
_TRIES = 50
_CHOICES = 4  # rows looked at for each end of a preferred pair


def balanced_pairs(
    relation: Relation,
    positives: Sequence[tuple[str, str]],
    rng: random.Random,
    preferred: Iterable[tuple[str, str]] = (),
) -> dict[str, list[tuple[str, bool]]]:
    """Each subject's objects with whether they are true, as many true as false, in random order.

    Args:
        relation: The relation.
        positives: True pairs of subject and object; those that no false one is found for are left out.
        rng: Source of randomness.
        preferred: As :func:`match_negatives` takes them.
    """
    asked: dict[str, list[tuple[str, bool]]] = {}
    negatives = match_negatives(relation, positives, rng, preferred)
    for (subject, true), false in zip(positives, negatives, strict=True):
        if false is not None:
            asked.setdefault(subject, []).extend(((true, True), (false, False)))
    for pairs in asked.values():
        rng.shuffle(pairs)
    return asked


def match_negatives(
    relation: Relation,
    positives: Sequence[tuple[str, str]],
    rng: random.Random,
    preferred: Iterable[tuple[str, str]] = (),
) -> list[str | None]:
    """A false object for each true pair: the objects of all pairs, dealt out anew.

    Each object is thus asked about with a false answer exactly as often as with a true one, and no more can
    be told from an object alone (how common or how general it is) than by a coin. Matching the degree
    alone is not enough: general terms are seldom safe as negatives, so that *general* would mean *yes*.

    Never dealt out are true objects, those that may be true (``Relation.possible``), those whose names give
    the answer away, and one twice to a subject. A pair for which none is found has None; leaving it out keeps
    the rest even.

    Args:
        relation: The relation.
        positives: True pairs of subject and object.
        rng: Source of randomness.
        preferred: Pairs that are known to be false; they are dealt first, where both ends occur.
    """
    subjects, objects = [subject for subject, _ in positives], [item for _, item in positives]
    dealt: defaultdict[str, set[str]] = defaultdict(set)
    settled: set[int] = set()

    def fits(row: int, item: str) -> bool:
        subject = subjects[row]
        if item in dealt[subject] or relation.possible(subject, item):
            return False
        return not relation.gives_away(subject, item)

    def exchange(row: int, other: int) -> bool:
        mine, theirs = objects[row], objects[other]
        if row in settled or other in settled:
            return False
        if subjects[other] == subjects[row] or not (fits(row, theirs) and fits(other, mine)):
            return False
        for place, lost, won in ((row, mine, theirs), (other, theirs, mine)):
            objects[place] = won
            dealt[subjects[place]].discard(lost)
            dealt[subjects[place]].add(won)
        return True

    for row, other in _wanted(positives, preferred):
        if objects[other] == positives[other][1] and exchange(row, other):
            settled.add(row)
    # All begin with their own object and exchange it pair by pair. Who still holds its own at the end is
    # left out, with an object that is as often left out on the other side.
    for row, (_, own) in list(enumerate(positives)) * _PASSES:
        tries = _TRIES if objects[row] == own else 1
        any(exchange(row, rng.randrange(len(positives))) for _ in range(tries))
    return [None if item == own else item for item, (_, own) in zip(objects, positives, strict=True)]


def _wanted(
    positives: Sequence[tuple[str, str]], preferred: Iterable[tuple[str, str]]
) -> Iterator[tuple[int, int]]:
    """Rows of the subject and of the object of each preferred pair; a few to choose from."""
    pairs = list(preferred)
    if not pairs:
        return
    rows_of: defaultdict[str, list[int]] = defaultdict(list)
    rows_with: defaultdict[str, list[int]] = defaultdict(list)
    for row, (subject, item) in enumerate(positives):
        rows_of[subject].append(row)
        rows_with[item].append(row)
    for subject, item in pairs:
        for row in rows_of[subject][:_CHOICES]:
            for other in rows_with[item][:_CHOICES]:
                yield row, other
