import hashlib
import itertools
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from datamodules import GeneFunctionDataModule
from datamodules.gene_function.files import SourceName
from datamodules.gene_function.geneverse_list import GENEVERSE_TEST_GENES
from datamodules.gene_function.samples import QuestionKind
from geneverse_pl.data.datamodule import HELD_OUT, MEMORISED, TRAIN, VAL
from geneverse_pl.data.records import Sample
from geneverse_pl.exceptions import ConfigError

Make = Callable[..., GeneFunctionDataModule]
KINDS = list(get_args(QuestionKind))
TYPES = ["protein-coding", "pseudo"]

DIGEST = """
import hashlib, sys
from datamodules import GeneFunctionDataModule
data = GeneFunctionDataModule(folder=sys.argv[1], gene_types=["protein-coding", "pseudo"])
samples = {split: list(found) for split, found in data.build_samples().items()}
sys.stdout.write(hashlib.sha256(repr((samples, data.documents())).encode()).hexdigest())
"""


def lists(splits: Mapping[str, Iterable[Sample]]) -> dict[str, list[Sample]]:
    return {name: list(samples) for name, samples in splits.items()}


@pytest.mark.parametrize("seed", [0, 1])
def test_splits_share_no_gene_and_no_family(seed: int, make: Make) -> None:
    splits = lists(make(seed=seed, questions=KINDS, gene_types=TYPES, min_facts=0).build_samples())
    for key in ("subject", "symbol", "group"):
        found = {
            name: {sample.group if key == "group" else sample.metadata[key] for sample in splits[name]}
            for name in (TRAIN, VAL, HELD_OUT)
        }
        assert all(found.values())
        for first, second in itertools.combinations(found.values(), 2):
            assert not first & second
    stems = {name: {str(s.metadata["symbol"])[:3] for s in splits[name]} for name in (TRAIN, HELD_OUT)}
    assert not stems[TRAIN] & stems[HELD_OUT]


def test_every_kind_is_asked_and_every_sample_tells_its_lines(make: Make, tiny_gene_folder: Path) -> None:
    sources = list(get_args(SourceName))
    splits = lists(make(questions=KINDS, gene_types=TYPES, sources=sources).build_samples())
    assert {sample.kind for sample in splits[TRAIN]} == set(KINDS)
    files = {path.name: path.read_text(encoding="utf-8").splitlines() for path in tiny_gene_folder.iterdir()}
    for sample in splits[HELD_OUT]:
        spans: Any = sample.metadata.get("sentences", [{"sources": sample.metadata.get("sources")}])
        for span in spans:
            assert span["sources"]
            for place in span["sources"]:
                file, _, line = place.rpartition(":")
                cells = files[file][int(line) - 1].split("\t")
                assert file == "phenotype.hpoa" or sample.metadata["subject"] in (*cells[:2], cells[0][9:])


def test_a_description_is_one_paragraph_with_its_truth(make: Make) -> None:
    splits = lists(make(questions=["text/gene_function"]).build_samples())
    assert len({sample.metadata["template"] for sample in splits[TRAIN]}) == 4
    for sample in splits[TRAIN]:
        truth: Any = sample.metadata["truth"]
        assert sample.question.startswith(
            f"Summarise the major function of the human gene {truth['symbol']} in"
        )
        assert not sample.context
        assert len(sample.answer) <= 250
        assert "\n" not in sample.answer
        assert truth["symbol"] in sample.answer
        assert truth["name"] in sample.answer
        spans: Any = sample.metadata["sentences"]
        assert spans[0]["start"] == 0
        assert spans[-1]["end"] == len(sample.answer)


def test_yes_and_no_are_even_in_every_split(make: Make) -> None:
    questions = ["relation/gene_go_function", "relation/gene_type"]
    splits = lists(make(questions=questions, gene_types=TYPES, max_val=8, max_held_out=15).build_samples())
    for name in (TRAIN, VAL, HELD_OUT):
        assert splits[name]
        for key in ("subject", "object"):
            counts = Counter((s.kind, s.metadata[key], s.answer) for s in splits[name])
            assert all(counts[kind, value, "Yes"] == counts[kind, value, "No"] for kind, value, _ in counts)


def test_caps_count_genes(make: Make) -> None:
    data = make(max_val=3, max_held_out=5, max_memorised=4, questions=["text/gene_function"])
    splits = lists(data.build_samples())
    assert [len(splits[name]) for name in (VAL, HELD_OUT, MEMORISED)] == [3, 5, 4]
    assert all(sample in splits[TRAIN] for sample in splits[MEMORISED])
    assert lists(make(max_memorised=0).build_samples())[MEMORISED] == []
    assert len(lists(make(max_genes=40, questions=["text/gene_function"]).build_samples())[TRAIN]) < 40


def test_a_test_split_asks_gene_by_gene_in_random_order(make: Make) -> None:
    samples = lists(make().build_samples())[HELD_OUT]
    subjects = [str(sample.metadata["subject"]) for sample in samples]
    assert sum(a != b for a, b in itertools.pairwise(subjects)) == len(set(subjects)) - 1
    assert list(dict.fromkeys(subjects)) != sorted(set(subjects), key=int)


def test_genes_that_little_is_known_of_are_left_out(make: Make) -> None:
    few, many = (
        {str(s.metadata["subject"]) for found in make(min_facts=n).build_samples().values() for s in found}
        for n in (0, 8)
    )
    assert many < few
    with pytest.raises(
        ConfigError, match=r"none of type tRNA has 1 statements in gene_info, gene2go, gene_sum"
    ):
        make(gene_types=["tRNA"]).build_samples()


def test_the_test_genes_of_geneverse_come_first_and_are_never_trained_on(make: Make) -> None:
    data = make(
        geneverse_test_genes=True, questions=["text/gene_function"], max_held_out=20, max_memorised=None
    )
    splits = lists(data.build_samples())
    assert tuple(s.metadata["symbol"] for s in splits[HELD_OUT]) == GENEVERSE_TEST_GENES
    assert all(s.metadata["is_geneverse_test"] for s in splits[HELD_OUT])
    for name in (TRAIN, VAL, MEMORISED):
        assert not {s.metadata["symbol"] for s in splits[name]} & set(GENEVERSE_TEST_GENES)
        assert not any(s.metadata["is_geneverse_test"] for s in splits[name])


def test_test_genes_that_are_not_there_are_named(
    make: Make, tiny_gene_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tiny_gene_folder / "Homo_sapiens.gene_info.gz"
    path.write_text(path.read_text(encoding="utf-8").replace("MIR608", "MIR609"), encoding="utf-8")
    splits = lists(make(geneverse_test_genes=True).build_samples())
    assert "no gene with the symbols MIR608;" in caplog.text
    assert sum(bool(s.metadata.get("is_geneverse_test")) for s in splits[HELD_OUT]) == 19


def test_names_are_shown_on_request(make: Make) -> None:
    splits = make(show_name=True, wording="brief").build_samples()
    texts = [sample.question + sample.context for samples in splits.values() for sample in samples]
    assert "Describe the gene BLS1, blsin protein 1." in texts
    assert any(text.endswith("?Gene: BLS1, blsin protein 1") for text in texts)


def test_the_same_samples_are_made_in_every_process(tiny_gene_folder: Path) -> None:
    found = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        run = subprocess.run(
            [sys.executable, "-c", DIGEST, str(tiny_gene_folder)],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
            cwd=Path(__file__).parents[3],
        )
        found.add(run.stdout)
    assert len(found) == 1
    assert len(found.pop()) == hashlib.sha256().digest_size * 2
