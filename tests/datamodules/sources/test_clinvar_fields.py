"""Conditions, identifiers and dates of ClinVar."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.sources.clinvar_fields import (
    Condition,
    parse_condition_ids,
    parse_conditions,
    parse_date,
)
from datamodules.sources.cross_reference import CrossReference


@pytest.mark.parametrize(
    ("ids", "names", "expected"),
    [
        ("", "HFE-related disorder", [Condition("HFE-related disorder")]),
        ("-", "-", []),
        ("6 conditions", "6 conditions", [Condition("6 conditions")]),
        ("MedGen:C1|MedGen:C1", "A|A", [Condition("A", (CrossReference("MedGen", "C1"),))]),
        (
            "Human Phenotype Ontology:HP:0010473,MedGen:C1;MONDO:MONDO:2|MedGen:C3",
            "Porphyrinuria;Cutaneous photosensitivity|Bronze diabetes",
            [
                Condition(
                    "Porphyrinuria",
                    (
                        CrossReference("Human Phenotype Ontology", "HP:0010473"),
                        CrossReference("MedGen", "C1"),
                    ),
                ),
                Condition("Cutaneous photosensitivity", (CrossReference("MONDO", "MONDO:2"),)),
                Condition("Bronze diabetes", (CrossReference("MedGen", "C3"),)),
            ],
        ),
        # One condition whose name holds a semicolon.
        ("MedGen:C1", "Anemia; severe", [Condition("Anemia; severe", (CrossReference("MedGen", "C1"),))]),
        # It is unknown which belong together.
        (
            "MedGen:C1|MedGen:C2",
            "A|B|C",
            [
                Condition("A"),
                Condition("B"),
                Condition("C"),
                Condition(None, (CrossReference("MedGen", "C1"),)),
                Condition(None, (CrossReference("MedGen", "C2"),)),
            ],
        ),
        (
            "MedGen:C1;MedGen:C2",
            "A",
            [
                Condition("A"),
                Condition(None, (CrossReference("MedGen", "C1"),)),
                Condition(None, (CrossReference("MedGen", "C2"),)),
            ],
        ),
    ],
)
def test_conditions(ids: str, names: str, expected: list[Condition]) -> None:
    assert list(parse_conditions(ids, names)) == expected


def test_an_identifier_without_its_database_is_kept() -> None:
    assert parse_condition_ids("C1,,na,OMIM:PS1") == (CrossReference("", "C1"), CrossReference("OMIM", "PS1"))


def test_dates() -> None:
    assert parse_date("Jun 09, 2010") == parse_date("9 Jun 2010") == date(2010, 6, 9)
    assert parse_date("-") is None
    for text in ("2010-06-09", "Jux 9, 2010", "Feb 30, 2010", "Jan 1, 0000", "Jun 2010"):
        with pytest.raises(ValueError, match=r"has the date .*, expected one such as Jun 29, 2010"):
            parse_date(text)


@settings(max_examples=200, deadline=None)
@given(st.text("aC1:,;| -", max_size=30), st.text("aB1;| -", max_size=30))
def test_no_name_or_identifier_is_lost(ids: str, names: str) -> None:
    found = parse_conditions(ids, names)
    kept = "".join(condition.name or "" for condition in found)
    assert set(kept) <= set(names)
    for part in names.split("|"):
        if part.strip() not in ("", "-", "na", "-1") and ";" not in part:
            assert part.strip() in {condition.name for condition in found}
    kept_ids = {identifier for condition in found for identifier in condition.ids}
    expected = [parse_condition_ids(part) for slot in ids.split("|") for part in slot.split(";")]
    assert kept_ids == {identifier for part in expected for identifier in part}


def test_the_database_ends_at_the_first_colon() -> None:
    assert parse_condition_ids("MONDO:MONDO:0013342,OMIM:613647") == (
        CrossReference("MONDO", "MONDO:0013342"),
        CrossReference("OMIM", "613647"),
    )
