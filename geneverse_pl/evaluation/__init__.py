"""Honest evaluation: controls, intervals, splits without leaks, and the table that shows them together."""

from geneverse_pl.evaluation.answers import normalise, parse_list, set_score
from geneverse_pl.evaluation.bootstrap import BootstrapSettings, Interval, bootstrap_interval
from geneverse_pl.evaluation.controls import (
    Control,
    DegreePriorControl,
    LookupControl,
    MajorityControl,
    best_threshold,
)
from geneverse_pl.evaluation.nearest_neighbour import NearestNeighbourControl
from geneverse_pl.evaluation.relation_table import RelationQuestion, RelationTable
from geneverse_pl.evaluation.report import compare_intervals, format_table
from geneverse_pl.evaluation.scores import Score, read_scores, write_scores
from geneverse_pl.evaluation.scoring import build_controls, fact_scores, list_scores, relation_scores
from geneverse_pl.evaluation.splits import assign_groups, check_leakage, connected_groups
from geneverse_pl.evaluation.statistics import ACCURACY, AUROC, F1, MCC, MEAN, Statistic

__all__ = [
    "ACCURACY",
    "AUROC",
    "F1",
    "MCC",
    "MEAN",
    "BootstrapSettings",
    "Control",
    "DegreePriorControl",
    "Interval",
    "LookupControl",
    "MajorityControl",
    "NearestNeighbourControl",
    "RelationQuestion",
    "RelationTable",
    "Score",
    "Statistic",
    "assign_groups",
    "best_threshold",
    "bootstrap_interval",
    "build_controls",
    "check_leakage",
    "compare_intervals",
    "connected_groups",
    "fact_scores",
    "format_table",
    "list_scores",
    "normalise",
    "parse_list",
    "read_scores",
    "relation_scores",
    "set_score",
    "write_scores",
]
