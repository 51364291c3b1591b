import hashlib
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import pytest

from datamodules.corpus import Corpus
from datamodules.corpus.identifiers import RELATION_KINDS
from datamodules.gene_corpus import pairs
from datamodules.gene_corpus.kinds import QuestionKind
from datamodules.gene_corpus.records import RecordKind
from datamodules.gene_corpus.templates import CONTEXTS, INSTRUCTIONS, NUM_WORDINGS, WORDINGS
from geneverse_pl.commands.preview import preview_samples
from geneverse_pl.data.datamodule import HELD_OUT, MEMORISED, TRAIN, VAL
from geneverse_pl.data.records import Sample
from geneverse_pl.evaluation.text_report import TrainingKnowledge
from geneverse_pl.exceptions import ConfigError
from tests.datamodules.gene_corpus.conftest import Make, Splits, gene_id, lists
from tests.datamodules.stored_answers import scores_of_stored_answers

DIGEST = """
import hashlib, sys
from pathlib import Path
from datamodules import GeneCorpusDataModule
data = GeneCorpusDataModule(corpus=Path(sys.argv[1]), cache_dir=Path(sys.argv[2]), bundled_hpo=False,
                            allow_shared_families=True, held_out_fraction=0.3)
samples = {split: list(found) for split, found in data.build_samples().items()}
sys.stdout.write(hashlib.sha256(repr((samples, data.documents())).encode()).hexdigest())
"""


def split_ids(samples: list[Sample]) -> set[str]:
    """Genes, proteins and diseases that samples are about or ask for."""
    found: set[str] = set()
    for sample in samples:
        said = sample.metadata["evidence"]
        assert isinstance(said, dict)
        ids = {str(sample.metadata["subject"]), *said, str(sample.metadata.get("object", ""))}
        found |= {part for one in ids for part in one.replace(">", "|").split("|")}
    return {one for one in found if not one.startswith(("HP:", "GO:")) and one}


# --- what is asked ---


def test_every_kind_is_asked_in_every_wording(asked: Splits, recorded: Splits) -> None:
    assert {sample.kind for sample in asked[TRAIN]} == set(get_args(QuestionKind))
    assert {s.kind for s in recorded[TRAIN]} == {f"list/{kind}_record" for kind in get_args(RecordKind)}
    for splits in (asked, recorded):
        assert {s.metadata["template"] for s in splits[TRAIN]} == set(range(NUM_WORDINGS))
        assert {s.metadata["template"] for name in (VAL, HELD_OUT) for s in splits[name]} == {0}
    assert {s.question for s in recorded[HELD_OUT]} == {INSTRUCTIONS[0]}


def test_wordings_are_distinct_and_complete() -> None:
    for context in CONTEXTS.values():
        assert len(set(context)) == NUM_WORDINGS
        assert all("{subject}" in wording for wording in context)
    for wordings in WORDINGS.values():
        assert all("{object}" in wording for wording in wordings.relation)
        assert len({*wordings.relation, *wordings.listing, *wordings.fact}) == 3 * NUM_WORDINGS


def test_yes_as_often_as_no_about_every_object(asked: Splits) -> None:
    for split in (TRAIN, HELD_OUT):
        closed = [s for s in asked[split] if s.choices]
        for end in ("object", "subject"):
            answers = Counter((s.kind, s.metadata[end], s.answer) for s in closed)
            assert all(answers[kind, one, "Yes"] == answers[kind, one, "No"] for kind, one, _ in answers)
    assert len([s for s in asked[HELD_OUT] if s.choices]) > 50


def test_answers_are_those_of_the_corpus(asked: Splits, corpus_path: Path) -> None:
    with Corpus(corpus_path) as corpus:
        first: dict[str, str] = {}  # diseases of one name are one
        names = {one.id: first.setdefault(str(one.name), one.id) for one in corpus.entities("disease")}
        true, denied = (
            {
                (names.get(relation.subject, relation.subject), names.get(relation.object, relation.object))
                for kind in RELATION_KINDS
                for relation in corpus.relations(kind, negated=negated)
            }
            for negated in (False, True)
        )
    hard = 0
    for sample in (s for s in asked[TRAIN] if s.choices and not s.kind.startswith("relation/gene_protein_")):
        pair = (sample.metadata["subject"], sample.metadata["object"])
        assert (sample.answer == "Yes") == sample.metadata["label"] == (pair in true)
        if sample.metadata["label"]:
            assert pair not in denied
        hard += pair in denied
        assert (sample.metadata["stated"] == "denied") == (pair in denied)
    assert hard > 3


