"""Identifiers and frequencies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamodules.sources.hpo_fields import Frequency, parse_disease_id, parse_frequency, parse_hpo_id


@pytest.mark.parametrize(
    ("text", "low", "high", "counts", "is_excluded"),
    [
        ("HP:0040280", 1.0, 1.0, None, False),
        ("HP:0040281", 0.80, 0.99, None, False),
        ("HP:0040282", 0.30, 0.79, None, False),
        ("HP:0040283", 0.05, 0.29, None, False),
        ("HP:0040284", 0.01, 0.04, None, False),
        ("HP:0040285", 0.0, 0.0, None, True),
        ("3/4", 0.75, 0.75, (3, 4), False),
        ("0/7", 0.0, 0.0, (0, 7), True),
        ("7/7", 1.0, 1.0, (7, 7), False),
        ("0%", 0.0, 0.0, None, True),
        ("76.3%", 0.763, 0.763, None, False),
        ("100%", 1.0, 1.0, None, False),
    ],
)
def test_the_three_forms_of_a_frequency(
    text: str, low: float, high: float, counts: tuple[int, int] | None, is_excluded: bool
) -> None:
    frequency = Frequency.parse(text)
    assert (frequency.text, frequency.counts, frequency.is_excluded) == (text, counts, is_excluded)
    assert (frequency.low, frequency.high) == pytest.approx((low, high))
    assert frequency.value == pytest.approx((low + high) / 2)


@pytest.mark.parametrize(
    "text",
    [
        "5/4",
        "1/0",
        "0/0",
        "-1/2",
        "1/2/3",
        "101%",
        "1e1%",
        "%",
        "50",
        "0.5",
        "HP:0040286",
        "HP:0001250",
        " 1/2",
        "٣/٤",
    ],
)
def test_other_frequencies_are_errors(text: str) -> None:
    with pytest.raises(ValueError, match=r"has the frequency .*, expected HP:0040280 to HP:0040285, n/m"):
        parse_frequency(text)


@pytest.mark.parametrize("text", ["", "-"])
def test_null_frequency(text: str) -> None:
    assert parse_frequency(text) is None


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_counts_give_a_share_or_an_error(affected: int, examined: int) -> None:
    text = f"{affected}/{examined}"
    if affected > examined:
        with pytest.raises(ValueError, match="has the frequency"):
            Frequency.parse(text)
        return
    frequency = Frequency.parse(text)
    assert frequency.low == frequency.high == frequency.value == affected / examined
    assert frequency.is_excluded == (affected == 0)


@given(st.text(max_size=12))
def test_any_text_is_a_frequency_in_range_or_an_error(text: str) -> None:
    fault, frequency = "", None
    try:
        frequency = Frequency.parse(text)
    except ValueError as error:
        fault = str(error)
    if frequency is None:
        assert repr(text) in fault
    else:
        assert 0 <= frequency.low <= frequency.value <= frequency.high <= 1


@given(st.decimals(0, 100, places=3))
def test_percentages_are_shares(percent: object) -> None:
    assert Frequency.parse(f"{percent}%").value == pytest.approx(float(str(percent)) / 100)


def test_hpo_ids_have_seven_digits() -> None:
    assert parse_hpo_id("HP:0001250") == "HP:0001250"
    for text in ("", "HP:1250", "hp:0001250", "HP:00012500", "HP_0001250", "MP:0001250"):
        with pytest.raises(ValueError, match="expected HP: and seven digits"):
            parse_hpo_id(text)


def test_disease_ids_have_a_prefix_and_an_accession() -> None:
    for text in ("OMIM:154700", "ORPHA:558", "DECIPHER:1", "MONDO:0007947"):
        assert parse_disease_id(text) == text
    for text in ("", "154700", "ORPHA:", ":558", "OMIM: 154700"):
        with pytest.raises(ValueError, match="expected one such as OMIM:154700"):
            parse_disease_id(text)
