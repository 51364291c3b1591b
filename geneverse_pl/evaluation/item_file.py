"""What every model answered to every test question, in a file beside the scores.

Scores can be computed from it again, runs compared question by question, and answers read.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from geneverse_pl.evaluation.text_report import ItemResult
from geneverse_pl.exceptions import DataFormatError
from geneverse_pl.whole_file import write_whole

ITEMS_FILE = "items.jsonl"
_FIELDS = (
    "split",
    "context",
    "question",
    "metadata",
    "num_tokens",
    "nll",
    "choices",
    "texts",
    "lists",
    "grades",
)


def write_items(folder: Path, results: Iterable[ItemResult]) -> Path:
    """Writes ``items.jsonl``, one object a question; an existing file is replaced whole or not at all.

    Args:
        folder: The run's folder, which must exist.
        results: The answered questions.

    Returns:
        The file.
    """
    rows = ({name: getattr(result, name) for name in _FIELDS} for result in results)
    return write_whole(
        folder / ITEMS_FILE, (json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows)
    )


def read_items(folder: Path) -> list[ItemResult]:
    """The answered questions of a run.

    Args:
        folder: The run's folder.

    Raises:
        DataFormatError: If the file is missing or empty, or a line is not of its form.
    """
    path = folder / ITEMS_FILE
    if not path.is_file():
        raise DataFormatError(
            path,
            "must hold the answers of a test run, and does not exist. Run `test` or `fit` again.",
        )
    results = []
    with path.open(encoding="utf-8") as stream:
        for line, text in enumerate(stream, start=1):
            try:
                results.append(_result(json.loads(text)))
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise DataFormatError(
                    path, f"must hold one answered question a line ({error!r}). Run `test` again.", line=line
                ) from error
    if not results:
        raise DataFormatError(
            path, "must hold at least one answered question, and holds none. Run `test` again."
        )
    return results


def _result(row: Mapping[str, Any]) -> ItemResult:
    return ItemResult(
        split=str(row["split"]),
        metadata=dict(row["metadata"]),
        num_tokens=int(row["num_tokens"]),
        context=str(row["context"]),
        question=str(row["question"]),
        nll=_numbers(row["nll"]),
        choices={str(name): [float(value) for value in values] for name, values in row["choices"].items()},
        texts={str(name): str(text) for name, text in row["texts"].items()},
        lists={str(name): [str(one) for one in listed] for name, listed in row.get("lists", {}).items()},
        grades={str(name): _numbers(found) for name, found in row.get("grades", {}).items()},
    )


def _numbers(values: Mapping[str, Any]) -> dict[str, float]:
    return {str(name): float(value) for name, value in values.items()}
