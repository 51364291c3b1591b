from pathlib import Path

import pytest

from geneverse_pl.evaluation.item_file import ITEMS_FILE, read_items, write_items
from geneverse_pl.evaluation.text_report import ItemResult
from geneverse_pl.exceptions import DataFormatError

RESULTS = [
    ItemResult(
        "held_out",
        {"kind": "relation/x", "answer": "Yes", "choices": ["Yes", "No"], "label": True},
        2,
        "Disease: Marfan syndrome",
        "Has it “aortic”\ndilation?",
        nll={"tuned": 0.25, "untuned": 1.5},
        choices={"tuned": [-0.25, float("-inf")]},
    ),
    ItemResult("memorised", {}, 1, texts={"tuned": "<b>one\u2028line</b> \ud83d"}),
    ItemResult("held_out", {}, 1, texts={"tuned": "No"}, grades={"tuned": {"score": 0.0, "unparsable": 1.0}}),
]


def test_answers_come_back_as_they_were(tmp_path: Path) -> None:
    path = write_items(tmp_path, RESULTS)
    assert read_items(tmp_path) == RESULTS
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_files_from_before_grades_were_kept_are_read(tmp_path: Path) -> None:
    path = write_items(tmp_path, RESULTS[:1])
    path.write_text(path.read_text().replace(', "grades": {}', ""))
    assert "grades" not in path.read_text()
    assert read_items(tmp_path) == RESULTS[:1]


def test_a_run_without_answers_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataFormatError, match=r"items\.jsonl: must hold the answers of a test .* Run `test`"):
        read_items(tmp_path)


@pytest.mark.parametrize("text", ["[]", "{", '{"split": "a"}', '{"split":"a","metadata":3}'])
def test_a_damaged_line_is_named(tmp_path: Path, text: str) -> None:
    write_items(tmp_path, RESULTS)
    with (tmp_path / ITEMS_FILE).open("a") as stream:
        stream.write(text + "\n")
    with pytest.raises(DataFormatError, match=r"line 4 must hold one answered question a line"):
        read_items(tmp_path)
