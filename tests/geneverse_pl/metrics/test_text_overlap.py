"""TokenF1, Rouge and Bleu against cases worked by hand and against torchmetrics."""

import math

import pytest
from torchmetrics.functional.text import bleu_score, rouge_score

from geneverse_pl.evaluation.overlap import words
from geneverse_pl.metrics import Bleu, Rouge, TokenF1

PREDICTED = [
    "CAT encodes catalase, a heme enzyme of the peroxisome that breaks down hydrogen peroxide.",
    "HLA-A lies on chromosome 6, at 6p22.1; IL-2 is unrelated.",
    "The cat sat on the mat on the mat",
    "",
]
GOLD = [
    "This gene encodes catalase, a key antioxidant enzyme; catalase is a heme enzyme of the peroxisome.",
    "HLA-A lies on 6p22.1 and IL-10 on chromosome 1.",
    "On the mat the cat sat",
    "Nothing was said of it",
]


def test_token_f1_by_hand() -> None:
    metric = TokenF1()
    # Four of the answer's six words and of the truth's five are shared: 8 / 11.
    metric.update(["the gene binds the DNA strongly"], ["The gene binds DNA itself"])
    assert metric.compute()["token_f1"] == pytest.approx(8 / 11)


def test_symbols_are_whole_words() -> None:
    metric = TokenF1()
    metric.update(["IL-2", "CD4+", "HLA-A"], ["IL-10", "CD4", "HLA-B"])
    assert metric.items()["token_f1"].tolist() == [0.0, 0.0, 0.0]
    metric.update(["x-linked", "Protein coding"], ["X linked", "protein-coding"])
    assert metric.items()["token_f1"].tolist()[3:] == [1.0, 1.0]


def test_rouge_by_hand() -> None:
    metric = Rouge(recall=True)
    # Words a b c d and a c d b: all four shared, one bigram of three (c d), subsequence a c d.
    metric.update(["a b c d"], ["a c d b"])
    assert {name: float(value) for name, value in metric.compute().items()} == pytest.approx(
        {
            "rouge_1": 1.0,
            "rouge_2": 1 / 3,
            "rouge_l": 3 / 4,
            "rouge_1_recall": 1.0,
            "rouge_2_recall": 1 / 3,
            "rouge_l_recall": 3 / 4,
        }
    )


def test_rouge_is_that_of_torchmetrics_on_the_same_words() -> None:
    metric = Rouge(recall=True)
    metric.update(PREDICTED, GOLD)
    theirs = rouge_score(
        PREDICTED, GOLD, normalizer=str, tokenizer=words, rouge_keys=("rouge1", "rouge2", "rougeL")
    )
    for ours, name in (("rouge_1", "rouge1"), ("rouge_2", "rouge2"), ("rouge_l", "rougeL")):
        assert metric.compute()[ours] == pytest.approx(float(theirs[f"{name}_fmeasure"]))
        assert metric.compute()[f"{ours}_recall"] == pytest.approx(float(theirs[f"{name}_recall"]))


def test_bleu_by_hand() -> None:
    metric = Bleu()
    # Of 5 words 4 are shared, of 4 bigrams 3, of 3 trigrams 2, of 2 4-grams 1; the truth has 6 words.
    metric.update(["a b c d x"], ["a b c d e f"])
    expected = math.exp(1 - 6 / 5) * (4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25
    assert metric.compute()["bleu"] == pytest.approx(expected)
    smooth = math.exp(1 - 6 / 5) * (4 / 5 * 4 / 5 * 3 / 4 * 2 / 3) ** 0.25
    assert metric.compute()["sentence_bleu"] == pytest.approx(smooth)


def test_bleu_is_that_of_torchmetrics_on_the_same_words() -> None:
    metric = Bleu()
    metric.update(PREDICTED, GOLD)
    split = [[" ".join(words(text)) for text in texts] for texts in (PREDICTED, GOLD)]
    theirs = bleu_score(split[0], [[text] for text in split[1]])
    assert 0 < metric.compute()["bleu"] == pytest.approx(float(theirs))


def test_corpus_bleu_is_no_mean_and_0_without_a_shared_4_gram() -> None:
    metric = Bleu()
    metric.update(["a b c", "a b"], ["a b c", "a b"])
    assert metric.compute()["bleu"] == 0.0
    assert metric.items()["sentence_bleu"].tolist() == [1.0, 1.0]
