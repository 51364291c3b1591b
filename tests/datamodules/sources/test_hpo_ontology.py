"""What follows from the terms: current ids, ancestors, descendants."""

import pytest

from datamodules.sources.hpo_ontology import Ontology
from datamodules.sources.term_hierarchy import Term, UnknownTermError
from geneverse_pl.exceptions import GeneverseError

ALL, PHENOTYPE, EYE, SMALL_EYE = "HP:0000001", "HP:0000118", "HP:0000478", "HP:0000568"


def obsolete(number: int, *replaced_by: str, consider: tuple[str, ...] = ()) -> Term:
    term_id = f"HP:900000{number}"
    return Term(term_id, f"obsolete {number}", is_obsolete=True, replaced_by=replaced_by, consider=consider)


@pytest.fixture
def ontology() -> Ontology:
    terms = (
        Term(ALL, "All"),
        Term(PHENOTYPE, "Phenotypic abnormality", parents=(ALL,)),
        Term("HP:0000005", "Mode of inheritance", parents=(ALL,)),
        Term("HP:0000007", "Autosomal recessive inheritance", parents=("HP:0000005",)),
        Term(EYE, "Abnormality of the eye", parents=(PHENOTYPE,)),
        Term("HP:0000929", "Abnormal skull", parents=(PHENOTYPE,)),
        Term(SMALL_EYE, "Microphthalmia", alt_ids=("HP:0000486", "HP:9000005"), parents=(EYE, "HP:0000929")),
        obsolete(1, SMALL_EYE),
        obsolete(2, "HP:9000001"),
        obsolete(3, consider=(EYE, "HP:0000929")),
        obsolete(4, EYE, "HP:0000929"),
        obsolete(5, EYE, SMALL_EYE),
        obsolete(6, "HP:9000007"),
        obsolete(7, "HP:9000006"),
        obsolete(8, "HP:0999999"),
    )
    return Ontology({term.id: term for term in terms}, "2025-01-16")


@pytest.mark.parametrize(
    ("term_id", "current"),
    [
        (SMALL_EYE, SMALL_EYE),
        ("HP:0000486", SMALL_EYE),
        ("HP:9000001", SMALL_EYE),
        pytest.param("HP:9000002", SMALL_EYE, id="replaced twice"),
        pytest.param("HP:9000003", None, id="only suggestions"),
        pytest.param("HP:9000004", None, id="two replacements"),
        pytest.param("HP:9000005", SMALL_EYE, id="two replacements, one lists the id"),
        pytest.param("HP:9000006", None, id="replacements in a circle"),
        pytest.param("HP:9000008", None, id="replaced by an unknown term"),
        ("HP:1234567", None),
        ("", None),
    ],
)
def test_resolve(ontology: Ontology, term_id: str, current: str | None) -> None:
    assert ontology.resolve(term_id) == current


def test_ancestors_and_descendants_leave_out_the_term(ontology: Ontology) -> None:
    assert ontology.ancestors(SMALL_EYE) == {EYE, "HP:0000929", PHENOTYPE, ALL}
    assert ontology.ancestors(ALL) == frozenset()
    assert ontology.descendants(PHENOTYPE) == {EYE, "HP:0000929", SMALL_EYE}
    assert ontology.descendants(SMALL_EYE) == frozenset()


def test_results_are_computed_once(ontology: Ontology) -> None:
    assert ontology.ancestors(SMALL_EYE) is ontology.ancestors(SMALL_EYE)
    assert ontology.descendants(PHENOTYPE) is ontology.descendants(PHENOTYPE)


def test_former_ids_answer_for_the_current_term(ontology: Ontology) -> None:
    assert ontology.name("HP:9000002") == "Microphthalmia"
    assert ontology.parents("HP:0000486") == (EYE, "HP:0000929")
    assert ontology.ancestors("HP:0000486") == ontology.ancestors(SMALL_EYE)
    assert ontology.term("HP:9000001").id == SMALL_EYE


def test_only_terms_below_the_root_of_abnormalities_are_phenotypes(ontology: Ontology) -> None:
    assert ontology.is_phenotypic_abnormality(SMALL_EYE)
    assert ontology.is_phenotypic_abnormality("HP:0000486")
    assert not any(ontology.is_phenotypic_abnormality(term) for term in (ALL, PHENOTYPE, "HP:0000007"))


def test_ids_without_a_current_term_are_errors(ontology: Ontology) -> None:
    with pytest.raises(UnknownTermError, match=r"must be in release 2025-01-16, got 'HP:1234567'"):
        ontology.ancestors("HP:1234567")
    with pytest.raises(
        UnknownTermError, match=r"got 'HP:9000003', obsolete .* Use instead: HP:0000478, HP:0000929"
    ):
        ontology.name("HP:9000003")
    with pytest.raises(LookupError, match="Use instead: none is suggested"):
        Ontology({"HP:9000001": obsolete(1)}).parents("HP:9000001")
    assert issubclass(UnknownTermError, GeneverseError)


def test_a_hierarchy_far_deeper_than_the_recursion_limit() -> None:
    terms = {"HP:0000000": Term("HP:0000000", "top")}
    for number in range(1, 3000):
        term_id = f"HP:{number:07}"
        terms[term_id] = Term(term_id, "below", parents=(f"HP:{number - 1:07}",))
    assert len(Ontology(terms).ancestors("HP:0002999")) == 2999