def test_triples_say_what_is_said_of_the_gene(asked: Splits, corpus_path: Path) -> None:
    with Corpus(corpus_path) as corpus:
        protein = {r.subject: r.object for r in corpus.relations("gene_encodes_protein")}
        first: dict[str, str] = {}
        names = {one.id: first.setdefault(str(one.name), one.id) for one in corpus.entities("disease")}
        linked = {(r.subject, names[r.object]) for r in corpus.relations("gene_disease")}
        diseases = linked | {
            (gene, names[r.object])
            for gene, one in protein.items()
            for r in corpus.relations("protein_disease")
            if r.subject == one
        }
    triples = [s for s in asked[TRAIN] if s.kind == "relation/gene_protein_disease"]
    assert {s.answer for s in triples} == {"Yes", "No"}
    for sample in triples:
        gene, _, encoded = str(sample.metadata["subject"]).partition("|")
        assert protein[gene] == encoded
        assert ((gene, sample.metadata["object"]) in diseases) == sample.metadata["label"]
        if sample.metadata["label"]:
            assert sample.metadata["sources"] == ["hpo_genes_to_phenotype", "uniprot_human_reviewed"]


def test_a_fact_is_the_only_one(asked: Splits) -> None:
    facts = {s.metadata["subject"]: s for s in asked[TRAIN] if s.kind == "fact/gene_encodes_protein"}
    assert len(facts) > 10
    for one, sample in facts.items():
        number = next(n for n in range(50) if f"NCBIGene:{gene_id(n)}" == one)
        assert sample.answer == f"Protein {chr(65 + number % 26)}{number} kinase"


# --- where it comes from ---


@pytest.mark.parametrize("stage", ["relations", "records"])
def test_evidence_leads_to_the_lines(stage: str, make: Make, corpus_path: Path) -> None:
    found = [*corpus_path.parent.iterdir(), *(corpus_path.parent / "hpo").iterdir()]
    files = [path for path in found if path.is_file() and path.suffix != ".duckdb"]
    lines = {path.name: path.read_text().splitlines() for path in files}
    checked = 0
    for sample in lists(make(stage=stage, max_samples=40))[TRAIN]:
        said = sample.metadata["evidence"]
        assert isinstance(said, dict)
        keys = {line.partition(" ")[0] for found in said.values() for line in found}
        assert sample.metadata["sources"] == sorted(keys)
        for item, found in said.items():
            for line in found:
                _, _, place = line.partition(" ")
                name, _, number = place.rpartition(":")
                text = lines[name][int(number) - 1]
                subject = str(sample.metadata["subject"]).partition(">")[0].partition("|")[0]
                ends = [one.partition(":")[2] for one in (subject, item)]
                assert any(end in text for end in ends), (line, text)
                checked += 1
    assert checked > 100


def test_preview_shows_it(make: Make) -> None:
    data = make(questions=["fact/disease_gene"])
    data.prepare_data()
    data.setup("fit")
    shown = preview_samples(data, TRAIN, 1, colour=False)
    assert "hpo_genes_to_phenotype genes_to_phenotype.txt:" in shown
    assert "subject: OMIM:" in shown or "subject: ORPHA:" in shown


# --- splits ---


@pytest.mark.parametrize("stage", ["relations", "records"])
@pytest.mark.parametrize("seed", [0, 1])
def test_splits_share_no_entity(stage: str, seed: int, make: Make) -> None:
    splits = lists(make(stage=stage, seed=seed))
    ids = {name: split_ids(splits[name]) for name in (TRAIN, VAL, HELD_OUT)}
    assert all(ids.values())
    for one, other in ((TRAIN, VAL), (TRAIN, HELD_OUT), (VAL, HELD_OUT)):
        assert not ids[one] & ids[other]
        assert not {s.group for s in splits[one]} & {s.group for s in splits[other]}


def test_both_stages_hold_out_the_same(asked: Splits, recorded: Splits) -> None:
    assert not split_ids(asked[HELD_OUT]) & split_ids(recorded[TRAIN])
    assert not split_ids(recorded[HELD_OUT]) & split_ids(asked[TRAIN])


def test_memorised_samples_are_training_samples(asked: Splits, recorded: Splits) -> None:
    for splits in (asked, recorded):
        assert splits[MEMORISED]
        assert all(sample in splits[TRAIN] for sample in splits[MEMORISED])


def test_caps(make: Make) -> None:
    caps = {TRAIN: 12, VAL: 2, HELD_OUT: 5, MEMORISED: 3}
    options = {"max_samples": 12, "max_val": 2, "max_held_out": 5, "max_memorised": 3}
    splits = lists(make(**options))
    for name, most in caps.items():
        counts = Counter(s.kind for s in splits[name])
        assert max(counts.values(), default=0) == most
    assert all(sample in splits[TRAIN] for sample in splits[MEMORISED])
    assert lists(make(max_memorised=0))[MEMORISED] == []


def test_few_questions_are_about_many_subjects(asked: Splits, make: Make) -> None:
    def most_about_one(samples: list[Sample]) -> int:
        yes_no = [s for s in samples if s.kind == "relation/gene_go"]
        return max(Counter(str(s.metadata["subject"]) for s in yes_no).values())

    capped = lists(make(max_held_out=6))
    assert most_about_one(capped[HELD_OUT]) == 2
    assert most_about_one(asked[HELD_OUT]) > 2
    assert lists(make(max_held_out=10_000))[HELD_OUT] == asked[HELD_OUT]
    assert capped[TRAIN] == asked[TRAIN]


# --- determinism ---


