"""False pairs that popularity cannot tell from true ones."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable

from datamodules.gene_phenotype.relations import Relation

_TRIES = 20


class DegreeMatchedNegatives:
    """Draws, for each true pair, a false one whose object is true of about as many subjects.

    Objects are binned by the power of two of their degree (number of subjects of the split that have them),
    and drawn in proportion to it, so that how common an object is says nothing about the answer.

    Args:
        relation: The relation.
        subjects: Subjects of the split whose degrees count.
    """

    def __init__(self, relation: Relation, subjects: Iterable[str]) -> None:
        self._relation = relation
        self._degrees = Counter(item for subject in subjects for item in relation.pairs[subject])
        self._bins: dict[int, list[str]] = defaultdict(list)
        for item, degree in sorted(self._degrees.items()):
            self._bins[degree.bit_length()] += [item] * degree

    def draw(self, subject: str, objects: Iterable[str], rng: random.Random) -> list[tuple[str, str]]:
        """Pairs of a true object and a false one of about the same degree; all false ones are different.

        A true object for which the split has no false one of its degree is left out, so that degrees stay
        equal. Never drawn are true objects and those that may be true, see ``Relation.possible``.

        Args:
            subject: The subject.
            objects: True objects to match.
            rng: Source of randomness.
        """
        possible = self._relation.possible(subject)
        drawn: dict[str, str] = {}
        for item in objects:
            pool = self._bins[self._degrees[item].bit_length()]
            candidate = next(
                (c for c in (rng.choice(pool) for _ in range(_TRIES)) if c not in drawn and not possible(c)), None
            )
            if candidate is None:
                left = [c for c in pool if c not in drawn and not possible(c)]
                candidate = rng.choice(left) if left else None
            if candidate is not None:
                drawn[candidate] = item
        return [(item, candidate) for candidate, item in drawn.items()]
