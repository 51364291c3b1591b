"""Twelve genes of two families, each with a disease, and phenotypes of two organ systems."""

import pytest

from datamodules.gene_phenotype.knowledge import Disease, Gene, Knowledge
from datamodules.sources.hpo import PHENOTYPIC_ABNORMALITY, Ontology
from datamodules.sources.term_hierarchy import Term

EAR, EYE = "HP:0000598", "HP:0000478"
SYMBOLS = {f"{number}": f"{('COL4A', 'KRT')[number % 2]}{number + 1}" for number in range(12)}
PHENOTYPES = {f"HP:10000{number:02}": (EAR, EYE)[number % 2] for number in range(8)}


def small_ontology() -> Ontology:
    """Eight phenotypes, those of even number of the ear, the others of the eye."""
    terms = [
        Term(PHENOTYPIC_ABNORMALITY, "Phenotypic abnormality"),
        Term(EAR, "Abnormality of the ear", parents=(PHENOTYPIC_ABNORMALITY,)),
        Term(EYE, "Abnormality of the eye", parents=(PHENOTYPIC_ABNORMALITY,)),
        *(Term(one, f"sign {one[-1]}", parents=(system,)) for one, system in PHENOTYPES.items()),
    ]
    return Ontology({term.id: term for term in terms}, "2025-01-16")


@pytest.fixture
def ontology() -> Ontology:
    """:func:`small_ontology`."""
    return small_ontology()


@pytest.fixture
def knowledge() -> Knowledge:
    """Genes of even number have diseases of the ear, the others of the eye."""
    ontology = small_ontology()
    diseases = {
        f"OMIM:{100000 + number}": Disease(
            f"OMIM:{100000 + number}",
            f"{('Ear', 'Eye')[number % 2]} syndrome {number}",
            {f"HP:10000{(number + shift) % 8:02}": 0.5 for shift in (0, 2)},
            genes={f"{number}"},
        )
        for number in range(12)
    }
    genes = {key: Gene(key, symbol, {f"OMIM:{100000 + int(key)}"}) for key, symbol in SYMBOLS.items()}
    return Knowledge(ontology, diseases, genes)
