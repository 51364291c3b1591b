"""The claims of answers, counted by field."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from geneverse_pl.evaluation.claims.claim import VERDICTS, ClaimReport, Verdict

FieldCounts = Mapping[str, Mapping[Verdict, int]]
_LEGEND = (
    "Claims of all answers: supported / contradicted / unknown, without those that the question gives away."
)


def count_by_field(reports: Iterable[ClaimReport | None]) -> dict[str, dict[Verdict, int]]:
    """Field -> verdict -> number of claims.

    Args:
        reports: Claims of some answers; None is left out.
    """
    counts: Counter[tuple[str, Verdict]] = Counter(
        (claim.field, claim.verdict) for report in reports if report is not None for claim in report.counted
    )
    fields = sorted({field for field, _ in counts})
    return {field: {verdict: counts[field, verdict] for verdict in VERDICTS} for field in fields}


def format_claim_table(title: str, reports: Mapping[str, Sequence[ClaimReport | None]]) -> str:
    """One row a field, one column a model, as aligned plain text; empty if there is no claim.

    Args:
        title: What was asked, and of which split.
        reports: Model or control -> claims of its answers.
    """
    counts = {model: count_by_field(found) for model, found in reports.items()}
    fields = sorted({field for of_model in counts.values() for field in of_model})
    if not fields:
        return ""
    rows = [["field", *counts]]
    for field in fields:
        cells = [of_model.get(field, {}) for of_model in counts.values()]
        rows.append(
            [field, *(" / ".join(str(cell.get(verdict, 0)) for verdict in VERDICTS) for cell in cells)]
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    return "\n".join([f"{title}, by field", *lines, _LEGEND])
