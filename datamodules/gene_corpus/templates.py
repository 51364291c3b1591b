"""How records are asked for and relations asked about: several wordings of each.

Question wordings name no subject: the context before them does, which all samples about it share.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from datamodules.gene_corpus.views import NodeKind, ViewName

#: Wordings of everything; the first is the one of validation and of the held-out test.
NUM_WORDINGS = 4
Four = tuple[str, str, str, str]

INSTRUCTIONS: Four = (
    "Restore the masked entities, separated by semicolons.",
    "Which entities stood at the masks? List them in order, separated by semicolons.",
    "Fill in the masks of this record. Separate the answers by semicolons.",
    "Some entities of the record are hidden. Give them in order, with semicolons between them.",
)

#: How a subject is introduced, ``{subject}``.
CONTEXTS: Mapping[NodeKind, Four] = {
    "gene": (
        "Gene: {subject}",
        "This is about the human gene {subject}.",
        "Consider the gene {subject}.",
        "Human gene with the symbol {subject}:",
    ),
    "protein": (
        "Protein: {subject}",
        "This is about the human protein {subject}.",
        "Consider the protein {subject}.",
        "Human protein named {subject}:",
    ),
    "disease": (
        "Disease: {subject}",
        "This is about the disease {subject}.",
        "Consider the disease {subject}.",
        "Disease named {subject}:",
    ),
    "gene_protein": (
        "Gene and protein: {subject}",
        "This is about a human gene and its protein: {subject}.",
        "Consider this gene and this protein: {subject}.",
        "Gene with its protein, {subject}:",
    ),
}


@dataclass(frozen=True, slots=True)
class Wordings:
    """How one relation is asked about.

    Args:
        relation: Yes/no questions about ``{object}``.
        listing: Ask for the objects.
        fact: Ask for the one object.
    """

    relation: Four
    listing: Four
    fact: Four


# Not all sources say whether a gene causes a disease, adds to its risk or lies in a deletion: "linked".
WORDINGS: Mapping[ViewName, Wordings] = {
    "gene_encodes_protein": Wordings(
        (
            "Does it encode {object}?",
            "Is {object} a product of this gene?",
            "Is the protein {object} encoded by it?",
            "Does this gene code for {object}?",
        ),
        (
            "Proteins:",
            "List the proteins it encodes.",
            "What proteins does it code for?",
            "Name its proteins.",
        ),
        (
            "Protein:",
            "Which protein does it encode?",
            "Name the protein that this gene codes for.",
            "What is its protein product?",
        ),
    ),
    "protein_gene": Wordings(
        (
            "Is it encoded by the gene {object}?",
            "Does {object} encode this protein?",
            "Is {object} the symbol of its gene?",
            "Is it a product of the gene {object}?",
        ),
        ("Genes:", "List the genes that encode it.", "What genes code for it?", "Name its genes."),
        (
            "Gene:",
            "Which gene encodes it?",
            "Give the symbol of the gene that codes for it.",
            "What is the symbol of its gene?",
        ),
    ),
    "gene_disease": Wordings(
        (
            "Linked to {object}?",
            "Is it linked to the disease {object}?",
            "Are variants of this gene linked to {object}?",
            "Is {object} among the diseases of this gene?",
        ),
        (
            "Diseases:",
            "List diseases linked to it.",
            "What diseases are linked to this gene?",
            "Name diseases that go with variants of it.",
        ),
        (
            "Disease:",
            "Which disease is linked to it?",
            "Name the disease linked to this gene.",
            "What disease goes with variants of it?",
        ),
    ),
    "disease_gene": Wordings(
        (
            "Linked to gene {object}?",
            "Is the gene {object} linked to it?",
            "Are variants of {object} linked to this disease?",
            "Is {object} among the genes of this disease?",
        ),
        (
            "Genes:",
            "List the symbols of genes linked to it.",
            "What genes are linked to this disease?",
            "Name genes whose variants go with it.",
        ),
        (
            "Gene:",
            "Which gene is linked to it?",
            "Give the symbol of the gene linked to this disease.",
            "Variants of what gene go with it?",
        ),
    ),
    "gene_phenotype": Wordings(
        (
            "Linked to the phenotype {object}?",
            "Is {object} a phenotype linked to it?",
            "Do patients with variants of this gene show {object}?",
            "Is {object} among the phenotypes of this gene?",
        ),
        (
            "Phenotypes:",
            "List phenotypes linked to it.",
            "What phenotypes are linked to this gene?",
            "Name phenotypes that go with variants of it.",
        ),
        (
            "Phenotype:",
            "Which phenotype is linked to it?",
            "Name the phenotype linked to this gene.",
            "What phenotype goes with variants of it?",
        ),
    ),
    "disease_phenotype": Wordings(
        (
            "Has {object}?",
            "Is {object} a phenotype of it?",
            "Do patients with this disease show {object}?",
            "Is {object} among its phenotypes?",
        ),
        (
            "Phenotypes:",
            "List phenotypes of this disease.",
            "What phenotypes does it have?",
            "Name what patients with it show.",
        ),
        (
            "Phenotype:",
            "Which phenotype does it have?",
            "Name the phenotype of this disease.",
            "What do patients with it show?",
        ),
    ),
    "protein_disease": Wordings(
        (
            "Involved in {object}?",
            "Is it involved in the disease {object}?",
            "Does this protein play a part in {object}?",
            "Is {object} among the diseases of this protein?",
        ),
        (
            "Diseases:",
            "List diseases that it is involved in.",
            "What diseases is this protein involved in?",
            "Name diseases that it plays a part in.",
        ),
        (
            "Disease:",
            "Which disease is it involved in?",
            "Name the disease of this protein.",
            "What disease does it play a part in?",
        ),
    ),
    "gene_go": Wordings(
        (
            "Annotated with {object}?",
            "Is it annotated with the GO term {object}?",
            "Does {object} apply to this gene's product?",
            "Is {object} among its terms of the Gene Ontology?",
        ),
        (
            "GO terms:",
            "List GO terms that it is annotated with.",
            "What terms of the Gene Ontology apply to it?",
            "Name its annotations in the Gene Ontology.",
        ),
        (
            "GO term:",
            "Which GO term is it annotated with?",
            "Name its term of the Gene Ontology.",
            "What does the Gene Ontology say of it?",
        ),
    ),
    "gene_protein_disease": Wordings(
        (
            "Linked to {object}?",
            "Are the two linked to the disease {object}?",
            "Does either play a part in {object}?",
            "Is {object} among the diseases of this gene and protein?",
        ),
        (
            "Diseases:",
            "List diseases linked to the two.",
            "What diseases go with this gene and protein?",
            "Name diseases that either plays a part in.",
        ),
        (
            "Disease:",
            "Which disease is linked to the two?",
            "Name the disease of this gene and protein.",
            "What disease do they play a part in?",
        ),
    ),
    "gene_protein_phenotype": Wordings(
        (
            "Linked to the phenotype {object}?",
            "Is {object} a phenotype linked to the two?",
            "Do patients with variants of this gene show {object}?",
            "Is {object} among the phenotypes of this gene and protein?",
        ),
        (
            "Phenotypes:",
            "List phenotypes linked to the two.",
            "What phenotypes go with this gene and protein?",
            "Name phenotypes linked to either.",
        ),
        (
            "Phenotype:",
            "Which phenotype is linked to the two?",
            "Name the phenotype of this gene and protein.",
            "What phenotype goes with them?",
        ),
    ),
}
#: For each yes/no wording on the phenotypes of a gene, that which says no more than that the two are linked.
NEUTRAL: tuple[int, int, int, int] = (0, 1, 1, 0)
#: Ask for the relation between ``{subject}`` and ``{object}``.
RELATION_TYPE: Four = (
    "{subject} and {object}: relation?",
    "How is {subject} related to {object}?",
    "What is the relation of {subject} to {object}?",
    "Name what links {subject} to {object}.",
)


def drawn(*parts: object) -> int:
    """A number from 0 to ``NUM_WORDINGS`` - 1, drawn by a hash of the parts.

    It depends on nothing else: neither on what was drawn before nor on the machine.
    """
    text = "/".join(map(str, parts)).encode()
    return hashlib.blake2b(text, digest_size=2).digest()[0] % NUM_WORDINGS
