"""The structural score."""

import pytest

from geneverse_pl.evaluation.structure import asked_form, parse_choice, structure_score

PROSE = (
    "CAT encodes catalase, an enzyme of the peroxisome. It breaks down hydrogen peroxide, e.g. in the liver."
)


@pytest.mark.parametrize(
    ("text", "form", "reason"),
    [
        (PROSE, "paragraph", ""),
        (f"  {PROSE}\n", "paragraph", ""),
        (f"\u201c{PROSE}\u201d", "paragraph", ""),
        (f"**{PROSE}**", "paragraph", ""),
        ("", "paragraph", "empty"),
        ("...", "paragraph", "empty"),
        (f"{PROSE}\n\n{PROSE}", "paragraph", "several paragraphs"),
        (f"{PROSE}\n{PROSE}", "paragraph", "several lines"),
        (f"Function:\n{PROSE}", "paragraph", "a heading"),
        ("- catalase\n- enzyme of the peroxisome and of much else besides.", "paragraph", "a list"),
        ("Catalase.", "paragraph", "fewer than 8 words"),
        (PROSE[:-20], "paragraph", "breaks off"),
        ("This protein is catalase, seen e.g. in E. coli.", "sentence", ""),
        ("Catalase", "sentence", ""),
        (PROSE, "sentence", "2 sentences"),
        ("One.\nTwo.", "sentence", "several lines"),
        ("Yes.", "yes_no", ""),
        ("No, it is not a marker gene.", "yes_no", ""),
        ("Yes and no", "yes_no", "names no choice, or several"),
        ("It may be one.", "yes_no", "names no choice, or several"),
        ("Ataxia; Seizure", "list", ""),
        ("1. Ataxia\n2. Seizure", "list", ""),
        ("Ataxia, Seizure and Coma", "list", ""),
        ("Ataxia; ataxia; Coma", "list", "repeats an item"),
        ("Ataxia, Seizure and ataxia", "list", "repeats an item"),
        ("Answer: Ataxia, Coma, Ataxia.", "list", "repeats an item"),
        ("1. Ataxia\n2. Ataxia", "list", "repeats an item"),
        ("Aplasia, left; Aplasia, right", "list", ""),
        ("It shows ataxia in many. Others have seizures.", "list", "prose"),
    ],
)
def test_forms(text: str, form: str, reason: str) -> None:
    score = structure_score(text, form)
    assert (score.is_right, score.reason) == (not reason, reason)


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(ValueError, match="form must be one of paragraph, sentence, yes_no, list, got 'poem'"):
        structure_score("a", "poem")


def test_the_form_is_what_metadata_say_or_the_kind_implies() -> None:
    assert asked_form({"kind": "text/x", "form": "sentence"}) == "sentence"
    assert asked_form({"kind": "relation/x"}) == "yes_no"
    assert asked_form({"kind": "list/x"}) == "list"
    assert asked_form({"kind": "text/x"}) is None


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("It is likely benign.", "likely benign"),
        ("Benign.", "benign"),
        ("Benign or likely benign.", None),
        ("Benign, not likely benign.", None),
        ("It is not benign.", None),
        ("This isn't a benign.", None),
        ("Pathogenic, certainly.", "pathogenic"),
    ],
)
def test_the_choice_is_the_only_one_named_and_not_denied(text: str, choice: str | None) -> None:
    assert parse_choice(text, ["benign", "likely benign", "pathogenic"]) == choice
