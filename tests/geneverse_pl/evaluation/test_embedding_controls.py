"""The embedding baseline: finds what is planted, nothing in noise, and never sees what it is tested on."""

import logging
from collections.abc import Sequence

import numpy as np
import pytest

from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.embedding_controls import (
    EMBEDDING,
    RANDOM,
    EmbeddingControl,
    embedding_controls,
    object_names,
    random_vectors,
)
from geneverse_pl.evaluation.relation_table import RelationQuestion, RelationTable
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.evaluation.statistics import AUROC, Floats
from geneverse_pl.evaluation.text_report import ItemResult, TrainingKnowledge, text_scores

WIDTH = 8
FAST = BootstrapSettings(num_resamples=20)


def hidden(text: str) -> Floats:
    """A fixed vector of a text; of the first number the sign is the text's organ."""
    vector: Floats = random_vectors([text], WIDTH, seed=7)[0]
    return vector


def encode(texts: Sequence[str]) -> Floats:
    return np.array([hidden(text) for text in texts])


def is_true(subject: str, thing: str) -> bool:
    """Planted: true where the two first numbers have one sign."""
    return bool(hidden(subject)[0] * hidden(thing)[0] > 0)


def asked(start: int, stop: int, things: int = 12) -> list[tuple[str, str, bool]]:
    return [
        (f"s{number}", f"t{thing}", is_true(f"subject {number}", f"thing {thing}"))
        for number in range(start, stop)
        for thing in range(number % 3, things, 3)
    ]


def knowledge(pairs: Sequence[tuple[str, str, bool]]) -> tuple[RelationTable, list[RelationQuestion]]:
    subjects = {subject: subject.replace("s", "subject ") for subject, *_ in pairs}
    things = {thing: thing.replace("t", "thing ") for _, thing, _ in pairs}
    true: dict[str, list[str]] = {}
    for subject, thing, label in pairs:
        if label:
            true.setdefault(subject, []).append(thing)
    # Two subjects a group.
    groups = {subject: f"g{int(subject[1:]) // 2}" for subject in subjects}
    table = RelationTable("has", subjects, things, true, groups=groups)
    return table, [RelationQuestion(*pair) for pair in pairs]


TRAIN, TEST = asked(0, 120), asked(200, 300)
TABLE, QUESTIONS = knowledge(TRAIN)
NAMES = [f"subject {subject[1:]}" for subject, *_ in TEST]
THINGS = [f"thing {thing[1:]}" for _, thing, _ in TEST]
LABELS = np.array([label for *_, label in TEST])


@pytest.fixture(scope="module")
def fitted() -> list[EmbeddingControl]:
    """The baseline and its twin on the planted questions."""
    return embedding_controls(TABLE, QUESTIONS, encode)


def test_planted_structure_is_found_on_subjects_never_seen_and_not_by_memory(
    fitted: list[EmbeddingControl],
) -> None:
    baseline, twin = fitted
    assert (baseline.name, twin.name) == (EMBEDDING, RANDOM)
    found = baseline.score_pairs(NAMES, THINGS)
    assert AUROC(found, LABELS) > 0.9
    assert np.mean((found >= baseline.threshold) == LABELS) > 0.8
    assert np.all((found >= 0) & (found <= 1))
    memory = AUROC(twin.score_pairs(NAMES, THINGS), LABELS)
    assert abs(memory - 0.5) < 0.15 < AUROC(found, LABELS) - memory


def test_noise_gives_nothing() -> None:
    rng = np.random.default_rng(0)
    noisy = [RelationQuestion(one.subject_id, one.object_id, bool(rng.integers(2))) for one in QUESTIONS]
    labels = rng.permutation(LABELS)
    baseline, twin = embedding_controls(TABLE, noisy, encode)
    for control in (baseline, twin):
        assert AUROC(control.score_pairs(NAMES, THINGS), labels) == pytest.approx(0.5, abs=0.1)
    assert baseline.strength == 1e-4  # the strongest penalty


def test_memory_alone_answers_what_was_trained_on() -> None:
    control = EmbeddingControl(TABLE, QUESTIONS, lambda texts: random_vectors(texts, 64))
    names = [TABLE.subjects[one.subject_id] for one in QUESTIONS]
    things = [TABLE.objects[one.object_id] for one in QUESTIONS]
    labels = np.array([one.label for one in QUESTIONS])
    assert AUROC(control.score_pairs(names, things), labels) > 0.75


