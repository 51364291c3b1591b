"""False pairs that popularity cannot tell from true ones."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable

from datamodules.gene_phenotype.relations import Relation

_TRIES = 50


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

    def draw(self, subject: str, objects: Iterable[str], rng: random.Random) -> list[str]:
        """One false object for each true one, all different; fewer where the relation has too few.

        Never a true object, one implied by it (an ancestor), or a more specific form of it.

        Args:
            subject: The subject.
            objects: True objects to match.
            rng: Source of randomness.
        """
        forbidden = self._relation.forbidden(subject)
        drawn: list[str] = []
        for item in objects:
            pool = self._bins[self._degrees[item].bit_length()]
            for _ in range(_TRIES):
                candidate = rng.choice(pool)
                if candidate not in forbidden and candidate not in drawn:
                    drawn.append(candidate)
                    break
        return drawn
