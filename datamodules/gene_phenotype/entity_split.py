"""Which split each gene and disease belongs to."""

import logging
from collections.abc import Iterable, Mapping

from datamodules.gene_phenotype.knowledge import Knowledge, name_series
from datamodules.sources.names import normalised_name
from geneverse_pl.evaluation.splits import assign_groups, check_leakage, connected_groups

logger = logging.getLogger(__name__)


class EntitySplit:
    """Puts genes and diseases into splits, all that hangs together into one.

    Args:
        knowledge: All genes and diseases.
        fractions: Split -> share of the diseases.
        seed: Seed of the split.
        split_series: Also keep numbered forms of one disease together.
        allow_shared_entities: Do not refuse splits that share a gene or disease, by id or by the name shown.

    Raises:
        LeakageError: If two splits share one.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        fractions: Mapping[str, float],
        seed: int,
        *,
        split_series: bool = False,
        allow_shared_entities: bool = False,
    ) -> None:
        nodes = [f"disease:{key}" for key in knowledge.diseases] + [f"gene:{key}" for key in knowledge.genes]
        self._groups = connected_groups(entity_edges(knowledge, split_series=split_series), nodes)
        sizes = dict.fromkeys(self._groups.values(), 0)
        for node in nodes:
            sizes[self._groups[node]] += node.startswith("disease:")
        self._splits = assign_groups({group: max(1, n) for group, n in sizes.items()}, fractions, seed)
        members = {split: _members(knowledge, self, split) for split in fractions}
        if not allow_shared_entities:
            check_leakage(members, "data.init_args.allow_shared_entities")
        logger.info(
            "split: %s", ", ".join(f"{split} {len(m):,} genes and diseases" for split, m in members.items())
        )

    def of(self, kind: str, key: str) -> str:
        """Split of a ``gene`` or ``disease``."""
        return self._splits[self.group(kind, key)]

    def group(self, kind: str, key: str) -> str:
        """Group of a ``gene`` or ``disease``; a group never lies in two splits."""
        return self._groups[f"{kind}:{key}"]

    def keys_in(self, split: str, kind: str, keys: Iterable[str]) -> list[str]:
        """Those of the keys that lie in the split, in their order."""
        return [key for key in keys if self.of(kind, key) == split]

    def groups(self, kind: str, keys: Iterable[str]) -> dict[str, str]:
        """Group of each key."""
        return {key: self.group(kind, key) for key in keys}


def entity_edges(knowledge: Knowledge, *, split_series: bool) -> list[tuple[str, str]]:
    """Pairs of nodes, ``gene:…`` and ``disease:…``, that must share a split."""
    edges = [
        (f"gene:{gene_id}", f"disease:{disease_id}")
        for gene_id, gene in knowledge.genes.items()
        for disease_id in sorted(gene.diseases)
    ]
    if split_series:
        first: dict[str, str] = {}
        for key, disease in knowledge.diseases.items():
            node = f"disease:{key}"
            edges.append((first.setdefault(name_series(disease.name), node), node))
    return edges


def _members(knowledge: Knowledge, split: EntitySplit, name: str) -> list[tuple[str, ...]]:
    """Each gene and disease of a split, with the name shown for it and what it is linked to."""
    return [
        (f"gene:{key}", f"symbol:{gene.symbol}", *(f"disease:{disease}" for disease in gene.diseases))
        for key, gene in knowledge.genes.items()
        if split.of("gene", key) == name
    ] + [
        (
            f"disease:{key}",
            f"name:{normalised_name(disease.name)}",
            *(f"gene:{gene}" for gene in disease.genes),
        )
        for key, disease in knowledge.diseases.items()
        if split.of("disease", key) == name
    ]
