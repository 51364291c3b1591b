import re

from geneverse_pl.evaluation.run_record import RunRecord
from geneverse_pl.report import render_markdown
from tests.geneverse_pl.report.made_runs import hostile_run, whole_run


def test_the_same_headlines_and_tables() -> None:
    text = render_markdown(whole_run(20))
    assert text.startswith("# Test report: quickstart/version_3\n")
    assert "## Is it better than its controls?" in text
    assert "### relation/disease_phenotype, held_out" in text
    assert "| nearest_neighbour | 0.970 [0.950, 0.990] (tuned below: worse) |" in text.replace("\\", "")
    assert "## Failures by kind of question" in text
    assert "| versions.torch | 2.8.0 |" in text


def test_hostile_texts_stay_in_their_cells() -> None:
    text = render_markdown(hostile_run())
    bare = re.sub(r"\\.", "", text)
    assert "<" not in bare
    assert "](" not in bare
    assert "`" not in bare
    tables = [block for block in text.split("\n\n") if block.startswith("| ")]
    assert tables
    for block in tables:
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(widths) == 1


def test_an_empty_run() -> None:
    assert render_markdown(RunRecord("x", [], [])).count("Nothing was noted that could tell.") == 4
