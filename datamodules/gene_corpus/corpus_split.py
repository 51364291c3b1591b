"""Which split each gene, protein and disease belongs to."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from datamodules.gene_corpus.workspace import Workspace
from datamodules.gene_function.families import symbol_stem, told_type
from datamodules.gene_phenotype.knowledge import name_series
from datamodules.sources.names import normalised_name
from geneverse_pl.data.datamodule import TRAIN
from geneverse_pl.evaluation.splits import assign_groups, check_leakage, connected_groups

logger = logging.getLogger(__name__)

_ENTITIES = (
    "SELECT kind, node, name FROM named WHERE kind IN ('gene', 'protein', 'disease') ORDER BY kind, node"
)
# Texts of all aliases as one, so that no list of them lies in memory; only genes have the mark.
_WITH_ALIASES = """
SELECT n.kind, n.node, n.name,
    CASE WHEN n.kind = 'gene' AND array_to_string(e.aliases, ' ') ILIKE '%pseudogene%' THEN 'pseudogene' END
FROM named n LEFT JOIN corpus.entities e ON e.kind = n.kind AND e.id = n.node
WHERE n.kind IN ('gene', 'protein', 'disease') ORDER BY n.kind, n.node
"""
# Disputed and denied pairs count as well: a question on one of their ends would tell of the other.
_LINKED = """
SELECT ends.subject_kind, p.subject, ends.object_kind, p.object
FROM pairs p JOIN ends ON ends.relation = p.view
WHERE p.view IN ('gene_encodes_protein', 'gene_disease', 'protein_disease')
"""
_WITH_PAIRS = """
SELECT DISTINCT ends.subject_kind, p.subject FROM pairs p JOIN ends ON ends.relation = p.view
"""


def split_entities(
    work: Workspace,
    fractions: Mapping[str, float],
    seed: int,
    *,
    allow_shared_families: bool = False,
    allow_shared_entities: bool = False,
) -> None:
    """Makes the table ``splits``: split and group of each gene, protein and disease.

    All that hangs together by a link of gene and protein, gene and disease, or protein and disease goes to
    one split, and so do genes and diseases of one name. Groups with a disease, those with some other pair and
    those with none are split apart, each by the fractions, so that every split has its share of each.

    Args:
        work: The workspace, with its entities and pairs.
        fractions: Split -> share, of diseases, and of genes and proteins without one.
        seed: Seed of the split.
        allow_shared_families: Do not keep together what is numbered alike: genes of one family by their
            symbols, and forms of one disease.
        allow_shared_entities: Do not refuse splits that share one, by id or by name.

    Raises:
        ConfigError: If there are fewer groups than splits.
        LeakageError: If two splits share an entity.
    """
    # Every pass over the entities reads them anew, so that memory holds their ids alone.
    nodes = (f"{kind}:{node}" for kind, node, _ in work.rows(_ENTITIES))
    groups = connected_groups(_edges(work, allow_shared_families=allow_shared_families), nodes)
    splits = _assigned(work, groups, fractions, seed)
    columns = dict.fromkeys(("kind", "node", "split", "grp"), "VARCHAR")
    rows = ((*name.split(":", 1), splits[group], group) for name, group in groups.items())
    work.fill("splits", columns, rows)
    if not allow_shared_entities:
        members = {split: _members(work, split) for split in fractions}
        check_leakage(members, "data.init_args.allow_shared_entities")
    counts = Counter(splits[group] for group in groups.values())
    largest = max(Counter(groups.values()).values(), default=0)
    logger.info(
        "split: %s; %s groups, the largest of %s",
        ", ".join(f"{split} {counts[split]:,} genes, proteins and diseases" for split in fractions),
        f"{len(splits):,}",
        f"{largest:,}",
    )


def _edges(work: Workspace, *, allow_shared_families: bool) -> Iterator[tuple[str, str]]:
    """Pairs of nodes that must share a split."""
    for subject_kind, subject, object_kind, item in work.rows(_LINKED):
        yield f"{subject_kind}:{subject}", f"{object_kind}:{item}"
    first: dict[str, str] = {}
    for kind, node, name, also in work.rows(_WITH_ALIASES):
        for mark in _marks(kind, name, also, allow_shared_families=allow_shared_families):
            one = f"{kind}:{node}"
            yield first.setdefault(mark, one), one


def _marks(kind: str, name: str, also: str | None, *, allow_shared_families: bool) -> Iterator[str]:
    """What two entities that must share a split have in common; ``also`` tells a pseudogene."""
    yield f"{kind}={normalised_name(name)}"
    if not allow_shared_families and kind == "gene":
        yield f"stem={symbol_stem(name, told_type([also or '']))}"
    if not allow_shared_families and kind == "disease":
        yield f"series={name_series(name)}"


def _assigned(
    work: Workspace, groups: Mapping[str, str], fractions: Mapping[str, float], seed: int
) -> dict[str, str]:
    """Group to split."""
    with_pairs = {
        groups[name] for kind, node in work.rows(_WITH_PAIRS) if (name := f"{kind}:{node}") in groups
    }
    diseases = Counter(group for name, group in groups.items() if name.startswith("disease:"))
    members = Counter(groups.values())
    strata: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for group, size in members.items():
        stratum = 0 if group in diseases else 1 if group in with_pairs else 2
        strata[stratum][group] = diseases.get(group, size)
    assigned: dict[str, str] = {}
    num_splits = sum(share > 0 for share in fractions.values())
    for number in sorted(strata):
        if len(strata[number]) < num_splits and assigned:
            assigned |= dict.fromkeys(strata[number], TRAIN)
        else:
            assigned |= assign_groups(strata[number], fractions, seed)
    return assigned


def _members(work: Workspace, split: str) -> Iterator[tuple[str, ...]]:
    """Each entity of a split with its name, and each with those it is linked to."""
    own = "SELECT s.kind, s.node, n.name FROM splits s JOIN named n USING (kind, node) WHERE s.split = $split"
    for kind, node, name in work.rows(own, {"split": split}):
        yield f"{kind}:{node}", f"{kind} called {normalised_name(name)}"
    linked = f"SELECT l.* FROM ({_LINKED}) l JOIN splits s ON s.kind = l.subject_kind AND s.node = l.subject"  # noqa: S608
    for _, _, kind, node in work.rows(f"{linked} WHERE s.split = $split", {"split": split}):
        yield (f"{kind}:{node}",)
