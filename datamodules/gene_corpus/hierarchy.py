"""Which terms follow from others, in the Human Phenotype Ontology and the Gene Ontology."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from datamodules.sources.gene_ontology import read_gene_ontology
from datamodules.sources.hpo import read_ontology
from datamodules.sources.term_hierarchy import TermHierarchy


class Ancestors:
    """The terms that follow from a term; none for what is in none of the ontologies.

    Args:
        hpo: ``hp.obo``; None knows nothing of phenotypes.
        go: ``go-basic.obo``; None knows nothing of GO terms.
        merged: Id to the id that a term goes by, where that is another; these alone are taken and returned.
    """

    def __init__(self, hpo: Path | None, go: Path | None, merged: Mapping[str, str] | None = None) -> None:
        self._terms: dict[str, TermHierarchy] = {}
        if hpo is not None:
            self._terms["HP"] = read_ontology(hpo)
        if go is not None:
            self._terms["GO"] = read_gene_ontology(go)
        self._merged = dict(merged or {})
        self._members: defaultdict[str, list[str]] = defaultdict(list)
        for one, node in self._merged.items():
            self._members[node].append(one)
        self._known: dict[str, frozenset[str]] = {}

    def __call__(self, item: str) -> frozenset[str]:
        """Ids of the terms above one."""
        known = self._known.get(item)
        if known is None:
            known = self._known[item] = self._above(item)
        return known

    def _above(self, item: str) -> frozenset[str]:
        found: set[str] = set()
        for one in (item, *self._members.get(item, ())):
            hierarchy = self._terms.get(one.partition(":")[0])
            current = None if hierarchy is None else hierarchy.resolve(one)
            if hierarchy is not None and current is not None:
                found |= hierarchy.ancestors(current)
        return frozenset(self._merged.get(one, one) for one in found) - {item}
