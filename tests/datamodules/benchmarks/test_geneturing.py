"""The data module, from a file of questions to graded scores of a tiny model."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from datamodules.benchmarks import GeneTuringDataModule
from datamodules.benchmarks.__main__ import main as benchmarks
from datamodules.sources.tables import MissingFileError
from geneverse_pl.cli import main, run
from geneverse_pl.data.datamodule import HELD_OUT
from geneverse_pl.exceptions import ConfigError
from tests.datamodules.benchmarks.toy_geneturing import NUM_KEPT, write_geneturing

CONFIG = Path(__file__).parents[3] / "configs" / "benchmarks" / "geneturing.yaml"


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """The toy questions in GeneGPT's form."""
    return write_geneturing(tmp_path, "genegpt")


def arguments(model: Path, questions: Path, folder: Path) -> list[str]:
    """Arguments that put stand-ins in the place of model and questions."""
    return [
        *("--config", str(CONFIG)),
        *("--model.init_args.model", str(model)),
        *("--model.init_args.evaluation.max_new_tokens", "3"),
        *("--model.init_args.evaluation.num_resamples", "20"),
        *("--data.init_args.files", str(questions)),
        *("--data.init_args.cache_dir", str(folder / "stores")),
        *("--data.init_args.encoding.max_length", "256"),
        *("--trainer.default_root_dir", str(folder / "run")),
        *("--trainer.accelerator", "cpu"),
        *("--trainer.enable_progress_bar", "false"),
    ]


def test_the_config_tests_a_tiny_model_beside_its_controls(
    tiny_model_dir: Path, questions: Path, tmp_path: Path
) -> None:
    assert main(["test", *arguments(tiny_model_dir, questions, tmp_path)]) == 0
    [path] = tmp_path.glob("run/version_0/scores.json")
    scores = json.loads(path.read_text())
    kinds = {score["task"] for score in scores}
    assert {"graded/gene_alias", "graded/protein_coding_genes", "graded/mean"} <= kinds
    cell = {(s["task"], s["metric"], s["model"]): s["value"] for s in scores}
    assert cell["graded/gene_alias", "score", "reference"] == 1.0
    for model in ("tuned", "untuned", "constant", "shuffled", "reference"):
        # Some modules have one question, to which there is neither a constant nor a shuffled answer.
        assert (("graded/mean", "score", model) in cell) == (model not in ("constant", "shuffled"))
        assert ("graded/gene_location", "no_answer", model) in cell
    assert ("graded/gene_alias", "loss", "tuned") in cell
    # The adapter is new, so that both models are one.
    assert cell["graded/mean", "score", "tuned"] == cell["graded/mean", "score", "untuned"]


def test_training_is_refused(tiny_model_dir: Path, questions: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must be used with test or predict, not to train"):
        run(["fit", *arguments(tiny_model_dir, questions, tmp_path)])
    assert not list((tmp_path / "stores").glob("*"))
    with pytest.raises(ConfigError, match="not to train"):
        GeneTuringDataModule(questions).setup("validate")


def test_a_run_s_own_configuration_can_be_given_these_questions(
    questions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_config = CONFIG.parents[1] / "quickstart.yaml"
    given = ["--data", "datamodules.GeneTuringDataModule", "--data.files", str(questions)]
    template = ["--data.encoding.template", "plain"]
    with pytest.raises(SystemExit):
        main(["test", "--config", str(run_config), *given, *template, "--print_config"])
    merged = yaml.safe_load(capsys.readouterr().out)
    wanted = yaml.safe_load(run_config.read_text())
    assert merged["data"]["class_path"] == "datamodules.GeneTuringDataModule"
    assert merged["data"]["init_args"]["encoding"]["template"] == "plain"
    assert merged["model"]["init_args"]["model"] == wanted["model"]["init_args"]["model"]
    assert "questions" not in merged["data"]["init_args"]


def data(questions: Path, **options: Any) -> GeneTuringDataModule:
    return GeneTuringDataModule(questions, **options)


def test_questions_are_held_out_as_published(questions: Path) -> None:
    splits = {name: list(samples) for name, samples in data(questions).build_samples().items()}
    assert {name: len(samples) for name, samples in splits.items() if samples} == {HELD_OUT: NUM_KEPT}
    by_question = {sample.question: sample for sample in splits[HELD_OUT]}
    coding = by_question["Is TP53 a protein-coding gene?"]
    assert (coding.answer, coding.kind, coding.metadata["goldstandard"]) == (
        "Yes",
        "graded/protein_coding_genes",
        "TRUE",
    )
    assert by_question["Is XIST a protein-coding gene?"].answer == "No"
    assert coding.metadata["file"] == "geneturing.json"


def test_modules_and_their_number_can_be_chosen(questions: Path) -> None:
    chosen = data(questions, modules=["Gene location", "gene_alias"], max_questions=1)
    kinds = [sample.kind for sample in chosen.build_samples()[HELD_OUT]]
    assert kinds == ["graded/gene_location", "graded/gene_alias"]
    assert chosen.options() != data(questions).options()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"files": []}, "files must name at least one file"),
        ({"max_questions": 0}, "max_questions must be > 0, got 0"),
        ({"modules": ["Gene aliass"]}, "Unknown module 'Gene aliass'. Did you mean 'Gene alias'"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], message: str, questions: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        GeneTuringDataModule(**{"files": questions, **options})


