"""ParsedChoice."""

import pytest

from geneverse_pl.metrics import ParsedChoice


def test_what_names_no_choice_is_wrong() -> None:
    metric = ParsedChoice()
    metric.update(
        ["Yes.", "The answer is no.", "", "Yes. No, wait.", "Perhaps"], ["Yes", "Yes", "No", "Yes", "No"]
    )
    found = metric.compute()
    assert found["accuracy"] == pytest.approx(1 / 5)
    assert found["unparsable"] == pytest.approx(3 / 5)
    assert metric.items()["unparsable"].tolist() == [0, 0, 1, 1, 1]


def test_a_choice_inside_another_is_not_named() -> None:
    metric = ParsedChoice(["benign", "likely benign"])
    metric.update(["Likely benign", "benign"], ["likely benign", "benign"])
    assert metric.compute()["accuracy"] == 1.0


def test_arguments_are_checked() -> None:
    with pytest.raises(ValueError, match="gold must be one of Yes, No, got 'yes'"):
        ParsedChoice().update(["Yes"], ["yes"])
    with pytest.raises(ValueError, match="at least two"):
        ParsedChoice(["Yes"])
