"""Closed questions that were answered in words."""

from typing import Any

import pytest
from sklearn.metrics import f1_score, matthews_corrcoef

from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.parsed_choices import chosen_places, parsed_choice_scores
from geneverse_pl.evaluation.scores import Score

YES_NO = ("Yes", "No")
ABOUT: dict[str, Any] = {"task": "relation/x", "split": "held_out", "model": "gpt"}


def score(answers: list[str], truth: list[int], choices: tuple[str, ...] = YES_NO) -> dict[str, Score]:
    scores = parsed_choice_scores(
        answers, [choices] * len(answers), truth, None, bootstrap=BootstrapSettings(50), **ABOUT
    )
    assert {(one.task, one.split, one.model) for one in scores} == {tuple(ABOUT.values())}
    return {one.metric: one for one in scores}


def test_what_cannot_be_read_is_wrong_in_every_score() -> None:
    found = score(["Yes.", "no", "maybe", "Yes and no", "Yes", "I cannot say."], [0, 1, 0, 1, 1, 0])
    # As if the three had given the answer that is not true.
    said, true = [1, 0, 0, 1, 1, 0], [1, 0, 1, 0, 0, 1]
    assert found["accuracy"].value == pytest.approx(2 / 6)
    assert found["f1"].value == pytest.approx(f1_score(true, said))
    assert found["mcc"].value == pytest.approx(matthews_corrcoef(true, said))
    assert found["unparsable"].value == pytest.approx(3 / 6)
    assert set(found) == {"accuracy", "f1", "mcc", "unparsable"}
    assert {one.n for one in found.values()} == {6}


def test_silence_beats_nothing() -> None:
    found = score([""] * 4, [0, 1, 0, 1])
    values = [found[name].value for name in ("accuracy", "f1", "mcc", "unparsable")]
    assert values == pytest.approx([0, 0, -1, 1])


def test_of_more_choices_f1_is_a_mean() -> None:
    names = ("benign", "likely benign", "pathogenic")
    answers = ["likely benign", "It is benign.", "pathogenic", "none of these", "benign"]
    truth = [1, 0, 2, 2, 1]
    found = score(answers, truth, names)
    assert chosen_places(answers, [names] * 5).tolist() == [1, 0, 2, -1, 0]
    assert found["f1"].value == pytest.approx(
        f1_score(truth, [1, 0, 2, 3, 0], average="macro", labels=[0, 1, 2])
    )
    assert found["accuracy"].value == pytest.approx(3 / 5)
    assert set(found) == {"accuracy", "f1", "unparsable"}


def test_lists_of_choices_must_be_of_one_length() -> None:
    for answers, choices in (([], []), (["Yes"], []), (["a"], [("a",)]), (["a"] * 2, [YES_NO, ("a",) * 3])):
        with pytest.raises(ValueError, match="each question the same number of choices, at least 2"):
            parsed_choice_scores(answers, choices, [0] * len(answers), None, **ABOUT)
