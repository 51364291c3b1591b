"""All that is known of one test run, as reports and comparisons read it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from geneverse_pl.evaluation.bootstrap import DEFAULT_BOOTSTRAP, BootstrapSettings
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.evaluation.text_report import ItemResult


@dataclass(frozen=True)
class RunRecord:
    """One test run.

    Args:
        name: What the run is called.
        scores: Its scores and those of its controls.
        items: The answered questions; may be empty.
        settings: Its settings, flattened: ``data.rendering.size`` -> 128.
        facts: What was noted of it: versions, seconds, device, energy.
        data_card: The data card in Markdown; None where there is none.
        pictures: Gives the PNG of an image number of the store, None for an unknown one. Questions about a
            picture have its number as ``image`` of their metadata.
        bootstrap: How the intervals of the scores were computed.
    """

    name: str
    scores: list[Score]
    items: list[ItemResult]
    settings: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    data_card: str | None = None
    pictures: Callable[[int], bytes | None] | None = None
    bootstrap: BootstrapSettings = DEFAULT_BOOTSTRAP
