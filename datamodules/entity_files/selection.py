"""Which entities are taken, and what their classes are."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from datamodules.gene_function.families import symbol_stem
from datamodules.sources.hpo import PHENOTYPIC_ABNORMALITY, Ontology
from geneverse_pl.exceptions import ConfigError

_T = TypeVar("_T")

_PREFIXES = ("Abnormality of the ", "Abnormality of ", "Abnormal ")


@dataclass(frozen=True)
class EntityLimits:
    """How many entities are taken. The defaults give some hundreds, in a minute on a CPU.

    Args:
        num_families: Gene families, the largest, > 0; None takes all that have ``genes_per_class`` genes.
        genes_per_family: Most genes of a family, >= ``genes_per_class``; None takes all.
        genes_per_class: Least genes of a family or of a GO term that counts as a class, >= 2.
        diseases_per_gene: Most diseases of a gene, > 0; None takes all.
        phenotypes_per_entity: Most phenotypes of a gene or disease, the most frequent, >= 0.

    Raises:
        ConfigError: If a number is out of range.
    """

    num_families: int | None = 12
    genes_per_family: int | None = 12
    genes_per_class: int = 5
    diseases_per_gene: int | None = 2
    phenotypes_per_entity: int = 2

    def __post_init__(self) -> None:
        least = {
            "num_families": 1,
            "genes_per_family": self.genes_per_class,
            "genes_per_class": 2,
            "diseases_per_gene": 1,
            "phenotypes_per_entity": 0,
        }
        for name, bound in least.items():
            value = getattr(self, name)
            if value is not None and value < bound:
                raise ConfigError(f"{name} must be >= {bound}, got {value}.")


def choose_genes(
    symbols: Mapping[str, str],
    limits: EntityLimits,
    rng: random.Random,
    types: Mapping[str, str | None] | None = None,
) -> dict[str, str]:
    """Genes of the largest families by symbol.

    Args:
        symbols: Id of a gene -> its symbol.
        limits: How many.
        rng: Source of the draws.
        types: Id of a gene -> NCBI's type of it, where that is known; pseudogenes go with their genes.

    Returns:
        Id of a gene -> its family, sorted by family and id.

    Raises:
        ConfigError: If no family is large enough.
    """
    families: defaultdict[str, list[str]] = defaultdict(list)
    for gene, symbol in sorted(symbols.items()):
        families[symbol_stem(symbol, (types or {}).get(gene))].append(gene)
    large = {stem: genes for stem, genes in families.items() if len(genes) >= limits.genes_per_class}
    if not large:
        raise ConfigError(
            f"genes_per_class must leave a family, and none has {limits.genes_per_class} genes. Set it lower."
        )
    chosen = sorted(large, key=lambda stem: (-len(large[stem]), stem))[: limits.num_families]
    return {
        gene: stem for stem in sorted(chosen) for gene in drawn(large[stem], limits.genes_per_family, rng)
    }


def drawn(items: Sequence[_T], most: int | None, rng: random.Random) -> list[_T]:
    """At most so many of some items, at random, in their order.

    Args:
        items: The items.
        most: Most of them; None for all.
        rng: Source of the draws.
    """
    if most is None or len(items) <= most:
        return list(items)
    return [items[place] for place in sorted(rng.sample(range(len(items)), most))]


class OrganSystems:
    """The branches of the Human Phenotype Ontology right below *phenotypic abnormality*.

    Args:
        ontology: The ontology.
    """

    def __init__(self, ontology: Ontology) -> None:
        self._ontology = ontology
        self._names = {
            term.id: _short(term.name)
            for term in ontology.terms.values()
            if PHENOTYPIC_ABNORMALITY in term.parents and not term.is_obsolete
        }

    def of(self, terms: Iterable[str]) -> str:
        """The branch that more of the terms lie under than under any other; blank where two are level.

        A term may lie under several branches, and counts for each.

        Args:
            terms: HPO ids; those that the ontology does not have are passed over.
        """
        counts: Counter[str] = Counter()
        for term in terms:
            current = self._ontology.resolve(term)
            if current is not None:
                counts.update(({current} | self._ontology.ancestors(current)) & self._names.keys())
        ranked = counts.most_common(2)
        if not ranked or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
            return ""
        return self._names[ranked[0][0]]


def _short(name: str) -> str:
    for prefix in _PREFIXES:
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return name


def rarest_class(members: Mapping[str, Iterable[str]], least: int) -> dict[str, str]:
    """For each item the class that fewest items share, among those of at least so many and at most a third.

    Args:
        members: Item -> its classes.
        least: Least members of a class, >= 1.

    Returns:
        Item -> class; items of no such class are left out.
    """
    own = {item: set(classes) for item, classes in members.items()}
    sizes = Counter(one for classes in own.values() for one in classes)
    kept = {one for one, size in sizes.items() if least <= size <= len(own) / 3}
    return {
        item: min(classes & kept, key=lambda one: (sizes[one], one))
        for item, classes in own.items()
        if classes & kept
    }