def test_samples_follow_the_seed_and_are_streams(make: Make) -> None:
    data = make()
    streams = data.build_samples()
    assert not any(isinstance(stream, list) for stream in streams.values())
    first = list(streams[TRAIN])
    assert first == list(streams[TRAIN]) == list(make().build_samples()[TRAIN])
    assert first != list(make(seed=1).build_samples()[TRAIN])


def test_samples_do_not_depend_on_how_much_is_read_at_once(
    asked: Splits, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pairs, "_ROWS_OF_A_PASS", 5)
    assert lists(make()) == asked


def test_samples_do_not_depend_on_the_hash_seed(corpus_path: Path, tmp_path: Path) -> None:
    found = [
        subprocess.run(
            [sys.executable, "-c", DIGEST, str(corpus_path), str(tmp_path)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert found[0] == found[1]
    assert len(found[0]) == hashlib.sha256().digest_size * 2


# --- controls ---


@pytest.mark.parametrize("stage", ["relations", "records"])
def test_every_control_answers_every_kind(stage: str, make: Make) -> None:
    data = make(stage=stage)
    splits = lists(data)
    knowledge = TrainingKnowledge.from_document(data.documents()["training_knowledge"])
    assert {s.kind.partition("/")[2] for s in splits[TRAIN]} == set(knowledge.tables)
    found = scores_of_stored_answers(splits, knowledge)
    for (task, split, metric, model), value in found.items():
        if split == MEMORISED and model == "lookup" and task.startswith(("relation", "fact")):
            assert value == pytest.approx(1.0), (task, metric)
        if split == HELD_OUT and model == "majority" and metric == "auroc":
            assert value == 0.5, task
    models = {model for _, _, _, model in found}
    assert models == {"tuned", "majority", "degree_prior", "nearest_neighbour", "lookup"}


# --- the store ---


OPTIONS: dict[str, Any] = {
    "max_list_items": 2,
    "max_answer_characters": 20,
    "positives_per_subject": 2,
    "val_fraction": 0.2,
    "held_out_fraction": 0.2,
    "max_samples": 20,
    "max_val": 2,
    "max_held_out": 2,
    "max_memorised": 2,
    "allow_shared_families": False,
    "allow_shared_entities": True,
    "seed": 1,
}


@pytest.mark.parametrize("stage", ["relations", "records"])
def test_the_store_is_named_by_the_options_that_matter(stage: str, make: Make) -> None:
    of_stage: dict[str, dict[str, Any]] = {
        "relations": {"questions": ["list/gene_disease"]},
        "records": {
            "mask_fraction": 0.5,
            "masks_per_record": 2,
            "max_text_characters": 90,
            "records": ["gene"],
        },
    }
    other = next(name for name in of_stage if name != stage)
    usual = make(stage=stage).store_path
    changed = [
        make(stage=stage, **{name: value}).store_path
        for name, value in {**OPTIONS, **of_stage[stage]}.items()
    ]
    assert len({usual, make(stage=other).store_path, *changed}) == len(changed) + 2
    same = [make(stage=stage, **{name: value}).store_path for name, value in of_stage[other].items()]
    same.append(make(stage=stage, memory_gb=1).store_path)
    assert set(same) == {usual}


# --- mistakes ---


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stage": "record"}, r"Unknown stage 'record'\. Did you mean 'records'\?"),
        ({"questions": ["list/gene_gow"]}, r"Unknown question kind 'list/gene_gow'"),
        ({"records": ["genes"]}, r"Unknown record kind 'genes'"),
        ({"questions": []}, r"questions must name at least one, got none"),
        ({"max_list_items": 0}, r"max_list_items must be >= 1, got 0"),
        ({"max_memorised": -1}, r"max_memorised must be >= 0, got -1"),
        ({"max_text_characters": -1}, r"max_text_characters must be >= 0, got -1"),
        ({"mask_fraction": 1.0}, r"mask_fraction must be in \(0, 1\), got 1\.0"),
        ({"val_fraction": 0.6, "held_out_fraction": 0.4}, r"must be < 1"),
        ({"memory_gb": 0}, r"memory_gb must be > 0, got 0"),
        ({"sources": Path()}, r"either corpus or sources, got both"),
        ({"corpus": None, "bundled_hpo": False}, r"give corpus or sources"),
    ],
)
def test_a_mistake_is_told_at_once(options: dict[str, Any], message: str, make: Make) -> None:
    with pytest.raises(ConfigError, match=message):
        make(**options)


def test_a_kind_without_data_is_refused_if_named(make: Make, tiny_hpo_folder: Path) -> None:
    data = make(corpus=None, sources=tiny_hpo_folder, questions=["list/gene_go"])
    with pytest.raises(ConfigError, match=r"has none for list/gene_go\. Add a source"):
        data.build_samples()


def test_draws_of_a_subject_do_not_depend_on_others(asked: Splits, make: Make) -> None:
    """Wordings and lists stay when other kinds are left out."""
    kept = lists(make(questions=["list/gene_go", "fact/disease_gene"]))[TRAIN]
    before = [s for s in asked[TRAIN] if s.kind in ("list/gene_go", "fact/disease_gene")]
    assert sorted(map(repr, kept)) == sorted(map(repr, before))
