"""The relations that questions are asked about, each as subjects, objects and true pairs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from datamodules.gene_phenotype.knowledge import Knowledge, by_share, name_series
from datamodules.sources.names import has_symbol

RelationName = Literal[
    "disease_phenotype", "gene_disease", "gene_phenotype", "disease_gene", "disease_inheritance"
]


@dataclass(frozen=True)
class Wording:
    """How a relation is asked.

    Args:
        context: Names the subject, ``{subject}``.
        relation: Yes/no question about ``{object}``.
        listing: Asks for all objects.
        fact: Asks for the one object.
    """

    context: str
    relation: str
    listing: str
    fact: str


# The files do not say whether a gene causes a disease, adds to its risk or lies in a deletion: "linked".
# Brief wordings cost few tokens, which is what a small machine is short of; full ones suit chat models.
BRIEF: Mapping[str, Wording] = {
    "disease_phenotype": Wording("Disease: {subject}", "Has {object}?", "Phenotypes:", "Phenotype:"),
    "gene_disease": Wording("Gene: {subject}", "Linked to {object}?", "Diseases:", "Disease:"),
    "gene_phenotype": Wording("Gene: {subject}", "Linked to {object}?", "Phenotypes:", "Phenotype:"),
    "disease_gene": Wording("Disease: {subject}", "Linked to gene {object}?", "Genes:", "Gene:"),
    "disease_inheritance": Wording(
        "Disease: {subject}", "Inherited as {object}?", "Inheritance:", "Inheritance:"
    ),
}
FULL: Mapping[str, Wording] = {
    "disease_phenotype": Wording(
        "This is about the disease {subject}.",
        "Is {object} a phenotype of this disease? Answer Yes or No.",
        "List phenotypes of this disease, separated by semicolons.",
        "Name the phenotype of this disease.",
    ),
    "gene_disease": Wording(
        "This is about the human gene {subject}.",
        "Are variants of this gene linked to {object}? Answer Yes or No.",
        "List the diseases linked to variants of this gene, separated by semicolons.",
        "Which disease is linked to variants of this gene?",
    ),
    "gene_phenotype": Wording(
        "This is about the human gene {subject}.",
        "Is {object} a phenotype of a disease linked to this gene? Answer Yes or No.",
        "List phenotypes of the diseases linked to this gene, separated by semicolons.",
        "Which phenotype do the diseases linked to this gene have?",
    ),
    "disease_gene": Wording(
        "This is about the disease {subject}.",
        "Is this disease linked to variants of the gene {object}? Answer Yes or No.",
        "List the genes whose variants are linked to this disease, separated by semicolons.",
        "Variants of which gene are linked to this disease? Answer with its symbol.",
    ),
    "disease_inheritance": Wording(
        "This is about the disease {subject}.",
        "Is this disease inherited as {object}? Answer Yes or No.",
        "List the modes of inheritance of this disease, separated by semicolons.",
        "What is the mode of inheritance of this disease?",
    ),
}


def _gives_nothing_away(_subject: str, _object: str) -> bool:
    """What holds of relations whose names say nothing of each other."""
    return False


@dataclass(frozen=True)
class Relation:
    """True pairs of one relation over all splits.

    Args:
        name: Its name, ``subject_object``.
        subjects: Subject id -> name.
        pairs: Subject id -> its objects, the most frequent first.
        object_names: Object id -> name.
        possible: Whether the pair of a subject id and an object id is or may be true, and so can be no
            negative.
        implied: For an object id, the objects that follow from it.
        gives_away: Whether the name of a subject or object, given by their ids, has that of the other, as
            *GNE myopathy* has GNE. Such a pair is asked neither as a true nor as a false one.
    """

    name: str
    subjects: Mapping[str, str]
    pairs: Mapping[str, Sequence[str]]
    object_names: Mapping[str, str]
    possible: Callable[[str, str], bool]
    implied: Callable[[str], frozenset[str]]
    gives_away: Callable[[str, str], bool] = _gives_nothing_away

    @property
    def subject_kind(self) -> str:
        """What its subjects are: ``gene`` or ``disease``."""
        return self.name.partition("_")[0]


def build_relation(knowledge: Knowledge, name: RelationName) -> Relation:
    """One relation of the knowledge; subjects without a true pair are left out."""
    diseases, genes = knowledge.diseases, knowledge.genes
    disease_names = {key: disease.name for key, disease in diseases.items()}
    symbols = {key: gene.symbol for key, gene in genes.items()}
    pairs: dict[str, Sequence[str]]
    if name == "disease_phenotype":
        pairs = {key: by_share(disease.phenotypes) for key, disease in diseases.items()}
        return _phenotypes(
            knowledge, name, disease_names, pairs, {k: d.disputed for k, d in diseases.items()}
        )
    if name == "gene_phenotype":
        pairs = {key: by_share(knowledge.gene_phenotypes(key)) for key in genes}
        disputed = {
            key: set().union(*(diseases[disease].disputed for disease in gene.diseases))
            for key, gene in genes.items()
        }
        return _phenotypes(knowledge, name, symbols, pairs, disputed)
    if name == "gene_disease":
        pairs = {key: sorted(gene.diseases) for key, gene in genes.items()}
        # A gene of "Retinitis pigmentosa 11" may well be one of "Retinitis pigmentosa".
        series = {key: name_series(disease.name) for key, disease in diseases.items()}
        return _plain(
            name, symbols, pairs, disease_names, series, lambda symbol, one: has_symbol(one, symbol)
        )
    if name == "disease_gene":
        pairs = {key: sorted(disease.genes) for key, disease in diseases.items()}
        return _plain(name, disease_names, pairs, symbols, gives_away=has_symbol)
    pairs = {key: disease.inheritance for key, disease in diseases.items()}
    modes = {term: knowledge.term_name(term) for terms in pairs.values() for term in terms}
    return _plain(name, disease_names, pairs, modes)


def _plain(
    name: RelationName,
    subjects: Mapping[str, str],
    pairs: Mapping[str, Sequence[str]],
    object_names: Mapping[str, str],
    family: Mapping[str, str] | None = None,
    gives_away: Callable[[str, str], bool] | None = None,
) -> Relation:
    """A relation whose objects imply nothing; those of one ``family`` cannot be told apart for sure.

    ``gives_away`` tells whether the name of a subject or object has that of the other.
    """
    kept = {key: objects for key, objects in pairs.items() if objects}
    family = family or {}

    true = {key: {family.get(item, item) for item in objects} for key, objects in kept.items()}

    def is_told(subject: str, item: str) -> bool:
        return gives_away is not None and gives_away(subjects[subject], object_names[item])

    def possible(subject: str, item: str) -> bool:
        return family.get(item, item) in true[subject]

    return Relation(
        name,
        {key: subjects[key] for key in kept},
        kept,
        object_names,
        possible,
        implied=lambda _: frozenset(),
        gives_away=is_told,
    )


def _phenotypes(
    knowledge: Knowledge,
    name: RelationName,
    subjects: Mapping[str, str],
    pairs: Mapping[str, Sequence[str]],
    disputed: Mapping[str, set[str]],
) -> Relation:
    kept = {key: objects for key, objects in pairs.items() if objects}
    names = {term: knowledge.term_name(term) for objects in kept.values() for term in objects}
    above = {
        term: knowledge.ontology.ancestors(term) for term in names.keys() | set().union(*disputed.values())
    }

    stated = {key: disputed[key].union(objects) for key, objects in kept.items()}

    def possible(subject: str, term: str) -> bool:
        terms = stated[subject]
        # A more specific form of a true phenotype may well be true though nobody has written it down.
        return term in terms or not terms.isdisjoint(above[term]) or any(term in above[one] for one in terms)

    return Relation(
        name, {key: subjects[key] for key in kept}, kept, names, possible, implied=above.__getitem__
    )
