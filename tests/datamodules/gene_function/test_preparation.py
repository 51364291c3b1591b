"""What becomes of the samples: stores and scores; and what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from datamodules import GeneFunctionDataModule
from datamodules.gene_function.files import GeneFiles
from datamodules.gene_function.samples import QuestionKind
from geneverse_pl.data.datamodule import HELD_OUT, MEMORISED
from geneverse_pl.evaluation.text_report import TrainingKnowledge
from geneverse_pl.exceptions import ConfigError
from tests.datamodules.stored_answers import scores_of_stored_answers

Make = Callable[..., GeneFunctionDataModule]
TYPES = ["protein-coding", "pseudo"]


def test_controls_score_the_closed_questions(make: Make) -> None:
    data = make(questions=list(get_args(QuestionKind)), gene_types=TYPES, max_memorised=None)
    splits = {name: list(samples) for name, samples in data.build_samples().items()}
    knowledge = TrainingKnowledge.from_document(data.documents()["training_knowledge"])
    found = scores_of_stored_answers(splits, knowledge)
    for kind in ("relation/gene_go_function", "relation/gene_type"):
        assert found[kind, HELD_OUT, "auroc", "degree_prior"] == pytest.approx(0.5)
        assert found[kind, MEMORISED, "accuracy", "lookup"] == 1.0
    assert {model for kind, _, _, model in found if kind != "text/gene_function"} == {
        *("tuned", "majority", "degree_prior", "nearest_neighbour", "lookup")
    }


# --- the store ---


def test_it_is_prepared_once_and_read_back(make: Make) -> None:
    data = make()
    data.prepare_data()
    data.setup("fit")
    assert data.test_splits == [HELD_OUT, MEMORISED]
    sample = next(one for one in data.iter_samples(HELD_OUT) if one.metadata["kind"] == "text/gene_function")
    text = data.tokenizer.decode(sample.input_ids.tolist())
    assert text.endswith(f" {sample.metadata['answer']}<|im_end|>")
    again = make()
    again.prepare_data()
    assert again.store_path == data.store_path
    assert not hasattr(again, "_genes")


OPTIONS: dict[str, Any] = {
    "sources": ["gene2go"],
    "questions": ["text/gene_function"],
    "gene_types": TYPES,
    "min_facts": 2,
    "max_genes": 50,
    "wording": "brief",
    "show_name": True,
    "max_answer_characters": 200,
    "max_answer_items": 2,
    "max_answer_findings": 1,
    "positives_per_gene": 1,
    "geneverse_test_genes": True,
    "val_fraction": 0.2,
    "held_out_fraction": 0.15,
    "max_val": 2,
    "max_held_out": 2,
    "max_memorised": 2,
    "allow_shared_families": True,
    "seed": 1,
}


def test_the_store_is_named_by_options_and_files(make: Make, tiny_gene_folder: Path, tmp_path: Path) -> None:
    usual = make().store_path
    changed = [make(**{name: value}).store_path for name, value in OPTIONS.items()]
    assert len({usual, *changed}) == len(changed) + 1
    copy = tmp_path / "copy"
    copy.mkdir()
    other = copy / "gene2go.gz"
    other.write_bytes((tiny_gene_folder / "gene2go.gz").read_bytes())
    assert make(files=GeneFiles(gene2go=other)).store_path == usual
    with other.open("a") as file:
        file.write("\n")
    assert make(files=GeneFiles(gene2go=other)).store_path != usual


# --- mistakes ---


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sources": ["go"]}, r"Unknown source 'go'\."),
        ({"wording": "short"}, r"Unknown wording 'short'\. Choose one of: brief, full"),
        (
            {"questions": ["text/gene"]},
            r"Unknown question kind 'text/gene'\. Did you mean 'text/gene_function'\?",
        ),
        ({"questions": []}, r"questions must name at least one, got none\."),
        ({"gene_types": ["coding"]}, r"Unknown gene type 'coding'\. Did you mean 'protein-coding'\?"),
        ({"gene_types": []}, r"gene_types must name at least one, got none\."),
        ({"sources": []}, r"Questions about GO functions need annotations, and sources has no gene2go\."),
        (
            {"questions": ["fact/gene_type"], "gene_types": ["ncRNA", "snoRNA", "other"]},
            r"two types that exclude each other, and gene_types has ncRNA, snoRNA, other\.",
        ),
        ({"min_facts": -1}, r"min_facts must be >= 0, got -1\."),
        ({"max_genes": 0}, r"max_genes must be >= 1, got 0\."),
        ({"max_answer_characters": 99}, r"max_answer_characters must be >= 100, got 99\."),
        ({"max_answer_items": 0}, r"max_answer_items must be >= 1, got 0\."),
        ({"max_answer_findings": -1}, r"max_answer_findings must be >= 0, got -1\."),
        ({"positives_per_gene": 0}, r"positives_per_gene must be >= 1, got 0\."),
        ({"max_val": 0}, r"max_val must be >= 1, got 0\."),
        ({"max_held_out": 0}, r"max_held_out must be >= 1, got 0\."),
        ({"max_memorised": -1}, r"max_memorised must be >= 0, got -1\."),
        ({"val_fraction": 0.0}, r"val_fraction must be in \(0, 1\), got 0\.0\."),
        ({"held_out_fraction": 1.5}, r"held_out_fraction must be in \(0, 1\), got 1\.5\."),
        ({"val_fraction": 0.6, "held_out_fraction": 0.4}, r"val_fraction \+ held_out_fraction must be < 1"),
    ],
)
def test_options_out_of_range_are_refused_at_once(options: dict[str, Any], message: str, make: Make) -> None:
    with pytest.raises(ConfigError, match=message):
        make(**options)


def test_files_that_are_missing_are_named_with_what_fetches_them(make: Make, tiny_gene_folder: Path) -> None:
    (tiny_gene_folder / "gene2go.gz").unlink()
    with pytest.raises(
        FileNotFoundError, match=r"lacks \S+gene2go\.gz\. Put .*`geneverse_pl prepare --download"
    ):
        make().prepare_data()
    assert {file.path.name for file in make().download_files()} == {
        "Homo_sapiens.gene_info.gz",
        "gene2go.gz",
        "gene_summary.gz",
    }
