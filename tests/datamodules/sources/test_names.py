"""Names, to compare and to list."""

import pytest

from datamodules.sources.names import listed_names, normalised_name


@pytest.mark.parametrize("name", ["Alström syndrome", "ALSTROM-SYNDROME", " alstrom  syndrome "])
def test_a_name_is_the_same_however_it_is_written(name: str) -> None:
    assert normalised_name(name) == "alstrom syndrome"


def test_what_has_a_plus_is_not_what_has_none() -> None:
    names = ["T-B+ immunodeficiency", "T-B- immunodeficiency", "Beta(+) thalassaemia", "Beta thalassaemia"]
    assert len({normalised_name(name) for name in names}) == 4


def test_listed_names_stay_on_one_line() -> None:
    assert listed_names(["tax_id", "Gene\rID", "Sum\x0bmary\n", "ä"]) == r"tax_id, Gene\rID, Sum\x0bmary\n, ä"
    assert listed_names([]) == "none"


def test_a_long_list_is_cut() -> None:
    listed = listed_names(f"column_{number}" for number in range(1000))
    assert listed.endswith("...")
    assert len(listed) == 203
