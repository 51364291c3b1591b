"""False pairs that popularity cannot tell from true ones."""

import random
from collections import defaultdict
from collections.abc import Sequence

from datamodules.gene_phenotype.relations import Relation

_PASSES = 3
_TRIES = 50


def match_negatives(
    relation: Relation, positives: Sequence[tuple[str, str]], rng: random.Random
) -> list[str | None]:
    """A false object for each true pair: the objects of all pairs, dealt out anew.

    Each object is thus asked about with a false answer exactly as often as with a true one, and no more can
    be told from an object alone (how common or how general it is) than by a coin. Matching the degree
    alone is not enough: general terms are seldom safe as negatives, so that *general* would mean *yes*.

    Never dealt out are true objects, those that may be true (``Relation.possible``), and one twice to a
    subject. A pair for which none is found has None; leaving it out keeps the rest even.

    Args:
        relation: The relation.
        positives: True pairs of subject and object.
        rng: Source of randomness.
    """
    subjects, objects = [subject for subject, _ in positives], [item for _, item in positives]
    dealt: defaultdict[str, set[str]] = defaultdict(set)

    def fits(row: int, item: str) -> bool:
        return item not in dealt[subjects[row]] and not relation.possible(subjects[row], item)

    def exchange(row: int, other: int) -> bool:
        mine, theirs = objects[row], objects[other]
        if subjects[other] == subjects[row] or not (fits(row, theirs) and fits(other, mine)):
            return False
        for place, lost, won in ((row, mine, theirs), (other, theirs, mine)):
            objects[place] = won
            dealt[subjects[place]].discard(lost)
            dealt[subjects[place]].add(won)
        return True

    # All begin with their own object and exchange it pair by pair. Who still holds its own at the end is
    # left out, with an object that is as often left out on the other side.
    for row, (_, own) in list(enumerate(positives)) * _PASSES:
        tries = _TRIES if objects[row] == own else 1
        any(exchange(row, rng.randrange(len(positives))) for _ in range(tries))
    return [None if item == own else item for item, (_, own) in zip(objects, positives, strict=True)]
