import numpy as np
import pytest

from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.representations.analysis import Analysis, AnalysisConfig, centred
from geneverse_pl.representations.controls import ngram_vectors, random_vectors
from geneverse_pl.representations.items import Item, Pair

CONFIG = AnalysisConfig(("family",), bootstrap=BootstrapSettings(num_resamples=50))


def by_key(scores: list[Score]) -> dict[tuple[str, str, str, str], Score]:
    found = {(score.task, score.split, score.metric, score.model): score for score in scores}
    assert len(found) == len(scores)
    return found


def test_planted_structure_is_found_beside_controls_that_lack_it(
    planted: tuple[list[Item], np.ndarray],
) -> None:
    items, vectors = planted
    noise = np.random.default_rng(1).normal(size=vectors.shape).astype(np.float32)
    pairs = [Pair("same", str(n), str((n + 2) % 40)) for n in range(40)]
    pairs += [Pair("same", str(n), str((n + 1) % 40), False) for n in range(40)]
    scores = by_key(
        Analysis(items, pairs, CONFIG).scores(
            {
                "tuned": {"layer_1": noise, "layer_2": vectors},
                "untuned": {"layer_1": noise, "layer_2": noise},
            }
        )
    )
    last = {(task, metric, model): score.value for (task, split, metric, model), score in scores.items()
            if split == "layer_2"}  # fmt: skip
    for model in ("untuned", "random", "ngrams"):
        assert last["links/same", "auroc", "tuned"] > 0.95 > last["links/same", "auroc", model]
        assert last["probe/gene/family", "accuracy", "tuned"] == 1.0
        assert last["probe/gene/family", "accuracy", model] < 0.8
        assert last["clusters/gene/family", "kmeans_ari", "tuned"] > 0.9
        assert last["clusters/gene/family", "kmeans_ari", model] < 0.3
    assert last["clusters/gene/family", "kmeans_ari", "permuted"] < 0.1
    assert last["probe/gene/family", "accuracy", "majority"] == 0.5
    assert last["change/all", "cka", "tuned"] < 1
    assert scores["change/all", "layer_1", "cka", "tuned"].value == pytest.approx(1.0)
    assert scores["change/all", "layer_1", "cosine", "tuned"].value == pytest.approx(1.0)
    # Controls see no layer, so their scores are the same in each.
    for task, metric in (("links/same", "auroc"), ("probe/gene/family", "macro_f1")):
        one, other = (scores[task, split, metric, "random"] for split in ("layer_1", "layer_2"))
        assert (one.value, one.low, one.high) == (other.value, other.low, other.high)


def test_same_seed_gives_the_same_scores(planted: tuple[list[Item], np.ndarray]) -> None:
    items, vectors = planted
    pairs = [Pair("same", str(n), str((n + 2) % 40)) for n in range(40)]
    config = AnalysisConfig(bootstrap=CONFIG.bootstrap, centre="kind")
    first, second = (Analysis(items, pairs, config).scores({"untuned": {"layer_2": vectors}}) for _ in "ab")
    assert first == second
    assert {score.task for score in first} == {"links/same"}


def test_centring_by_kind_takes_off_what_a_kind_has_in_common() -> None:
    vectors = np.array([[1.0, 5.0], [3.0, 5.0], [10.0, 0.0]])
    np.testing.assert_allclose(centred(vectors, ["a", "a", "b"], "kind"), [[-1, 0], [1, 0], [0, 0]])
    assert centred(vectors, ["a", "a", "b"], "all").sum() == pytest.approx(0.0)
    np.testing.assert_array_equal(centred(vectors, ["a", "a", "b"], "none"), vectors)


def test_controls_have_the_width_they_are_compared_with() -> None:
    assert random_vectors(5, 7).shape == (5, 7)
    np.testing.assert_array_equal(random_vectors(5, 7), random_vectors(5, 7))
    names = ["COL4A1", "COL4A2", "COL4A3", "SLC25A4", "SLC25A20", "SLC25A1", ""]
    spelt = ngram_vectors(names, 3)
    assert spelt.shape == (7, 3)
    assert spelt[0] @ spelt[1] > 2 * abs(spelt[0] @ spelt[3])


def test_a_column_of_groups_that_is_not_there_is_refused(planted: tuple[list[Item], np.ndarray]) -> None:
    items, _ = planted
    with pytest.raises(ConfigError, match=r"'gruop' has none. There are: family, group"):
        Analysis(items, [], AnalysisConfig(("family",), "gruop"))
    Analysis([Item("1", "a"), Item("2", "b")], [], AnalysisConfig())  # the usual one need not be there


def test_wrong_settings_are_named() -> None:
    with pytest.raises(ConfigError, match="Unknown centre 'kinds'. Did you mean 'kind'"):
        AnalysisConfig(centre="kinds")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="num_folds must be >= 2, got 1"):
        AnalysisConfig(num_folds=1)
