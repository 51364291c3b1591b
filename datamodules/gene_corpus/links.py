"""The links of each subject, in the order in which samples are made of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, get_args

from datamodules.gene_corpus.views import VIEWS, View
from datamodules.gene_corpus.workspace import Workspace
from datamodules.sources.names import normalised_name

Status = Literal["affirmed", "denied", "disputed", "indirect"]
AFFIRMED, DENIED, DISPUTED, INDIRECT = get_args(Status)

_LINKS = """
SELECT s.split, s.place, s.node, s.name, s.grp, p.object, o.name AS object_name, p.status, p.evidence
FROM pairs p JOIN nodes s ON s.kind = $subject_kind AND s.node = p.subject
JOIN nodes o ON o.kind = $object_kind AND o.node = p.object
WHERE p.view = $view AND s.split IS NOT NULL
ORDER BY s.split, s.place, p.num_sources DESC, p.num_rows DESC, p.object
"""
_COLUMNS = "place, node, name, grp, object, object_name, status, evidence"


@dataclass(frozen=True, slots=True)
class Link:
    """What one subject is linked to.

    Args:
        object: Id of the object.
        name: Its name.
        status: Whether sources affirm it, deny it, or contradict each other; ``indirect`` if none says it,
            and two other links make it likely, as that of a gene and a disease and that of the disease and
            a phenotype.
        evidence: Where it is said: key, file and first line, ``key file:line``, one for each file.
    """

    object: str
    name: str
    status: Status
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SubjectLinks:
    """A subject with its links, those that most sources state first.

    Args:
        place: Its place in the random order of all entities.
        id: Its id.
        name: Its name.
        group: Its split group.
        links: Its links.
    """

    place: int
    id: str
    name: str
    group: str
    links: tuple[Link, ...]

    def affirmed(self) -> list[Link]:
        """The links that no source denies."""
        return [link for link in self.links if link.status == AFFIRMED]

    def named(self) -> list[Link]:
        """Of those, the first of each name: an answer says a name once, whatever number of objects has it."""
        first: dict[str, Link] = {}
        for link in self.affirmed():
            first.setdefault(normalised_name(link.name), link)
        return list(first.values())


def order_links(work: Workspace) -> None:
    """Makes the tables that :func:`subject_links` reads, one for each view.

    Args:
        work: The workspace, with its pairs and placed nodes.
    """
    for view in VIEWS.values():
        names = {"view": view.name, "subject_kind": view.subject_kind, "object_kind": view.object_kind}
        work.sort(_table(view), _LINKS, names)


def subject_links(work: Workspace, view: View, split: str) -> Iterator[SubjectLinks]:
    """The subjects of a view in a split with their links, in the order of their places.

    Args:
        work: The workspace, with its links in order.
        view: The view.
        split: The split.
    """
    rows = work.in_order(_table(view), _COLUMNS, split)
    for (place, one, name, group), of_subject in groupby(rows, key=lambda row: row[:4]):
        links = tuple(Link(item, title, status, tuple(said)) for *_, item, title, status, said in of_subject)
        yield SubjectLinks(place, one, name, group, links)


def _table(view: View) -> str:
    return f"links_of_{view.name}"
