"""Other models, behind an endpoint, on the questions of a finished test run."""

from geneverse_pl.baselines.baseline import Baseline, BaselineResult
from geneverse_pl.baselines.examples import Example
from geneverse_pl.baselines.scoring import baseline_scores

__all__ = ["Baseline", "BaselineResult", "Example", "baseline_scores"]
