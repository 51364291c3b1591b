"""Paired differences as a table on the screen, in Markdown and in JSON."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from geneverse_pl.evaluation.paired import PairedDifference
from geneverse_pl.evaluation.report import LOWER_IS_BETTER
from geneverse_pl.whole_file import write_whole

_HEADS = ("metric", "A", "B", "A - B", "n", "groups", "only A", "only B", "p", "p (Holm)")
_NOTES = (
    "A - B: difference with its paired bootstrap interval, by whole groups. With 0 outside, they differ.",
    "only A, only B: questions that one alone answers rightly. p: McNemar's test of these, which takes",
    "questions as independent; where many share a group, go by the interval. p (Holm): for all tests shown.",
)
_FEW_GROUPS = 10
_FEW_NOTE = (
    f"Fewer than {_FEW_GROUPS} groups: such intervals are too narrow (of 4 groups, 95 % cover some 80 %), so",
    "that 0 just outside shows no difference.",
)
_LOWER_NOTE = "* lower is better."


def format_differences(rows: Sequence[PairedDifference], name_a: str, name_b: str) -> str:
    """The differences as aligned plain text, one block for each task and split.

    Args:
        rows: The differences.
        name_a: What A is.
        name_b: What B is.
    """
    parts = [f"A: {name_a}\nB: {name_b}"]
    for title, cells in _blocks(rows):
        table = [_HEADS, *cells]
        widths = [max(len(row[column]) for row in table) for column in range(len(_HEADS))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in table
        ]
        parts.append("\n".join([title, *lines]))
    return "\n\n".join([*parts, "\n".join(_notes(rows))])


def differences_to_markdown(rows: Sequence[PairedDifference], name_a: str, name_b: str, matching: str) -> str:
    """The differences as a page in Markdown.

    Args:
        rows: The differences.
        name_a: What A is.
        name_b: What B is.
        matching: A sentence on how many questions match.
    """
    lines = ["# Paired comparison", "", f"- A: {name_a}", f"- B: {name_b}", f"- {matching}", ""]
    for title, cells in _blocks(rows):
        lines += [f"## {title}", "", _markdown_row(_HEADS), _markdown_row(["---"] * len(_HEADS))]
        lines += [*map(_markdown_row, cells), ""]
    return "\n".join([*lines, *_notes(rows)]) + "\n"


def differences_to_json(
    rows: Iterable[PairedDifference], name_a: str, name_b: str, matching: str
) -> dict[str, Any]:
    """The differences as a JSON-able object; numbers that are not finite become None.

    Args:
        rows: The differences.
        name_a: What A is.
        name_b: What B is.
        matching: A sentence on how many questions match.
    """
    differences = [
        {
            key: None if isinstance(value, float) and not math.isfinite(value) else value
            for key, value in asdict(row).items()
        }
        for row in rows
    ]
    return {"a": name_a, "b": name_b, "matching": matching, "differences": differences}


def write_differences(
    folder: Path, rows: Sequence[PairedDifference], name_a: str, name_b: str, matching: str
) -> list[Path]:
    """Writes ``comparison.md`` and ``comparison.json``.

    Args:
        folder: Where to write; it is made.
        rows: The differences.
        name_a: What A is.
        name_b: What B is.
        matching: A sentence on how many questions match.

    Returns:
        The files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    about = (rows, name_a, name_b, matching)
    return [
        write_whole(folder / "comparison.md", [differences_to_markdown(*about)]),
        write_whole(
            folder / "comparison.json",
            [json.dumps(differences_to_json(*about), ensure_ascii=False, indent=1) + "\n"],
        ),
    ]


def _blocks(rows: Sequence[PairedDifference]) -> list[tuple[str, list[Sequence[str]]]]:
    """Title and rows of cells of each task and split."""
    blocks: dict[str, list[Sequence[str]]] = {}
    for row in rows:
        blocks.setdefault(f"{row.task}, {row.split}", []).append(_cells(row))
    return list(blocks.items())


def _cells(row: PairedDifference) -> list[str]:
    star = "*" if row.metric in LOWER_IS_BETTER else ""
    bounds = "no interval" if math.isnan(row.low) else f"{row.low:+.3f}, {row.high:+.3f}"
    difference = "undefined" if math.isnan(row.difference) else f"{row.difference:+.3f} [{bounds}]"
    tested = ["", "", "", ""]
    if row.test is not None and row.p_holm is not None:
        tested = [f"{row.test.only_a}", f"{row.test.only_b}", _p(row.test.p), _p(row.p_holm)]
    values = ["-" if math.isnan(value) else f"{value:.3f}" for value in (row.a, row.b)]
    return [f"{row.metric}{star}", *values, difference, f"{row.n:,}", f"{row.num_groups:,}", *tested]


def _p(value: float) -> str:
    return "<0.0001" if value < 1e-4 else f"{value:.4f}"


def _markdown_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _notes(rows: Sequence[PairedDifference]) -> list[str]:
    notes = list(_NOTES)
    if any(row.num_groups < _FEW_GROUPS for row in rows):
        notes += _FEW_NOTE
    if any(row.metric in LOWER_IS_BETTER for row in rows):
        notes.append(_LOWER_NOTE)
    return notes
