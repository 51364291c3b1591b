import math

import numpy as np
import pytest

from geneverse_pl.data.encoded import EncodedSample
from geneverse_pl.evaluation.image_controls import (
    ChoiceTraining,
    LinearProbe,
    majority_values,
)

IDS = np.array([3, -1, 4], np.int32)


def sample(
    image: int, answer: str, probe: str = "marker", choices: tuple[str, ...] = ("Yes", "No")
) -> EncodedSample:
    about = {"kind": "choice/x", "answer": answer, "choices": list(choices), "probe": probe}
    return EncodedSample(IDS, IDS > 3, metadata=about, images=np.array([image]))


def training_of(answers: dict[int, str]) -> ChoiceTraining:
    return ChoiceTraining.collect(sample(image, answer) for image, answer in answers.items())


def test_training_is_collected_by_problem() -> None:
    free = EncodedSample(IDS, IDS > 3, metadata={"kind": "text/x", "answer": "a"}, images=np.array([9]))
    training = ChoiceTraining.collect([sample(1, "Yes"), sample(2, "No", "other"), free])
    assert dict(training.problems) == {
        ("choice/x", "marker"): [(1, "Yes")],
        ("choice/x", "other"): [(2, "No")],
    }
    assert training.answers["choice/x"] == {"Yes": 1, "No": 1}


def test_majority_is_the_commonest_training_answer() -> None:
    training = training_of({1: "No", 2: "No", 3: "Yes"})
    assert majority_values(training, "choice/x", ["Yes", "No"]) == [0.0, 1.0]
    assert majority_values(training, "choice/other", ["Yes", "No"]) == [1.0, 0.0]


def test_the_probe_reads_a_linear_signal_and_no_noise() -> None:
    rng = np.random.default_rng(0)
    features = {image: rng.normal(size=20).astype(np.float32) for image in range(200)}
    answers = {image: "Yes" if features[image][3] > 0 else "No" for image in range(150)}
    probe = LinearProbe(training_of(answers), features)
    right = [
        np.argmax(probe.values(sample(image, "").metadata, features[image])) == int(features[image][3] <= 0)
        for image in range(150, 200)
    ]
    assert np.mean(right) > 0.8
    shuffled = dict(zip(answers, rng.permutation(list(answers.values())), strict=True))
    blind = LinearProbe(training_of(shuffled), features)
    wrong = [
        np.argmax(blind.values(sample(image, "").metadata, features[image])) == int(features[image][3] <= 0)
        for image in range(150, 200)
    ]
    assert np.mean(wrong) < 0.75


def test_a_small_problem_gives_the_training_frequencies() -> None:
    features = {image: np.ones(4, np.float32) * image for image in range(5)}
    probe = LinearProbe(training_of({0: "Yes", 1: "Yes", 2: "No"}), features)
    values = probe.values(sample(4, "").metadata, features[4])
    assert np.exp(values) == pytest.approx([3 / 5, 2 / 5])


def test_an_answer_unseen_in_training_is_unlikely() -> None:
    rng = np.random.default_rng(1)
    features = {image: rng.normal(size=6).astype(np.float32) for image in range(40)}
    choices = ("a", "b", "c")
    training = ChoiceTraining.collect(sample(i, "ab"[i % 2], choices=choices) for i in range(40))
    values = LinearProbe(training, features).values(sample(0, "", choices=choices).metadata, features[0])
    assert values[2] == pytest.approx(math.log(1e-9))
