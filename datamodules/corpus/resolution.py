"""Which entity each id stands for, after all sources have been read."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from datamodules.corpus.equivalence import Edge, join
from datamodules.corpus.identifiers import ENTITY_KINDS, EntityKind, vocabulary
from datamodules.corpus.records import Conflict, ConflictReason
from datamodules.corpus.sources import SourceUsed
from datamodules.corpus.staging import Staging

_GENE_INFO = "ncbi_gene_info_human"


@dataclass(frozen=True, slots=True)
class Resolved:
    """One id of one kind.

    Args:
        node: Its number.
        kind: Its kind.
        id: The id.
        entity: The id that its entity goes by; None if it stands for no entity of the kind.
        reason: Why it stands for none.
        is_obsolete: Whether it must not be used any more.
    """

    node: int
    kind: EntityKind
    id: str
    entity: str | None
    reason: str | None
    is_obsolete: bool

    @property
    def vocabulary(self) -> str:
        """Its vocabulary."""
        return vocabulary(self.id)


def resolve(staging: Staging, sources: Sequence[SourceUsed]) -> tuple[list[Resolved], list[Conflict]]:
    """Follows former ids, joins what is equated, and lists what does not fit.

    Args:
        staging: What the sources said.
        sources: The sources, in order.
    """
    _tell_diseases(staging, sources)
    current = {one: now for one in staging.retired if (now := successor(staging.retired, one))}
    for one, now in current.items():
        # So that a former id that no other file uses can be looked up too.
        for kind in ENTITY_KINDS:
            if now in staging.nodes[kind]:
                staging.node(kind, one)
            elif one in staging.nodes[kind]:
                # The file that tells of the successor may be cut before it.
                staging.node(kind, now)
    resolved: list[Resolved] = []
    conflicts: list[Conflict] = []
    for kind in ENTITY_KINDS:
        entities, refused = _entities(staging, kind, current, sources)
        conflicts += refused
        for one, node in staging.nodes[kind].items():
            now = current.get(one, one)
            is_other = not _may_be(staging, kind, now)
            reason = f"an id that stands for no {kind.replace('_', ' ')}" if is_other else None
            entity = None if is_other else entities.get(now, now)
            resolved.append(Resolved(node, kind, one, entity, reason, one in staging.retired))
            if staging.masks[node]:
                users = _keys(sources, staging.masks[node])
                conflicts += (
                    Conflict(kind, fault, ids, users) for fault, ids in _faults(staging, kind, one, now)
                )
    return resolved, sorted(conflicts, key=lambda one: (one.kind, one.reason, one.ids))


def successor(retired: Mapping[str, set[tuple[str, ...]]], one: str) -> str | None:
    """The id that took the place of a former one; None if nothing did, or it is not clear which.

    Args:
        retired: Former id to what each source says took its place.
        one: A former id.
    """
    passed = set()
    while one in retired:
        passed.add(one)
        known = {successors for successors in retired[one] if successors}
        if len(known) != 1 or len(next(iter(known))) != 1:
            return None
        [[one]] = known
        if one in passed:
            return None
    return one


def _tell_diseases(staging: Staging, sources: Sequence[SourceUsed]) -> None:
    """Notes as diseases the numbers of OMIM that ``gene_info`` alone calls genes, and other files diseases.

    NCBI lists the entries of a gene's diseases with its own. The tables that tell them apart may be missing.
    """
    gene_info = sum(1 << source.number for source in sources if source.key == _GENE_INFO)
    genes = staging.nodes["gene"]
    for one in genes.keys() & staging.nodes["disease"].keys():
        is_of_gene_info_alone = staging.masks[genes[one]] == gene_info
        if is_of_gene_info_alone and vocabulary(one) == "OMIM" and one not in staging.meanings:
            staging.meanings[one] = {"disease"}


def _may_be(staging: Staging, kind: EntityKind, one: str) -> bool:
    return one not in staging.meanings or kind in staging.meanings[one]


def _faults(
    staging: Staging, kind: EntityKind, one: str, now: str
) -> Iterator[tuple[ConflictReason, tuple[str, ...]]]:
    if one in staging.retired and now == one:
        claimed = sorted({other for successors in staging.retired[one] for other in successors})
        yield "no_successor", (one, *claimed)
    if staging.is_unknown(now):
        yield "unknown_id", (one,)
    # A term that is neither of the kinds, as a mode of inheritance, is no fault of the file that has it.
    if not _may_be(staging, kind, now) and staging.meanings[now]:
        yield "other_kind", (one,)


def _entities(
    staging: Staging, kind: EntityKind, current: Mapping[str, str], sources: Sequence[SourceUsed]
) -> tuple[dict[str, str], list[Conflict]]:
    """Id to the id that its entity goes by, for ids that some source equates with others."""
    masks: dict[Edge, int] = defaultdict(int)
    for pair, mask in staging.edges[kind].items():
        first, second = sorted(current.get(one, one) for one in pair)
        if first != second and _may_be(staging, kind, first) and _may_be(staging, kind, second):
            masks[first, second] |= mask
    # The files of one publisher repeat each other, and count once.
    publishers = [source.publisher.name for source in sources]
    support = {
        edge: len({name for number, name in enumerate(publishers) if mask >> number & 1})
        for edge, mask in masks.items()
    }
    entities, refused = join(kind, support)
    conflicts = [
        Conflict(kind, one.reason, (*one.edge, *one.rivals), _keys(sources, masks[one.edge]))
        for one in refused
    ]
    return entities, conflicts


def _keys(sources: Sequence[SourceUsed], mask: int) -> tuple[str, ...]:
    return tuple(sorted({source.key for source in sources if mask >> source.number & 1}))
