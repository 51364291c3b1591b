"""Metrics in the form of torchmetrics that torchmetrics lacks, most with a value for each answer."""

from geneverse_pl.metrics.bert_score import BertScore
from geneverse_pl.metrics.bleu import Bleu
from geneverse_pl.metrics.calibration import Calibration
from geneverse_pl.metrics.cohen_kappa import CohenKappa
from geneverse_pl.metrics.exact_match import ExactMatch
from geneverse_pl.metrics.item_metric import ItemMetric
from geneverse_pl.metrics.parsed_choice import ParsedChoice
from geneverse_pl.metrics.ranking import Ranking
from geneverse_pl.metrics.relation import relation_metrics
from geneverse_pl.metrics.retrieval import ImageTextRetrieval
from geneverse_pl.metrics.rouge import Rouge
from geneverse_pl.metrics.semantic_similarity import SemanticSimilarity
from geneverse_pl.metrics.set_score import SetScore
from geneverse_pl.metrics.token_f1 import TokenF1
from geneverse_pl.metrics.token_perplexity import TokenPerplexity

__all__ = [
    "BertScore",
    "Bleu",
    "Calibration",
    "CohenKappa",
    "ExactMatch",
    "ImageTextRetrieval",
    "ItemMetric",
    "ParsedChoice",
    "Ranking",
    "Rouge",
    "SemanticSimilarity",
    "SetScore",
    "TokenF1",
    "TokenPerplexity",
    "relation_metrics",
]
