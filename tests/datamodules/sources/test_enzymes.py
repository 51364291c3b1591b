"""Enzymes, told by EC numbers and classes."""

import pytest

from datamodules.sources.enzymes import is_enzyme


@pytest.mark.parametrize(
    ("functional_class", "expected"),
    [
        ("HYDROLASE", True),
        ("Hydrolase", True),
        ("HYDROLASE/HYDROLASE INHIBITOR", True),
        ("HYDROLASE(O-GLYCOSYL)", True),
        ("COMPLEX (ENZYME/INHIBITOR)", True),
        ("CARBON-OXYGEN LYASE", True),
        ("HYDROLASE INHIBITOR", False),
        ("TRANSCRIPTION", False),
        ("DISEASE", False),
        ("IMMUNE SYSTEM", False),
        ("", None),
        ("STRUCTURAL GENOMICS, UNKNOWN FUNCTION", None),
        ("DE NOVO PROTEIN", None),
    ],
)
def test_class(functional_class: str, expected: bool | None) -> None:
    assert is_enzyme((), functional_class) is expected


def test_an_ec_number_decides() -> None:
    assert is_enzyme(("3.2.1.17",), "TRANSCRIPTION") is True
    assert is_enzyme(("3.2.1.17",), "") is True
