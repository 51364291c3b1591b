"""``evaluate``: reports, comparisons and tests of adapter folders from the command line."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from geneverse_pl.cli import main
from geneverse_pl.commands.adapter_test import arguments_of_test
from geneverse_pl.evaluation.item_file import write_items
from geneverse_pl.evaluation.text_report import ItemResult


def answered(margins: list[float], split: str = "held_out") -> list[ItemResult]:
    """Yes/no questions, the even ones true."""
    return [
        ItemResult(
            split,
            {"kind": "relation/x", "group": f"g{place}", "label": place % 2 == 0, "answer": str(place % 2)},
            1,
            question=f"q{place}",
            nll={"tuned": 1.0},
            choices={"tuned": [margin, 0.0], "majority": [1.0, 0.0]},
        )
        for place, margin in enumerate(margins)
    ]


@pytest.fixture
def make_run(tmp_path: Path) -> Any:
    """Writes a run's folder with some answered questions."""

    def make(name: str, items: list[ItemResult]) -> Path:
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        write_items(folder, items)
        (folder / "config.yaml").write_text(
            "model: {init_args: {model: org/name, adapter: {method: lora, rank: 4}, "
            "evaluation: {num_resamples: 30}}}\n"
        )
        return folder

    return make


def test_a_run_is_reported(make_run: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, board = make_run("version_0", answered([1, -1, 1, 1, -1])), tmp_path / "board.csv"
    assert main(["evaluate", str(run), "--leaderboard", str(board)]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("runs/version_0\n\nrelation/x, held_out (n = 5)")
    assert "1 rows added" in shown
    report = json.loads((run / "report.json").read_text())
    accuracy = {s["model"]: s["value"] for s in report["scores"] if s["metric"] == "accuracy"}
    assert accuracy == {"tuned": 0.6, "majority": 0.6}
    assert report["settings"]["model.adapter.rank"] == 4
    assert (run / "report.md").is_file()
    assert (run / "report.html").is_file()
    with board.open() as stream:
        [row] = csv.DictReader(stream)
    assert (row["model"], row["adapter"], row["accuracy"]) == ("org/name", "lora rank 4", "0.6")
    assert main(["evaluate", str(run), "--leaderboard", str(board)]) == 0
    assert "0 rows added" in capsys.readouterr().out


def test_options_reach_the_bootstrap(make_run: Any, tmp_path: Path) -> None:
    run = make_run("version_0", answered([1, -1, 1, 1, -1, -2, 2, 1, 1, 1]))
    widths = []
    for confidence in ("0.5", "0.99"):
        out = tmp_path / confidence
        options = ["--out", str(out), "--confidence", confidence, "--resamples", "200", "--seed", "3"]
        assert main(["evaluate", str(run), *options]) == 0
        scores = json.loads((out / "report.json").read_text())["scores"]
        [score] = [s for s in scores if (s["metric"], s["model"]) == ("accuracy", "tuned")]
        widths.append(score["high"] - score["low"])
    assert 0 < widths[0] < widths[1]
    assert not (run / "report.json").exists()


def test_several_runs_have_folders_of_their_own(make_run: Any, tmp_path: Path) -> None:
    runs = [make_run(f"version_{number}", answered([1, -1])) for number in range(2)]
    assert main(["evaluate", *map(str, runs), "--out", str(tmp_path / "out")]) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["runs_version_0", "runs_version_1"]


def test_two_runs_are_compared(make_run: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a = make_run("version_0", answered([1, -1, 1, -1]))
    b = make_run("version_1", [*reversed(answered([1, 1, 1])), *answered([1], "memorised")])
    assert main(["evaluate", "--compare", str(a), str(b), "--out", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr().out
    assert "3 questions match; 1 of A and 1 of B have no counterpart" in shown
    assert "A: runs/version_0, tuned\nB: runs/version_1, tuned" in shown
    saved = json.loads((tmp_path / "out" / "comparison.json").read_text())
    [accuracy] = [row for row in saved["differences"] if row["metric"] == "accuracy"]
    assert (accuracy["a"], accuracy["n"], accuracy["test"]["only_a"]) == (1.0, 3, 1)
    assert (tmp_path / "out" / "comparison.md").is_file()


def test_models_of_one_run_are_compared(make_run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run("version_0", answered([1, -1, 1, -1]))
    assert main(["evaluate", str(run), "--models", "tuned", "majority"]) == 0
    shown = capsys.readouterr().out
    assert "4 questions match, all of both runs." in shown
    assert "accuracy  1.000  0.500  +0.500" in shown
    assert not (run / "report.json").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "evaluate needs one of: folders of tested runs, --compare RUN_A RUN_B, --adapter FOLDER"),
        (["RUN", "--adapter", "x"], "evaluate needs only one of"),
        (["--models", "tuned", "untuned"], "--models compares within one run or with --compare, got neither"),
        (["none"], "A run's folder must hold items.jsonl, 'none' does not. There is no such folder."),
        (["RUN", "--resamples", "0"], "--resamples must be > 0, got 0"),
        (["RUN", "--confidence", "1"], "--confidence must be in (0, 1), got 1.0"),
        (["RUN", "--seed", "-1"], "--seed must be >= 0, got -1"),
        (["RUN", "--config", "CONFIG"], "--config belongs to --adapter"),
        (["RUN", "--models", "tuned", "majorty"], "Unknown model 'majorty'. Did you mean 'majority'?"),
        (["RUN", "RUN", "--models", "tuned", "majority"], "got 2 runs"),
        (["--compare", "RUN", "OTHER"], "Two runs must share questions to be compared"),
        (["--compare", "RUN", "RUN", "--leaderboard", "x.csv"], "--leaderboard lists single runs"),
        (["RUN", "RUN", "--out", "x"], "several runs are called 'runs_version_0'. Report them one by one."),
        (["RUN", "--out", "CONFIG"], "--out must be a folder that can be made"),
        (["RUN", "--leaderboard", "EMPTY"], "--leaderboard must be a file that can be written"),
        (["RUN", "--resample", "3"], "Unknown argument '--resample'. Did you mean '--resamples'?"),
        (["--adapter", "none"], "An adapter folder must be there, and 'none' does not exist."),
        (["--adapter", "EMPTY"], "An adapter folder must hold geneverse.json"),
        (["--adapter", "EMPTY", "--config", "CONFIG"], "An adapter folder must hold geneverse.json"),
    ],
)
def test_a_mistake_gets_one_line(
    arguments: list[str], message: str, make_run: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run("version_0", answered([1, -1]))
    other = make_run("version_1", answered([1, -1], "memorised"))
    empty = tmp_path / "away" / "far" / "empty"
    empty.mkdir(parents=True)
    places = {"RUN": run, "OTHER": other, "EMPTY": empty, "CONFIG": run / "config.yaml"}
    assert main(["evaluate", *(str(places.get(word, word)) for word in arguments)]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert message in line


def test_damaged_answers_are_named(make_run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run("version_0", answered([1]))
    (run / "items.jsonl").write_text("{}\n")
    assert main(["evaluate", str(run)]) == 2
    assert "items.jsonl: line 1 must hold one answered question a line" in capsys.readouterr().err


def test_a_real_run_gives_the_same_scores_again(
    config_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fit", "--config", str(config_file)]) == 0
    run = tmp_path / "runs" / "version_0"
    facts = json.loads((run / "run.json").read_text())
    assert (facts["steps"], facts["scoring"]) == (6, "text")
    assert facts["tested_steps"] in (3, 6)
    # From the answers alone, without store or knowledge.
    shutil.rmtree(tmp_path / "stores")
    scores = (run / "scores.json").read_bytes()
    assert main(["evaluate", str(run)]) == 0
    again = json.loads((run / "report.json").read_text())["scores"]
    assert again == json.loads(scores)
    assert {"degree_prior", "nearest_neighbour", "lookup"} <= {score["model"] for score in again}
    assert (run / "scores.json").read_bytes() == scores
    assert main(["evaluate", str(run), "--models", "tuned", "degree_prior"]) == 0

    # The adapter folder alone, away from its run.
    best, elsewhere, out = run / "checkpoints" / "best", tmp_path / "elsewhere" / "adapter", tmp_path / "out"
    assert arguments_of_test(best, [], None)[:3] == ["test", "--config", str(run / "config.yaml")]
    shutil.copytree(best, elsewhere)
    capsys.readouterr()
    options = ["--config", str(run / "config.yaml"), "--out", str(out)]
    assert main(["evaluate", "--adapter", str(elsewhere), *options]) == 0
    assert "report.json" in capsys.readouterr().out
    assert (out / "version_0" / "scores.json").read_bytes() == scores
    tested = json.loads((out / "version_0" / "run.json").read_text())
    assert tested["tested_steps"] == facts["tested_steps"]
    assert main(["evaluate", "--compare", str(run), str(out / "version_0"), "--resamples", "20"]) == 0
    assert "all of both runs." in capsys.readouterr().out


@pytest.mark.parametrize("method", ["pissa", "olora", "loftq", "dora", "ia3", "full", "head_only"])
def test_every_kind_of_adapter_folder_gives_the_scores_of_its_run(
    method: str, config_file: Path, tmp_path: Path
) -> None:
    adapter = json.dumps({"method": method, "rank": 4})
    assert main(["fit", "--config", str(config_file), f"--model.init_args.adapter={adapter}"]) == 0
    run = tmp_path / "runs" / "version_0"
    assert main(["evaluate", "--adapter", str(run / "checkpoints" / "best")]) == 0
    scores, again = (
        {(one["task"], one["split"], one["metric"], one["model"]): one["value"] for one in rows}
        for rows in (
            json.loads((tmp_path / "runs" / name / "scores.json").read_text())
            for name in ("version_0", "version_1")
        )
    )
    assert any(model == "tuned" for *_, model in scores)
    assert again == pytest.approx(scores, rel=1e-5, abs=1e-5)


def test_folders_without_a_manifest_are_tested_by_their_checkpoint(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints" / "best"
    folder.mkdir(parents=True)
    (tmp_path / "config.yaml").touch()
    (tmp_path / "checkpoints" / "best.ckpt").touch()
    arguments = arguments_of_test(folder, [], Path("runs"))
    assert arguments == [
        "test",
        "--config",
        str(tmp_path / "config.yaml"),
        f"--ckpt_path={folder}.ckpt",
        "--trainer.default_root_dir=runs",
    ]
