"""Columns found in headers of other spelling."""

from pathlib import Path

import pytest

from datamodules.sources.table_columns import find_columns
from geneverse_pl.exceptions import DataFormatError


def write(folder: Path, text: str) -> Path:
    path = folder / "t.tsv"
    path.write_text(text, encoding="utf-8")
    return path


def test_case_spaces_and_the_hash_do_not_count(tmp_path: Path) -> None:
    path = write(tmp_path, "\n# entry\tGene names  (primary )\tOther\n1\t2\t3\n")
    assert find_columns(path, ["Entry"], ["Gene Names (primary)", "Length"]) == {
        "Entry": "entry",
        "Gene Names (primary)": "Gene names  (primary )",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "Other\n1\n",
            r"line 1 must be a tab-separated header with the columns Entry; missing: Entry\. Check",
        ),
        ("Entry\tENTRY\n1\t2\n", r"line 1 must be a header that names each column once, but repeats Entry"),
        ("\n\n", "missing: Entry"),
    ],
)
def test_faults(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataFormatError, match=message):
        find_columns(write(tmp_path, text), ["Entry"])
