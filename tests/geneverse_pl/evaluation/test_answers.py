"""Parsing and comparing answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geneverse_pl.evaluation.answers import normalise, parse_list, set_score

_WORDS = st.text(alphabet="abcdefghijklmnopqrstuvwxyzABC0123456789-", min_size=2, max_size=8).filter(
    lambda word: word[0].isalpha() and word.lower() != "and"
)
_NAMES = st.lists(_WORDS, min_size=1, max_size=4).map(" ".join)
_NAME_LISTS = st.lists(_NAMES, min_size=1, max_size=6, unique_by=normalise)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("X-linked  Recessive.", "x linked recessive"),
        ("Alzheimer\u2019s disease", "alzheimers disease"),
        ("STRASSE", "strasse"),
        ("stra\u00dfe", "strasse"),
        ("factor VIII, subunit A", "factor viii subunit a"),
        ("CD4+", "cd4+"),
        ("**Seizure**", "seizure"),
        ("HP:0001250", "hp 0001250"),
        ("\ufb01brosis", "fibrosis"),
        (" .,;\n", ""),
    ],
)
def test_normalise(text: str, expected: str) -> None:
    assert normalise(text) == expected


def test_normalise_drops_articles_only_when_asked() -> None:
    assert normalise("The subunit A of a channel") == "the subunit a of a channel"
    assert normalise("The subunit A of a channel", strip_articles=True) == "subunit of channel"


@given(st.text())
def test_normalise_is_idempotent(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert once == " ".join(once.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Seizure; Ataxia; Hypotonia", ["Seizure", "Ataxia", "Hypotonia"]),
        ("Seizure; Ataxia; and Hypotonia.", ["Seizure", "Ataxia", "Hypotonia"]),
        ("- Seizure\n- Ataxia\n", ["Seizure", "Ataxia"]),
        ("* Seizure\r\n* Ataxia", ["Seizure", "Ataxia"]),
        ("\u2022 Seizure \u2022 Ataxia", ["Seizure", "Ataxia"]),
        ("1. Seizure\n2. 2-3 toe syndactyly\n10) Ataxia", ["Seizure", "2-3 toe syndactyly", "Ataxia"]),
        ("1) Seizure 2) Ataxia", ["Seizure", "Ataxia"]),
        ("Answer: Seizure; Ataxia", ["Seizure", "Ataxia"]),
        ("The phenotypes of this disease are: Seizure, Ataxia.", ["Seizure", "Ataxia"]),
        ("It shows the following clinical features:\n- Seizure\n- Ataxia", ["Seizure", "Ataxia"]),
        ("Phenotypes:\nSeizure\nAtaxia", ["Seizure", "Ataxia"]),
        ("Seizure (HP:0001250); Ataxia [HP:0001251].", ["Seizure", "Ataxia"]),
        ("Deafness (mild); NADH:ubiquinone", ["Deafness (mild)", "NADH:ubiquinone"]),
        ("Seizure, Ataxia and Hypotonia", ["Seizure", "Ataxia", "Hypotonia"]),
        ("BRCA1, TP53, and PTEN", ["BRCA1", "TP53", "PTEN"]),
        ("Seizure; seizure ; SEIZURE.", ["Seizure"]),
        (
            "Abnormality of head and neck; Epilepsy, focal",
            ["Abnormality of head and neck", "Epilepsy, focal"],
        ),
        ("Androgen excess", ["Androgen excess"]),
        ("", []),
        (" ;;\n - \n...", []),
    ],
)
def test_parse_list(text: str, expected: list[str]) -> None:
    assert parse_list(text) == expected


def test_known_names_are_never_split_and_all_else_is() -> None:
    known = {"abnormality of head and neck", "epilepsy focal", "ataxia"}
    text = "Epilepsy, focal, ataxia and Abnormality of head and neck; coma and fever"
    assert parse_list(text, known) == [
        "Epilepsy, focal",
        "ataxia",
        "Abnormality of head and neck",
        "coma",
        "fever",
    ]
    assert parse_list("Abnormality of head and neck", known) == ["Abnormality of head and neck"]
    assert parse_list("Abnormality of head and neck") == ["Abnormality of head", "neck"]


@given(_NAME_LISTS, st.sampled_from(["; ", ";", "\n", "\n- ", "\n\n* ", " \u2022 "]))
def test_separators_give_back_the_names(names: list[str], separator: str) -> None:
    text = separator.strip(" \n;") + " " + separator.join(names)
    assert parse_list(text) == names


@given(_NAME_LISTS)
def test_numbering_gives_back_the_names(names: list[str]) -> None:
    text = "\n".join(f"{number}. {name}" for number, name in enumerate(names, start=1))
    assert parse_list(text) == names


@given(_NAME_LISTS)
def test_prose_gives_back_the_names(names: list[str]) -> None:
    text = ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1] + "."
    assert parse_list(text) == names


@given(st.text(alphabet="aB1 ,;.\n-*()\u2022and", max_size=60))
def test_any_text_gives_distinct_items_that_name_something(text: str) -> None:
    items = parse_list(text)
    forms = [normalise(item) for item in items]
    assert all(forms)
    assert len(set(forms)) == len(forms)


def test_set_score_by_hand() -> None:
    # Two of three gold items are found among four given: recall 2/3, precision 2/4, F1 = 2*2 / (4 + 3).
    recall, precision, f1 = set_score(
        ["Seizure", "ATAXIA", "coma", "fever"], ["ataxia", "seizure", "hypotonia"]
    )
    assert recall == pytest.approx(2 / 3)
    assert precision == pytest.approx(0.5)
    assert f1 == pytest.approx(4 / 7)


def test_set_score_of_no_answer_is_zero_and_gold_must_exist() -> None:
    assert set_score([], ["ataxia"]) == (0.0, 0.0, 0.0)
    assert set_score(["..."], ["ataxia"]) == (0.0, 0.0, 0.0)
    with pytest.raises(ValueError, match="gold must hold at least one item that is not blank"):
        set_score(["ataxia"], [" "])
