"""Which split each gene belongs to."""

import logging
from collections.abc import Collection, Iterable, Mapping

from datamodules.gene_function.facts import GeneFacts
from datamodules.gene_function.families import family_edges, likenesses
from geneverse_pl.data.datamodule import HELD_OUT, TRAIN
from geneverse_pl.evaluation.splits import assign_groups, check_leakage, connected_groups
from geneverse_pl.exceptions import ConfigError

logger = logging.getLogger(__name__)


class GeneSplit:
    """Puts genes into splits, a family of genes into one.

    Args:
        genes: NCBI Gene id -> gene, at least one.
        fractions: Split -> share of the genes.
        seed: Seed of the split.
        held_out: Ids of genes that are held out, each with its family.
        allow_shared_families: Keep only genes of one symbol together.

    Raises:
        ConfigError: If the genes held out by name leave none to train on.
        LeakageError: If two splits share what must be kept apart.
    """

    def __init__(
        self,
        genes: Mapping[str, GeneFacts],
        fractions: Mapping[str, float],
        seed: int,
        *,
        held_out: Collection[str] = (),
        allow_shared_families: bool = False,
    ) -> None:
        edges = family_edges(genes.values(), share_families=allow_shared_families)
        self._groups = connected_groups(edges, genes)
        sizes = dict.fromkeys(self._groups.values(), 0)
        for gene_id in genes:
            sizes[self._groups[gene_id]] += 1
        named = sorted({self._groups[gene_id] for gene_id in held_out})
        num_named = sum(sizes.pop(group) for group in named)
        self._splits = dict.fromkeys(named, HELD_OUT) | assign_groups(
            sizes, _remaining(fractions, len(genes), num_named), seed
        )
        self._check(genes, fractions, allow_shared_families=allow_shared_families)
        counts = {split: len(self.genes_in(split, genes)) for split in fractions}
        logger.info(
            "split: %d groups of genes; %s",
            len(self._splits),
            ", ".join(f"{split} {count:,} genes" for split, count in counts.items()),
        )

    def _check(
        self, genes: Mapping[str, GeneFacts], splits: Iterable[str], *, allow_shared_families: bool
    ) -> None:
        def marks(gene_id: str) -> tuple[str, ...]:
            found = likenesses(genes[gene_id])
            kept = [mark for mark in found if not allow_shared_families or mark.startswith("symbol:")]
            return (f"gene:{gene_id}", *kept)

        members = {split: [marks(gene_id) for gene_id in self.genes_in(split, genes)] for split in splits}
        check_leakage(members, "data.init_args.allow_shared_families")

    def of(self, gene_id: str) -> str:
        """Split of a gene."""
        return self._splits[self._groups[gene_id]]

    def genes_in(self, split: str, gene_ids: Iterable[str]) -> list[str]:
        """Those of the genes that lie in the split, in their order."""
        return [gene_id for gene_id in gene_ids if self.of(gene_id) == split]

    @property
    def groups(self) -> Mapping[str, str]:
        """Group of each gene; a group never lies in two splits."""
        return self._groups


def _remaining(fractions: Mapping[str, float], num_genes: int, num_named: int) -> dict[str, float]:
    """Shares of the genes that are not held out by name, so that all splits keep their sizes."""
    left = num_genes - num_named
    wanted = {split: share * num_genes for split, share in fractions.items() if split != TRAIN}
    wanted[HELD_OUT] = max(0.0, wanted[HELD_OUT] - num_named)
    if sum(wanted.values()) >= left:
        raise ConfigError(
            f"Genes must be left to train on, and {num_named} of {num_genes} are held out by name with their "
            "families. Use more genes, or lower val_fraction."
        )
    shares = {split: number / left for split, number in wanted.items()}
    return {TRAIN: 1 - sum(shares.values()), **shares}
