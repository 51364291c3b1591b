"""Metrics that torchmetrics does not have, and the collection for yes/no questions."""

from geneverse_pl.metrics.exact_match import ExactMatch
from geneverse_pl.metrics.relation import relation_metrics
from geneverse_pl.metrics.retrieval import ImageTextRetrieval
from geneverse_pl.metrics.set_score import SetScore
from geneverse_pl.metrics.token_perplexity import TokenPerplexity

__all__ = ["ExactMatch", "ImageTextRetrieval", "SetScore", "TokenPerplexity", "relation_metrics"]
