"""Entities of one name: questions, which show names alone, must still have one answer."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import groupby

from datamodules.gene_corpus.links import DENIED, Link, SubjectLinks
from datamodules.gene_corpus.workspace import Workspace
from datamodules.sources.names import normalised_name

logger = logging.getLogger(__name__)

_TWOFOLD = """
WITH linked AS (
    SELECT DISTINCT p.view, s.plain AS subject, o.plain AS object
    FROM pairs p JOIN ends e ON e.relation = p.view
    JOIN named s ON s.kind = e.subject_kind AND s.node = p.subject
    JOIN named o ON o.kind = e.object_kind AND o.node = p.object
    WHERE p.status <> $denied
)
SELECT subject, object FROM linked GROUP BY subject, object HAVING count(*) > 1 ORDER BY ALL
"""

NamePair = tuple[str, str]


def told_apart(
    subjects: Iterable[SubjectLinks], answer: Callable[[SubjectLinks], Iterable[Link]]
) -> Iterator[SubjectLinks]:
    """The subjects, those of one name with different answers named with their ids, as in ``ABC (HGNC:5)``.

    Args:
        subjects: Subjects in an order in which those of one name follow each other.
        answer: What a question about a subject is answered with; none where it is not asked.
    """
    for _, group in groupby(subjects, key=lambda subject: normalised_name(subject.name)):
        namesakes = list(group)
        answers = [frozenset(normalised_name(link.name) for link in answer(one)) for one in namesakes]
        if len({given for given in answers if given}) > 1:
            namesakes = [
                replace(one, name=f"{one.name} ({', '.join(one.id.split('|'))})") for one in namesakes
            ]
        yield from namesakes


def twofold_pairs(work: Workspace) -> frozenset[NamePair]:
    """Pairs of normalised names that sources link in two ways, so that *how* has no one answer.

    A disease and a phenotype of one name, both linked to one gene, are the usual case. The number is logged.

    Args:
        work: The workspace, with its pairs.
    """
    found = frozenset(work.rows(_TWOFOLD, {"denied": DENIED}))
    if found:
        logger.info("%s pairs of names are linked in two ways, and not asked how", f"{len(found):,}")
    return found
