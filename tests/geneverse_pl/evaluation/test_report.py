"""The table: order, verdicts, width, what is left out."""

import math

import pytest

from geneverse_pl.evaluation.report import compare_intervals, format_table
from geneverse_pl.evaluation.scores import Score

TASK = "relation/disease_phenotype"


def score(
    model: str, metric: str, value: float, low: float, high: float, n: int = 600, task: str = TASK
) -> Score:
    return Score(task, "held_out", metric, model, value, low, high, n)


def test_whole_table() -> None:
    table = format_table(
        [
            score("majority", "accuracy", 0.5, 0.5, 0.5),
            score("nearest_neighbour", "accuracy", 0.741, 0.72, 0.76),
            score("tuned", "accuracy", 0.731, 0.7101, 0.7512),
            score("untuned", "accuracy", 0.505, 0.48, 0.53),
            score("tuned", "auroc", 0.781, 0.75, 0.81),
            score("nearest_neighbour", "auroc", 0.9, 0.88, 0.92),
        ]
    )
    assert table.split("\n\n")[0].splitlines() == [
        "relation/disease_phenotype, held_out (n = 600)",
        "model              accuracy            auroc",
        "tuned              0.731 [0.71, 0.75]  0.781 [0.75, 0.81]",
        "untuned            0.505 [0.48, 0.53]  -",
        "                   tuned above",
        "majority           0.500 [0.50, 0.50]  -",
        "                   tuned above",
        "nearest_neighbour  0.741 [0.72, 0.76]  0.900 [0.88, 0.92]",
        "                   overlaps            tuned below",
    ]
    assert "so no difference is shown" in table


def test_blocks_by_task_and_split_and_sizes() -> None:
    memorised = Score(TASK, "memorised", "accuracy", "tuned", 0.9, 0.85, 0.95, 1200)
    other = Score("fact/inheritance", "held_out", "exact_match", "tuned", 0.4, 0.3, 0.5, 80)
    table = format_table(
        [
            score("tuned", "accuracy", 0.7, 0.6, 0.8),
            memorised,
            other,
            score("tuned", "set_f1", 0.1, 0.0, 0.2, n=50),
        ]
    )
    titles = [block.splitlines()[0] for block in table.split("\n\n")[:-1]]
    assert titles == [
        "relation/disease_phenotype, held_out (n = 50 to 600)",
        "relation/disease_phenotype, memorised (n = 1,200)",
        "fact/inheritance, held_out (n = 80)",
    ]


def test_many_metrics_stay_within_the_width() -> None:
    metrics = ["accuracy", "f1", "mcc", "auroc", "gold_recall", "set_f1", "unparsable", "perplexity"]
    models = ["tuned", "untuned", "majority", "degree_prior", "nearest_neighbour", "lookup"]
    table = format_table([score(model, metric, 0.5, 0.4, 0.6) for model in models for metric in metrics])
    lines = table.splitlines()
    assert max(map(len, lines)) <= 110
    # 17 columns of labels and 20 a metric: 4 and 4 of them.
    assert sum(line.startswith("model ") for line in lines) == 2
    assert sum(line.startswith("nearest_neighbour ") for line in lines) == 2
    assert table.count("[0.40, 0.60]") == len(metrics) * len(models)


def test_what_decides_comes_first_and_loss_last_for_the_models_that_have_one() -> None:
    likelihoods = [
        score(model, metric, 0.6, 0.5, 0.7)
        for model in ("tuned", "untuned")
        for metric in ("loss", "perplexity")
    ]
    models = ["tuned", "untuned", "majority", "nearest_neighbour"]
    decisions = [
        score(model, metric, 0.5, 0.4, 0.6)
        for model in models
        for metric in ("f1", "mcc", "auroc", "accuracy")
    ]
    table = format_table([*likelihoods, *decisions])
    lines = table.splitlines()
    heads = [line.split() for line in lines if line.startswith("model")]
    assert heads == [["model", "accuracy", "auroc", "f1", "mcc"], ["model", "loss*", "perplexity*"]]
    assert [line.split()[0] for line in lines if "[0.50, 0.70]" in line] == ["tuned", "untuned"]
    assert " -" not in table
    assert lines[-1] == "* lower is better."


def test_there_is_no_footnote_without_a_star() -> None:
    table = format_table([score("tuned", "accuracy", 0.5, 0.4, 0.6)])
    assert "lower" not in table
    assert "*" not in table


def test_undefined_values_are_left_out_with_the_reason() -> None:
    table = format_table(
        [
            score("tuned", "accuracy", 0.5, 0.4, 0.6, n=3),
            score("tuned", "auroc", math.nan, math.nan, math.nan, n=3),
            score("majority", "auroc", math.nan, math.nan, math.nan, n=3),
            score("tuned", "mcc", math.nan, math.nan, math.nan, n=3),
        ]
    )
    assert "nan" not in table
    assert (
        "Left out: auroc of tuned, majority, undefined on these items (needs items of both classes)." in table
    )
    assert "Left out: mcc of tuned, undefined on these items." in table


def test_value_without_interval_and_large_numbers() -> None:
    table = format_table(
        [
            score("tuned", "accuracy", 0.5, math.nan, math.nan),
            score("tuned", "perplexity", 1234.56, 1100.4, 1300.2),
            score("untuned", "perplexity", 462.76, 337.9, 899.0),
            score("majority", "perplexity", 91907.2, 11.0, 2.5e6),
        ]
    )
    assert "0.500 [no interval]" in table
    assert "1,235 [1,100, 1,300]" in table
    assert "462.8 [337.9, 899.0]" in table
    assert "91,907 [11.00, 2.500e+06]" in table


def test_no_scores() -> None:
    assert format_table([]) == "No scores."


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.5, 0.69, "tuned above"),
        (0.5, 0.7, "overlaps"),
        (0.72, 0.75, "overlaps"),
        (0.8, 0.9, "overlaps"),
        (0.81, 0.9, "tuned below"),
        (math.nan, math.nan, ""),
    ],
)
def test_verdicts(low: float, high: float, expected: str) -> None:
    tuned = score("tuned", "accuracy", 0.75, 0.7, 0.8)
    assert compare_intervals(tuned, score("majority", "accuracy", low, low, high)) == expected


def test_no_verdict_without_a_tuned_score() -> None:
    assert compare_intervals(None, score("majority", "accuracy", 0.5, 0.4, 0.6)) == ""
    assert "overlaps" not in format_table([score("majority", "accuracy", 0.5, 0.4, 0.6)]).split("\n\n")[0]
