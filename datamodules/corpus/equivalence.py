"""Which ids stand for one entity: union-find over what the sources equate, with guards.

The outcome does not depend on the order in which the sources were read. Equations that more sources state are
made first. Among those that as many state, an id that would be joined to two entries of a vocabulary whose
entries are distinct is joined to neither, since nothing tells which is meant. What then remains is made in
the order of the vocabularies, unless it would bring two such entries into one entity.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from datamodules.corpus.identifiers import DISTINCT, EntityKind, order, vocabulary

Reason = Literal["claimed_by_two", "would_join_two"]
Edge = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Refused:
    """An equation that was not made.

    Args:
        edge: The two ids.
        reason: Whether one of them is claimed by several entities, or the equation would join two.
        rivals: The entries of one vocabulary that would have come together, sorted.
    """

    edge: Edge
    reason: Reason
    rivals: tuple[str, ...]


def equated(ids: Sequence[str]) -> Iterator[Edge]:
    """The pairs of ids, each sorted, that a source equates when it gives them to one entity.

    All are paired with one of them and not with each other, or an id that is refused by one would come in
    through another. That one stands alone in its vocabulary: two entries of one vocabulary then claim it, and
    neither is taken for the right one.

    Args:
        ids: The ids, the one that an entity goes by first.
    """
    names = [vocabulary(one) for one in ids]
    centre = next((one for one, name in zip(ids, names, strict=True) if names.count(name) == 1), ids[0])
    for one in ids:
        if one != centre:
            yield min(one, centre), max(one, centre)


class Groups:
    """Ids that were joined so far.

    Args:
        kind: Kind of the entities.
    """

    def __init__(self, kind: EntityKind) -> None:
        self._distinct = DISTINCT[kind]
        self._parents: dict[str, str] = {}
        self._held: dict[str, dict[str, str]] = {}

    def root(self, one: str) -> str:
        """The id that stands for the group of an id."""
        parents = self._parents
        parents.setdefault(one, one)
        while parents[one] != one:
            parents[one] = parents[parents[one]]
            one = parents[one]
        return one

    def held(self, root: str) -> Mapping[str, str]:
        """Vocabulary to the entry of it that a group has, for the vocabularies whose entries are distinct."""
        if root not in self._held:
            own = vocabulary(root)
            self._held[root] = {own: root} if own in self._distinct else {}
        return self._held[root]

    def rivals(self, first: str, second: str) -> tuple[str, ...]:
        """Entries of one vocabulary that two groups have; none if they may be joined."""
        one, other = self.held(first), self.held(second)
        return tuple(
            sorted({entry for name in one.keys() & other.keys() for entry in (one[name], other[name])})
        )

    def join(self, first: str, second: str) -> None:
        """Joins two groups, given by their roots."""
        low, high = sorted((first, second))
        self._held[low] = {**self.held(low), **self.held(high)}
        del self._held[high]
        self._parents[high] = low

    def members(self) -> dict[str, list[str]]:
        """Root to the ids of its group."""
        found: dict[str, list[str]] = defaultdict(list)
        for one in list(self._parents):
            found[self.root(one)].append(one)
        return dict(found)


def join(kind: EntityKind, edges: Mapping[Edge, int]) -> tuple[dict[str, str], list[Refused]]:
    """Joins the ids of one kind.

    Args:
        kind: The kind.
        edges: Pairs of ids that some source equates, each sorted, to the number of sources that do.

    Returns:
        Each id of the pairs to the id that its entity goes by; and the equations that were not made, sorted.
    """
    groups = Groups(kind)
    tiers: dict[int, list[Edge]] = defaultdict(list)
    for edge, support in edges.items():
        tiers[support].append(edge)
    refused: list[Refused] = []
    place = order(kind)
    for _, tier in sorted(tiers.items(), reverse=True):
        contested = _contested(groups, tier)
        for edge in sorted(tier, key=lambda edge: sorted(map(place, edge))):
            roots = groups.root(edge[0]), groups.root(edge[1])
            if rivals := () if roots[0] == roots[1] else groups.rivals(*roots):
                refused.append(Refused(edge, "would_join_two", rivals))
            elif edge in contested:
                refused.append(Refused(edge, "claimed_by_two", contested[edge]))
            elif roots[0] != roots[1]:
                groups.join(*roots)
    canonical = {}
    for members in groups.members().values():
        first = min(members, key=place)
        canonical.update(dict.fromkeys(members, first))
    # What two other equations have joined meanwhile is no conflict any more.
    still = [one for one in refused if canonical[one.edge[0]] != canonical[one.edge[1]]]
    return canonical, sorted(still, key=lambda one: (one.edge, one.reason))


def _contested(groups: Groups, edges: Iterable[Edge]) -> dict[Edge, tuple[str, ...]]:
    """The edges from a group to one of several entries of a vocabulary, with these entries."""
    pulls: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    rooted = {edge: (groups.root(edge[0]), groups.root(edge[1])) for edge in edges}
    for one, other in rooted.values():
        if one != other:
            for here, there in ((one, other), (other, one)):
                for name, entry in (*groups.held(here).items(), *groups.held(there).items()):
                    pulls[here][name].add(entry)
    found = {}
    for edge, (one, other) in rooted.items():
        rivals = {
            entry
            for here, there in ((one, other), (other, one))
            for name in groups.held(there)
            if one != other and len(pulls[here][name]) > 1
            for entry in pulls[here][name]
        }
        if rivals:
            found[edge] = tuple(sorted(rivals))
    return found
