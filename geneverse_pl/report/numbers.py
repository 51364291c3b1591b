"""What a report counts, as numbers for other programs."""

import math
from dataclasses import asdict
from typing import Any

from geneverse_pl.evaluation.run_record import RunRecord


def run_to_json(run: RunRecord) -> dict[str, Any]:
    """Scores, facts and settings of a run as a JSON-able object; numbers that are not finite become None.

    Args:
        run: The run.
    """
    return {
        "name": run.name,
        "num_questions": len(run.items),
        "scores": [
            {
                key: None if isinstance(value, float) and not math.isfinite(value) else value
                for key, value in asdict(score).items()
            }
            for score in run.scores
        ],
        "facts": run.facts,
        "settings": run.settings,
    }
