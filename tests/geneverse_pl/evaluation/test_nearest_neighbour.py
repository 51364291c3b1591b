"""The nearest-neighbour control, by hand and against a plain loop."""

import math

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity

from geneverse_pl.evaluation.nearest_neighbour import NearestNeighbourControl
from geneverse_pl.evaluation.relation_table import RelationQuestion, RelationTable

SUBJECTS = {"d1": "Alpha syndrome 1", "d2": "Alpha syndrome 2", "d3": "Beta dystrophy"}
OBJECTS = {"seizure": "Seizure", "ataxia": "Ataxia", "weakness": "Muscle weakness"}
PAIRS = {"d1": ["ataxia", "seizure"], "d2": ["seizure"], "d3": ["weakness"]}
ANCESTORS = {"seizure": ["nervous"], "ataxia": ["nervous"]}
TABLE = RelationTable("disease_phenotype", SUBJECTS, OBJECTS, PAIRS, ANCESTORS)
QUESTIONS = [RelationQuestion("d1", "seizure", True), RelationQuestion("d3", "seizure", False)]


def test_votes_by_hand() -> None:
    # "Alpha syndrome 3" is equally like d1 and d2, and shares no 3-gram with d3.
    scores = NearestNeighbourControl(TABLE).score_pairs(
        ["Alpha syndrome 3"] * 5, ["new"] * 5, ["seizure", "ataxia", "weakness", "nervous", "unheard of"]
    )
    assert scores == pytest.approx([1.0, 0.5, 0.0, 1.0, 0.0], abs=1e-6)


def test_names_like_no_other_get_no_vote() -> None:
    control = NearestNeighbourControl(TABLE)
    assert control.score_pairs(["Zzz", "Beta xyz"], ["n1", "n2"], ["weakness", "weakness"]).tolist() == [
        0.0,
        1.0,
    ]
    assert control.score_pairs([], [], []).shape == (0,)
    assert control.score_pairs(["Zzz"], ["n1"], ["unheard of"]).tolist() == [0.0]
    assert control.rank_objects("Zzz", "n1") == ["seizure", "ataxia", "weakness"]


def test_lists_and_facts_count_direct_objects() -> None:
    control = NearestNeighbourControl(TABLE)
    assert control.rank_objects("Alpha syndrome 3", "new") == ["seizure", "ataxia", "weakness"]
    assert control.rank_objects("Beta dystrophy 9", "new")[0] == "weakness"
    assert control.list_objects("Alpha syndrome 3", "new", n=2) == ["Seizure", "Ataxia"]
    assert control.answer("Beta dystrophy 9", "new") == "Muscle weakness"


def test_k_limits_the_voters() -> None:
    scores = NearestNeighbourControl(TABLE, k=1).score_pairs(["Alpha syndrome 1"], ["new"], ["ataxia"])
    assert scores.tolist() == [1.0]


def test_threshold_leaves_the_own_group_out() -> None:
    # d1 finds d2, which has a seizure (score 1); d3 finds nobody (score 0).
    assert NearestNeighbourControl(TABLE, QUESTIONS).threshold == pytest.approx(0.5)
    # With d1 and d2 in one group both questions score 0, where a constant yes is as good as any.
    grouped = RelationTable("disease_phenotype", SUBJECTS, OBJECTS, PAIRS, ANCESTORS, {"d1": "g", "d2": "g"})
    assert NearestNeighbourControl(grouped, QUESTIONS).threshold == -math.inf


def test_threshold_sample_is_seeded() -> None:
    generator = np.random.default_rng(0)
    questions = [
        RelationQuestion(f"d{generator.integers(1, 4)}", name, bool(generator.integers(2)))
        for name in generator.choice(list(OBJECTS), size=200)
    ]
    first, second = (
        NearestNeighbourControl(TABLE, questions, num_threshold_questions=20, seed=3) for _ in range(2)
    )
    assert first.threshold == second.threshold


def test_agrees_with_a_plain_loop() -> None:
    generator = np.random.default_rng(1)
    words = ["alpha", "beta", "gamma", "delta", "epsilon", "syndrome", "dystrophy", "ataxia", "type"]
    names = [" ".join(generator.choice(words, size=3)) + f" {number}" for number in range(60)]
    objects = [f"o{number}" for number in range(12)]
    pairs = {f"s{row}": list(generator.choice(objects, size=4, replace=False)) for row in range(50)}
    subjects = {f"s{row}": names[row] for row in range(50)}
    table = RelationTable("r", subjects, {item: item for item in objects}, pairs)
    queries = [(name, item) for name in names[50:] for item in objects]

    scores = NearestNeighbourControl(table, k=7).score_pairs(
        [name for name, _ in queries], ["new"] * len(queries), [item for _, item in queries]
    )

    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 4), sublinear_tf=True)
    train = vectorizer.fit_transform(names[:50])
    for (name, item), score in zip(queries, scores, strict=True):
        cosines = cosine_similarity(vectorizer.transform([name]), train)[0]
        nearest = np.argsort(-cosines)[:7]
        votes = sum(cosines[row] for row in nearest if item in pairs[f"s{row}"])
        assert score == pytest.approx(votes / cosines[nearest].sum(), abs=1e-5)


def test_blocks_do_not_change_the_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    names, ids = [f"Alpha syndrome {number}" for number in range(5)], ["new"] * 5
    whole = NearestNeighbourControl(TABLE).score_pairs(names, ids, ["ataxia"] * 5)
    monkeypatch.setattr("geneverse_pl.evaluation.nearest_neighbour._BLOCK", 2)
    assert NearestNeighbourControl(TABLE).score_pairs(names, ids, ["ataxia"] * 5) == pytest.approx(whole)


def test_arguments_are_checked() -> None:
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        NearestNeighbourControl(TABLE, k=0)
    with pytest.raises(ValueError, match="num_threshold_questions must be at least 1, got 0"):
        NearestNeighbourControl(TABLE, num_threshold_questions=0)
    with pytest.raises(ValueError, match="at least one training subject, got none"):
        NearestNeighbourControl(RelationTable("r", {}, {}, {}))
    with pytest.raises(ValueError, match="needs training questions"):
        _ = NearestNeighbourControl(TABLE).threshold
