"""The relations that are put into words: those of the corpus, two of them turned round, and triples."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from datamodules.corpus.identifiers import RelationKind

ViewName = Literal[
    "gene_encodes_protein",
    "protein_gene",
    "gene_disease",
    "disease_gene",
    "gene_phenotype",
    "disease_phenotype",
    "protein_disease",
    "gene_go",
    "gene_protein_disease",
    "gene_protein_phenotype",
]
NodeKind = Literal["gene", "protein", "phenotype", "disease", "go_term", "gene_protein"]

#: Kind of a pair of a gene and the protein that it encodes.
GENE_PROTEIN: NodeKind = "gene_protein"


@dataclass(frozen=True, slots=True)
class View:
    """A relation as questions see it.

    Args:
        name: Its name.
        subject_kind: What its subjects are; they lie in one split each.
        object_kind: What its objects are.
        of: The relation of the corpus that it is made of; None for triples.
        phrase: What it says between subject and object.
    """

    name: ViewName
    subject_kind: NodeKind
    object_kind: NodeKind
    of: RelationKind | None
    phrase: str


_ALL = (
    View("gene_encodes_protein", "gene", "protein", "gene_encodes_protein", "encodes"),
    View("protein_gene", "protein", "gene", "gene_encodes_protein", "is encoded by"),
    View("gene_disease", "gene", "disease", "gene_disease", "is linked to the disease"),
    View("disease_gene", "disease", "gene", "gene_disease", "is linked to the gene"),
    View("gene_phenotype", "gene", "phenotype", "gene_phenotype", "is linked to the phenotype"),
    View("disease_phenotype", "disease", "phenotype", "disease_phenotype", "has the phenotype"),
    View("protein_disease", "protein", "disease", "protein_disease", "is involved in the disease"),
    View("gene_go", "gene", "go_term", "gene_go", "is annotated with the GO term"),
    View("gene_protein_disease", GENE_PROTEIN, "disease", None, "are linked to the disease"),
    View("gene_protein_phenotype", GENE_PROTEIN, "phenotype", None, "are linked to the phenotype"),
)
#: All of them by name.
VIEWS: Mapping[str, View] = {view.name: view for view in _ALL}
#: Those that are the relations of the corpus as they stand.
DIRECT: tuple[View, ...] = tuple(view for view in _ALL if view.name == view.of)