def test_files_without_the_modules_wanted_are_refused(questions: Path, tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match="must have questions of the modules disease_gene_location, and have"
    ):
        data(questions, modules=["Disease gene location"]).build_samples()
    with pytest.raises(MissingFileError, match="no such file"):
        data(tmp_path / "none.json").source_files()


def test_a_file_of_answers_is_graded(
    questions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The folder is made where it is missing.
    asked, answers, scores = (tmp_path / "new" / name for name in ("q.jsonl", "a.jsonl", "scores.json"))
    assert benchmarks(["questions", "--files", str(questions), "--out", str(asked)]) == 0
    rows = [json.loads(line) for line in asked.read_text().splitlines()]
    assert len(rows) == NUM_KEPT
    lines = [json.dumps({**row, "answer": "chr17", "index": n}) for n, row in enumerate(rows)]
    answers.write_text("\n".join(lines))
    assert (
        benchmarks(["grade", "--answers", str(answers), "--out", str(scores), "--num_resamples", "20"]) == 0
    )
    cell = {(s["task"], s["metric"], s["model"]): s["value"] for s in json.loads(scores.read_text())}
    assert cell["graded/gene_location", "score", "tuned"] == 0.5
    assert cell["graded/gene_alias", "score", "tuned"] == 0.0
    assert "graded/gene_location, held_out" in capsys.readouterr().out


def test_answers_of_another_form_are_told_with_their_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.jsonl").write_text('{"question": "What?", "answer": "TP53"}')
    code = benchmarks(["grade", "--answers", str(tmp_path / "a.jsonl"), "--out", str(tmp_path / "s.json")])
    assert code == 2
    assert "line 1 must have a text as 'module'" in capsys.readouterr().err


def test_a_module_is_asked_about_once_and_must_be_there(questions: Path) -> None:
    twice = data(questions, modules=["Gene location", "gene_location"]).build_samples()[HELD_OUT]
    assert twice == data(questions, modules=["Gene location"]).build_samples()[HELD_OUT]
    with pytest.raises(ConfigError, match="must have questions of the modules gene_location, disease_gene"):
        data(questions, modules=["Gene location", "Disease gene location"]).build_samples()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--out", "a.jsonl/s.json"], "--out must be a file that can be written, got 'a.jsonl/s.json'"),
        (["--out", "a.jsonl"], "--out must be another file than those that are read, got 'a.jsonl'"),
        (["--out", "s.json", "--num_resamples", "0"], "--num_resamples must be > 0, got 0"),
        (["--out", "s.json", "--model", "constant"], "--model must be a name other than constant, shuffled"),
    ],
)
def test_mistakes_in_grading_get_one_line(
    options: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    row = {"module": "gene_alias", "question": "q", "goldstandard": "PSMB10", "answer": "PSMB10"}
    (tmp_path / "a.jsonl").write_text(json.dumps(row))
    assert benchmarks(["grade", "--answers", "a.jsonl", *options]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert message in line