def test_scores_do_not_depend_on_chance_or_company(fitted: list[EmbeddingControl]) -> None:
    first, again = fitted[0], EmbeddingControl(TABLE, QUESTIONS, encode)
    together = first.score_pairs(NAMES, THINGS)
    assert np.array_equal(together, again.score_pairs(NAMES, THINGS))
    alone = first.score_pairs(NAMES[-1:], THINGS[-1:])
    assert alone[0] == pytest.approx(together[-1], abs=1e-6)


def test_random_vectors_are_of_their_text_alone() -> None:
    vectors = random_vectors(["a", "b", "a"], 16)
    assert np.array_equal(vectors[0], vectors[2])
    assert np.array_equal(vectors[1], random_vectors(["b"], 16)[0])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(3))
    assert not np.allclose(vectors[0], random_vectors(["a"], 16, seed=1)[0])


def items(flip: bool = False) -> list[ItemResult]:
    return [
        ItemResult(
            "held_out",
            {
                "kind": "relation/has", "group": subject, "subject": subject, "object": thing,
                "subject_name": f"subject {subject[1:]}", "object_name": f"thing {thing[1:]}",
                "label": label != flip,
            },
            1,
            choices={"tuned": [1.0, 0.0]},
            nll={"tuned": 1.0},
        )
        for subject, thing, label in TEST
    ]  # fmt: skip


def auroc(scores: list[Score], model: str) -> float:
    [found] = [score for score in scores if (score.metric, score.model) == ("auroc", model)]
    return found.value


def test_the_table_shows_both_and_held_out_answers_are_never_learned() -> None:
    known = TrainingKnowledge({"has": TABLE}, {"has": QUESTIONS})
    seen: list[str] = []

    def watched(texts: Sequence[str]) -> Floats:
        seen.extend(texts)
        return encode(texts)

    scores = text_scores(items(), known, FAST, encode=watched)
    assert len(seen) == len(set(seen))  # each text is encoded once
    # Turning the answers of the test round turns its score round, and nothing else.
    turned = text_scores(items(flip=True), known, FAST, encode=encode)
    for model in (EMBEDDING, RANDOM):
        assert auroc(turned, model) == pytest.approx(1 - auroc(scores, model), abs=1e-9)
    metrics = {score.metric for score in scores if score.model == EMBEDDING}
    assert metrics == {score.metric for score in scores if score.model == "degree_prior"}
    without = {score.model for score in text_scores(items(), known, FAST)}
    assert not {EMBEDDING, RANDOM} & without


def test_what_is_fitted_knows_training_texts_alone() -> None:
    seen: set[str] = set()

    def watched(texts: Sequence[str]) -> Floats:
        seen.update(texts)
        return encode(texts)

    embedding_controls(TABLE, QUESTIONS, watched)
    assert seen == {*TABLE.subjects.values(), *TABLE.objects.values()}


def test_questions_of_one_answer_give_no_baseline(caplog: pytest.LogCaptureFixture) -> None:
    true = [one for one in QUESTIONS if one.label]
    with caplog.at_level(logging.WARNING):
        assert embedding_controls(TABLE, true, encode) == []
    assert "needs training questions of both answers" in caplog.text


def test_a_single_group_is_fitted_without_cross_validation() -> None:
    groups = dict.fromkeys(TABLE.subjects, "g")
    one_group = RelationTable("has", TABLE.subjects, TABLE.objects, TABLE.pairs, groups=groups)
    control = EmbeddingControl(one_group, QUESTIONS, encode)
    assert AUROC(control.score_pairs(NAMES, THINGS), LABELS) > 0.8


def test_names_come_from_question_table_or_id() -> None:
    about = [{"object": "t1", "object_name": "given"}, {"object": "t1"}, {"object": "t99"}]
    assert object_names(about, TABLE) == ["given", "thing 1", "t99"]


def test_lengths_must_agree(fitted: list[EmbeddingControl]) -> None:
    control = fitted[0]
    with pytest.raises(ValueError, match="equal length, got 1 and 2"):
        control.score_pairs(["a"], ["b", "c"])
