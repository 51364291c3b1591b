"""The forms of GeneTuring's files, and what is wrong with a file said with its line."""

import gzip
import json
import logging
from pathlib import Path

import pytest

from datamodules.benchmarks.geneturing_files import read_geneturing
from datamodules.benchmarks.geneturing_modules import MODULES, module_key
from datamodules.sources.tables import MissingFileError
from geneverse_pl.exceptions import DataFormatError
from tests.datamodules.benchmarks.toy_geneturing import NUM_KEPT, ROWS, write_geneturing

FORMS = ("genegpt", "csv", "tsv", "json", "jsonl")


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_every_question_once(
    form: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        read = read_geneturing([write_geneturing(tmp_path, form)])
    expected = {(question, answer or "NA") for _, question, answer in ROWS[:-1]}
    assert len(read) == NUM_KEPT
    assert {(one.question, one.answer) for one in read} == expected
    assert {one.module for one in read} <= MODULES.keys()
    assert "'Gene ontology' has no answer" in caplog.text


def test_places_are_the_lines_of_the_questions(tmp_path: Path) -> None:
    path = write_geneturing(tmp_path, "genegpt")
    lines = path.read_text().splitlines()
    for one in read_geneturing([path]):
        assert one.place.line is not None
        assert json.dumps(one.question) in lines[one.place.line - 1]


def test_packed_files_and_several_of_them(tmp_path: Path) -> None:
    nested, table = (write_geneturing(tmp_path, form) for form in ("genegpt", "csv"))
    packed = tmp_path / "again.json.gz"
    packed.write_bytes(gzip.compress(nested.read_bytes()))
    assert len(read_geneturing([packed, table])) == NUM_KEPT


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Protein–coding genes", "protein_coding_genes"),
        ("Human genome DNA aligment", "human_genome_dna_alignment"),
        ("Multi–species DNA alignment programming", "multi_species_dna_alignment_programming"),
        ("Gene–SNP association", "gene_snp_association"),
        ("TF REGULATION ", "tf_regulation"),
    ],
)
def test_spellings_of_module_names(name: str, key: str) -> None:
    assert module_key(name) == key
    assert key in MODULES


def test_titles_give_their_keys() -> None:
    assert all(module_key(module.title) == key for key, module in MODULES.items())


def test_tasks_without_a_rule_are_left_out_and_lists_are_joined(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hop = {
        "sequence gene alias": {"What are the aliases of the gene with ACGT?": ["TP53", "P53"]},
        "Disease gene location": {"List chromosome locations of genes of X": ["1p36", "2q11"]},
    }
    (tmp_path / "hop.json").write_text(json.dumps(hop))
    with caplog.at_level(logging.WARNING):
        [one] = read_geneturing([tmp_path / "hop.json"])
    assert (one.module, one.answer) == ("disease_gene_location", "1p36, 2q11")
    assert "no rule grades the task 'sequence gene alias'" in caplog.text


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "Module,Question\nGene alias,What?\n", r"line 2 must have the columns Module, "),
        ("a.csv", "Module,Question,Goldstandard\nGene colour,What?,red\n", r"line 2 has the unknown module"),
        ("a.csv", "Module,Question,Goldstandard\nGene alias,,TP53\n", r"line 2 must have a text as question"),
        (
            "a.csv",
            "Module,Question,Goldstandard\nGene alias,What?,TP53\nGene alias,What?,TP63\n",
            r"line 3 answers 'What\?' with 'TP63', and a.csv line 2 with 'TP53'",
        ),
        ("a.json", '{"Gene alias": {\n"What?": 7}}', r"line 2 must have a text or a list .* got the num"),
        ("a.json", '{"Gene alias": {"What?": "A",\n "What?": "B"}}', r"must name each question once, but"),
        ("a.json", '{"Gene alias": {"What?": "A"', r"line 1 is no valid JSON"),
        ("a.json", '{"Gene alias": {"What?": ' + 5000 * "9" + "}}", r"is no valid JSON \(Exceeds the limit"),
        ("a.json", 100_000 * '{"a":', r"is no valid JSON \(nested too deeply\)"),
        ("a.json", '{"Gene colour": {\n"What?": "A"}}', r"line 2 has the unknown module 'Gene colour'"),
        ("a.jsonl", '{"Module": 3, "Question": "What?", "Goldstandard": "A"}', r"line 1 must have a text as"),
    ],
)  # fmt: skip
def test_faults_are_told_with_file_and_line(name: str, text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DataFormatError, match=message):
        read_geneturing([tmp_path / name])


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"none.json: no such file. Check data.init_args.files"):
        read_geneturing([tmp_path / "none.json"])
