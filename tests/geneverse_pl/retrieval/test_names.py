"""Names in questions: which words are a symbol, and which are words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geneverse_pl.retrieval import Passage
from geneverse_pl.retrieval.names import NameTable, is_looked_up, must_be_spelled, words
from tests.geneverse_pl.retrieval.conftest import PASSAGES


@pytest.fixture(scope="module")
def table() -> NameTable:
    return NameTable.of(PASSAGES)


def found(table: NameTable, question: str) -> list[tuple[str, list[str]]]:
    return [(one.text, [PASSAGES[place].id for place in one.places]) for one in table.find(question)]


@pytest.mark.parametrize(
    "question",
    [
        "What was the cat doing at rest?",
        "Was the Cat at Rest?",
        "Which diseases cat and rest and was",
        "cats rested",
        "",
        "...",
    ],
)
def test_words_are_no_symbols(table: NameTable, question: str) -> None:
    assert table.find(question) == []


@pytest.mark.parametrize(
    ("question", "texts"),
    [
        ("Which gene is ENSG00000141510.18?", ["ENSG00000141510"]),
        ("ensg00000141510", ["ensg00000141510"]),
        ("the isoform P04637-2", ["P04637"]),
        ("Ensembl:ENSG00000141510", ["Ensembl:ENSG00000141510"]),
        ("191170 or NM5", []),  # any number, and what is too short
    ],
)
def test_accessions_that_tell_their_entity_need_no_vocabulary(question: str, texts: list[str]) -> None:
    ids = ("Ensembl:ENSG00000141510", "UniProt:P04637", "OMIM:191170", "X:NM5")
    table = NameTable.of([Passage("NCBIGene:7157", "TP53", "", (), ids)])
    assert [one.text for one in table.find(question)] == texts


@pytest.mark.parametrize(
    ("question", "texts"),
    [
        ("What is NCBI Gene ID 2200?", ["NCBI Gene ID 2200"]),
        ("Entrez Gene: 2200", ["Entrez Gene: 2200"]),
        ("MIM number 154700 and (MIM #154700)", ["MIM number 154700", "MIM #154700"]),
        ("OMIM:154700", ["OMIM:154700"]),
        ("NCBI Gene 558, PMID 2200", []),
    ],
)
def test_identifiers_are_found_in_their_common_forms(question: str, texts: list[str]) -> None:
    # The number alone is that of another vocabulary too.
    passages = [
        Passage("NCBIGene:2200", "FBN1", ""),
        Passage("ORPHA:2200", "Focal keratoderma", ""),
        Passage("X:1", "Marfan syndrome", "", (), ("OMIM:154700",)),
    ]
    found = NameTable.of(passages).find(question)
    assert [one.text for one in found] == texts
    assert all(one.places in ((0,), (2,)) for one in found)


@pytest.mark.parametrize("question", ["Alzheimer's disease", "ALZHEIMER\u2019S DISEASE", "Alzheimer disease"])
@pytest.mark.parametrize("title", ["Alzheimer disease", "Alzheimer's disease"])
def test_possessive_endings_do_not_count(title: str, question: str) -> None:
    table = NameTable.of([Passage("D:1", title, ""), Passage("D:2", "WAS", "")])
    assert [one.text for one in table.find(f"What causes {question}?")] == [question]
    assert [one.text for one in table.find("WAS's part")] == ["WAS"]


def test_symbols_are_found_as_they_are_written(table: NameTable) -> None:
    assert found(table, "Does CAT or REST cause it?") == [
        ("CAT", ["NCBIGene:847"]),
        ("REST", ["NCBIGene:5978"]),
    ]
    # A name of two passages gives both, that whose title it is first.
    assert found(table, "Is WAS a gene?") == [("WAS", ["NCBIGene:7454", "OMIM:301000"])]


@pytest.mark.parametrize(
    ("question", "ids"),
    [
        ("What does fbn1 encode?", ["NCBIGene:2200"]),
        ("FIBRILLIN 1 or fibrillin-1", ["NCBIGene:2200", "NCBIGene:2200"]),
        ("CATALASE", ["NCBIGene:847"]),
        ("omim:154700", ["OMIM:154700"]),
        ("OMIM 154700?", ["OMIM:154700"]),
        ("the disease hgnc_3603", ["NCBIGene:2200"]),
        ("mfs1", ["NCBIGene:2200", "OMIM:154700"]),
        ("wiskott aldrich syndrome", ["OMIM:301000"]),
        ("154700 of them", []),
    ],
)
def test_case_and_punctuation_do_not_matter_elsewhere(
    table: NameTable, question: str, ids: list[str]
) -> None:
    assert [one for _, places in found(table, question) for one in places] == ids


def test_the_longest_name_comes_first_and_takes_its_words(table: NameTable) -> None:
    assert found(table, "Marfan or Wiskott-Aldrich syndrome or Marfan syndrome, by FBN1?") == [
        ("Wiskott-Aldrich syndrome", ["OMIM:301000"]),
        ("Marfan syndrome", ["OMIM:154700"]),
        ("Marfan", ["OMIM:999999"]),
        ("FBN1", ["NCBIGene:2200"]),
    ]


def test_equal_accents_however_they_are_written() -> None:
    table = NameTable.of([Passage("D:1", "Sjo\u0308gren syndrome", "")])
    assert [one.text for one in table.find("Has she Sj\u00f6gren Syndrome?")] == ["Sj\u00f6gren Syndrome"]


@pytest.mark.parametrize(
    ("name", "exactly"),
    [
        ("WAS", True), ("HLA-A", True), ("A-T", True), ("StAR", True), ("AR", True),
        ("BRCA1", False), ("gout", False), ("Gout", False), ("ADA deficiency", False), ("p53", False),
    ],
)  # fmt: skip
def test_which_names_must_be_spelled(name: str, exactly: bool) -> None:
    assert must_be_spelled(name) == exactly


@pytest.mark.parametrize("name", ["", "-", "T", "12", "1 2 3", " ".join(["word"] * 17)])
def test_what_cannot_be_told_from_text_is_not_looked_up(name: str) -> None:
    assert not is_looked_up(name)


def test_everything_about_a_name_whatever_its_case(table: NameTable) -> None:
    assert {PASSAGES[place].id for place in table.about("was")} == {"NCBIGene:7454", "OMIM:301000"}
    assert {PASSAGES[place].id for place in table.about("OMIM:154700")} == {"OMIM:154700"}
    assert {PASSAGES[place].id for place in table.about("2200")} == {"NCBIGene:2200"}
    assert table.about("nothing") == set()


NAMES = st.lists(
    st.text("ABcd12-é ", min_size=1, max_size=8).filter(is_looked_up),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40)
@given(names=NAMES, before=st.sampled_from(["", "xx ", "Is xx: "]), data=st.data())
def test_a_name_is_found_in_a_question_that_has_it(
    names: list[str], before: str, data: st.DataObject
) -> None:
    passages = [Passage(f"id{place}", name, "") for place, name in enumerate(names)]
    table = NameTable.of(passages)
    name = data.draw(st.sampled_from(names))
    mentions = table.find(f"{before}{name} xx?")
    places = {place for one in mentions for place in one.places}
    # Another name may take some of its words, if it is as long; else all passages of the name are there.
    taken = {tuple(words(one.text)) for one in mentions}
    if tuple(words(name)) in taken:
        same = {i for i, other in enumerate(names) if other.strip() == name.strip()}
        assert same <= places
    else:
        assert places
    covered = [one.num_words for one in mentions]
    assert covered == sorted(covered, reverse=True)
