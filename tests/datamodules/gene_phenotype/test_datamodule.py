import itertools
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from datamodules import GenePhenotypeDataModule
from datamodules.gene_phenotype import training_tables
from datamodules.gene_phenotype.datamodule import DEFAULT_QUESTIONS, QuestionKind
from geneverse_pl.data.blocks import samples_digest
from geneverse_pl.data.datamodule import HELD_OUT, MEMORISED, TRAIN, VAL, EncodingConfig
from geneverse_pl.data.records import Sample
from geneverse_pl.evaluation.text_report import TrainingKnowledge
from geneverse_pl.exceptions import ConfigError
from tests.datamodules.stored_answers import scores_of_stored_answers

# Kinds whose stored answers are complete on the tiny ontology.
EXACT = ("list/gene_disease", "list/masked_record", "fact/disease_gene", "fact/disease_inheritance")

Make = Callable[..., GenePhenotypeDataModule]
Splits = Mapping[str, Iterable[Sample]]

DIGEST = """
import hashlib, sys
from pathlib import Path
from datamodules import GenePhenotypeDataModule
for stage in ("qa", "mask"):
    data = GenePhenotypeDataModule(stage=stage, hpo_dir=Path(sys.argv[1]), held_out_fraction=0.3)
    samples = {split: list(found) for split, found in data.build_samples().items()}
    sys.stdout.write(hashlib.sha256(repr((samples, data.documents())).encode()).hexdigest() + " ")
"""


@pytest.fixture
def make(tiny_hpo_folder: Path, tiny_model_dir: Path, tmp_path: Path) -> Make:
    """Builds a data module over the tiny ontology."""

    def build(**options: Any) -> GenePhenotypeDataModule:
        settings: dict[str, Any] = {
            "hpo_dir": tiny_hpo_folder,
            "val_fraction": 0.1,
            "held_out_fraction": 0.3,
            "encoding": EncodingConfig(template="plain", tokenizer=str(tiny_model_dir)),
            "cache_dir": tmp_path / "stores",
        }
        return GenePhenotypeDataModule(**{**settings, **options})

    return build


def lists(splits: Splits) -> dict[str, list[Sample]]:
    return {name: list(samples) for name, samples in splits.items()}


def entities(samples: Iterable[Sample]) -> set[str]:
    """Diseases and genes, by id and by the name shown, that the samples are about or ask for."""
    found: set[str] = set()
    for sample in samples:
        kind, _, name = sample.kind.partition("/")
        subject, asked = name.split("_") if "record" not in name else ("disease", "")
        found |= {f"{subject}:{sample.metadata['subject']}", f"{subject}:{sample.metadata['subject_name']}"}
        if asked in ("gene", "disease"):
            names = sample.gold if kind == "list" else [sample.metadata.get("object_name", sample.answer)]
            found |= {f"{asked}:{name}" for name in names}
    return found


# --- samples ---


@pytest.mark.parametrize("stage", ["qa", "mask", "both"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_splits_share_no_gene_and_no_disease(stage: str, seed: int, make: Make) -> None:
    kinds = list(get_args(QuestionKind))
    splits = lists(make(stage=stage, seed=seed, questions=kinds).build_samples())
    found = {name: entities(splits[name]) for name in (TRAIN, VAL, HELD_OUT)}
    assert all(found.values())
    assert not found[TRAIN] & found[HELD_OUT]
    assert not found[TRAIN] & found[VAL]
    assert not found[VAL] & found[HELD_OUT]
    groups = {name: {sample.group for sample in splits[name]} for name in found}
    assert not groups[TRAIN] & (groups[HELD_OUT] | groups[VAL])


def test_every_kind_is_asked(make: Make) -> None:
    kinds = get_args(QuestionKind)
    splits = lists(make(questions=list(kinds)).build_samples())
    assert {sample.kind for sample in splits[TRAIN]} == set(kinds)
    assert {sample.kind for sample in lists(make().build_samples())[TRAIN]} == set(DEFAULT_QUESTIONS)
    assert {sample.kind for sample in lists(make(stage="mask").build_samples())[TRAIN]} == {
        "list/masked_record"
    }


def test_both_stages_together_have_the_samples_of_each(make: Make) -> None:
    mask, asked, both = (lists(make(stage=s).build_samples()) for s in ("mask", "qa", "both"))
    for split in (TRAIN, VAL, HELD_OUT):
        together = Counter(samples_digest([sample]) for sample in both[split])
        apart = Counter(samples_digest([sample]) for sample in (*mask[split], *asked[split]))
        assert together == apart
    tables = make(stage="both")
    tables.build_samples()
    knowledge = TrainingKnowledge.from_document(tables.documents()["training_knowledge"])
    assert {"masked_record", "disease_gene"} <= knowledge.tables.keys()


def test_memorised_questions_are_training_questions(make: Make) -> None:
    for stage in ("qa", "mask"):
        splits = lists(make(stage=stage, max_memorised=20).build_samples())
        assert 0 < len(splits[MEMORISED]) < len(splits[TRAIN])
        assert all(sample in splits[TRAIN] for sample in splits[MEMORISED])


def test_caps_are_for_each_kind_and_take_whole_subjects(make: Make) -> None:
    kinds: list[QuestionKind] = ["relation/disease_phenotype", "list/disease_phenotype"]
    whole = lists(make(questions=kinds, max_held_out=None).build_samples())
    capped = lists(make(questions=kinds, max_val=3, max_held_out=5, max_memorised=0).build_samples())
    assert Counter(sample.kind for sample in capped[VAL]) == dict.fromkeys(kinds, 3)
    assert Counter(sample.kind for sample in capped[HELD_OUT]) == dict.fromkeys(kinds, 5)
    assert capped[MEMORISED] == []
    assert capped[TRAIN] == whole[TRAIN]
    all_of = Counter(str(s.metadata["subject"]) for s in whole[HELD_OUT] if s.kind == kinds[0])
    kept = Counter(str(s.metadata["subject"]) for s in capped[HELD_OUT] if s.kind == kinds[0])
    assert sum(kept[subject] != all_of[subject] for subject in kept) <= 1


def test_a_test_split_is_in_random_order_of_its_subjects(make: Make) -> None:
    samples = lists(make(max_held_out=None).build_samples())[HELD_OUT]
    subjects = list(dict.fromkeys(str(sample.metadata["subject"]) for sample in samples))
    assert subjects != sorted(subjects)
    changes = sum(a.metadata["subject"] != b.metadata["subject"] for a, b in itertools.pairwise(samples))
    assert changes == len(subjects) - 1


def test_each_training_record_is_masked_several_times(make: Make) -> None:
    splits = lists(make(stage="mask", masks_per_record=3).build_samples())
    assert set(Counter(sample.metadata["subject"] for sample in splits[TRAIN]).values()) == {3}
    assert set(Counter(sample.metadata["subject"] for sample in splits[HELD_OUT]).values()) == {1}


def test_wording(make: Make) -> None:
    questions: list[QuestionKind] = ["list/gene_disease"]
    brief = lists(make(questions=questions).build_samples())[TRAIN][0]
    full = lists(make(questions=questions, wording="full").build_samples())[TRAIN][0]
    assert brief.context.startswith("Gene: ")
    assert full.context.startswith("This is about the human gene ")
    assert (brief.question, brief.answer) == ("Diseases:", full.answer)


def test_samples_follow_the_seed(make: Make) -> None:
    first, again, other = (lists(make(seed=seed).build_samples()) for seed in (0, 0, 1))
    assert first == again
    assert first[HELD_OUT] != other[HELD_OUT]


def test_samples_do_not_depend_on_the_hash_seed(
    tiny_hpo_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["-c", str(tiny_hpo_folder)]
    other_seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    digests = subprocess.run(
        [sys.executable, "-c", DIGEST, arguments[1]],
        env={**os.environ, "PYTHONHASHSEED": other_seed},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    monkeypatch.setattr(sys, "argv", arguments)
    exec(DIGEST, {})
    assert len(digests.split()) == 2
    assert capsys.readouterr().out == digests


# --- controls ---


def test_controls_learn_from_the_training_split_alone(make: Make) -> None:
    data = make(questions=list(get_args(QuestionKind)))
    splits = lists(data.build_samples())
    knowledge = TrainingKnowledge.from_document(data.documents()["training_knowledge"])
    assert set(knowledge.tables) == {
        "disease_phenotype",
        "gene_disease",
        "gene_phenotype",
        "disease_gene",
        "disease_inheritance",
    }
    train = [sample for sample in splits[TRAIN] if sample.kind == "relation/disease_phenotype"]
    table = knowledge.tables["disease_phenotype"]
    assert set(table.subjects) == {
        s.metadata["subject"] for s in splits[TRAIN] if s.kind == "list/disease_phenotype"
    }
    assert not set(table.groups.values()) & {sample.group for sample in splits[HELD_OUT]}
    asked = {(q.subject_id, q.object_id, q.label) for q in knowledge.questions["disease_phenotype"]}
    assert asked == {(s.metadata["subject"], s.metadata["object"], s.metadata["label"]) for s in train}
    assert set(knowledge.questions) == {"disease_phenotype", "gene_disease", "gene_phenotype"}


def test_a_sample_of_the_questions_keeps_the_share_of_true_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = [
        Sample("", answer, kind="relation/x", metadata={"subject": f"s{n}", "object": "o"})
        for n, answer in enumerate(["Yes"] * 60 + ["No"] * 20)
    ]
    monkeypatch.setattr(training_tables, "_MAX_QUESTIONS", 40)
    (asked,) = training_tables.questions_asked([*samples, Sample("", "", kind="list/x")], seed=0).values()
    assert Counter(question.label for question in asked) == {True: 30, False: 10}
    assert len(set(asked)) == 40


def test_a_control_never_meets_an_unknown_object_it_cannot_score(make: Make) -> None:
    """All kinds of both stages, scored by every control, on splits with objects that training has not."""
    for stage in ("qa", "mask", "both"):
        data = make(stage=stage, questions=list(get_args(QuestionKind)))
        splits = lists(data.build_samples())
        knowledge = TrainingKnowledge.from_document(data.documents()["training_knowledge"])
        found = scores_of_stored_answers(splits, knowledge)
        for (task, split, metric, model), value in found.items():
            if split == MEMORISED and model == "lookup" and task.startswith(("relation", "fact")):
                assert value == pytest.approx(1.0), (task, metric)
            # These answers are the stored ones; names with commas are whole items all the same.
            if model == "tuned" and task in EXACT and metric in ("exact_match", "set_f1", "gold_recall"):
                assert value == 1.0, (task, metric)
            # As many false answers about each object as true ones.
            if split == HELD_OUT and model == "degree_prior" and metric == "auroc":
                assert value == 0.5, task
        models = {model for _, _, _, model in found}
        assert models == {"tuned", "majority", "degree_prior", "nearest_neighbour", "lookup"}


# --- the store ---


def test_it_is_prepared_once_and_read_back(make: Make) -> None:
    data = make()
    data.prepare_data()
    data.setup("fit")
    assert data.test_splits == [HELD_OUT, MEMORISED]
    sample = next(data.iter_samples(HELD_OUT))
    text = data.tokenizer.decode(sample.input_ids.tolist())
    assert text.startswith(("Disease: ", "Gene: "))
    assert text.endswith(f" {sample.metadata['answer']}<|im_end|>")
    again = make()
    again.prepare_data()
    assert again.store_path == data.store_path
    assert not hasattr(again, "_knowledge")
    knowledge = TrainingKnowledge.from_document(data.store.document("training_knowledge"))
    assert knowledge.tables["disease_gene"].pairs


OPTIONS: dict[str, Any] = {
    "databases": ["OMIM"],
    "max_list_items": 2,
    "val_fraction": 0.2,
    "held_out_fraction": 0.2,
    "max_val": 2,
    "max_held_out": 2,
    "max_memorised": 2,
    "split_series": True,
    "allow_shared_entities": True,
    "seed": 1,
}


@pytest.mark.parametrize("stage", ["qa", "mask"])
def test_the_store_is_named_by_the_options_that_matter(stage: str, make: Make) -> None:
    of_stage: dict[str, dict[str, Any]] = {
        "qa": {"questions": ["list/gene_disease"], "wording": "full", "positives_per_subject": 2},
        "mask": {"mask_fraction": 0.5, "masks_per_record": 2},
    }
    other = next(name for name in of_stage if name != stage)
    usual = make(stage=stage).store_path
    changed = [
        make(stage=stage, **{name: value}).store_path
        for name, value in {**OPTIONS, **of_stage[stage]}.items()
    ]
    assert len({usual, make(stage=other).store_path, *changed}) == len(changed) + 2
    same = [make(stage=stage, **{name: value}).store_path for name, value in of_stage[other].items()]
    assert set(same) == {usual}


def test_the_store_is_named_by_the_content_of_the_files(
    make: Make, make_tiny_hpo: Callable[..., Path], tiny_hpo_folder: Path, tmp_path: Path
) -> None:
    usual = make().store_path
    assert make(hpo_dir=make_tiny_hpo(tmp_path / "copy")).store_path == usual
    assert make(hpo_dir=make_tiny_hpo(tmp_path / "other", seed=1)).store_path != usual
    for name in ("hp.obo", "phenotype.hpoa", "genes_to_phenotype.txt"):
        with (tiny_hpo_folder / name).open("a") as file:
            file.write("\n")
        changed = make().store_path
        assert changed != usual
        usual = changed


# --- mistakes ---


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stage": "masks"}, r"Unknown stage 'masks'\. Did you mean 'mask'\?"),
        ({"wording": "short"}, r"Unknown wording 'short'\. Choose one of: brief, full"),
        (
            {"questions": ["relation/gene_diseases"]},
            r"Unknown question kind 'relation/gene_diseases'\. Did you mean 'relation/gene_disease'\?",
        ),
        ({"questions": []}, r"questions must name at least one, got none\."),
        ({"databases": []}, r"databases must name at least one, got none\."),
        ({"positives_per_subject": 0}, r"positives_per_subject must be >= 1, got 0\."),
        ({"max_list_items": 0}, r"max_list_items must be >= 1, got 0\."),
        ({"masks_per_record": 0}, r"masks_per_record must be >= 1, got 0\."),
        ({"max_val": 0}, r"max_val must be >= 1, got 0\."),
        ({"max_held_out": -1}, r"max_held_out must be >= 1, got -1\."),
        ({"max_memorised": -1}, r"max_memorised must be >= 0, got -1\."),
        ({"mask_fraction": 0.0}, r"mask_fraction must be in \(0, 1\), got 0\.0\."),
        ({"mask_fraction": 1.0}, r"mask_fraction must be in \(0, 1\), got 1\.0\."),
        ({"val_fraction": 0.0}, r"val_fraction must be in \(0, 1\), got 0\.0\."),
        ({"held_out_fraction": 1.5}, r"held_out_fraction must be in \(0, 1\), got 1\.5\."),
        ({"val_fraction": 0.6, "held_out_fraction": 0.4}, r"val_fraction \+ held_out_fraction must be < 1"),
    ],
)
def test_options_out_of_range_are_refused_at_once(options: dict[str, Any], message: str, make: Make) -> None:
    with pytest.raises(ConfigError, match=message):
        make(**options)


def test_an_unknown_database_is_refused(make: Make) -> None:
    data = make(databases=["ORPHANET"])
    with pytest.raises(ConfigError, match=r"Unknown disease database 'ORPHANET'\. Did you mean 'ORPHA'\?"):
        data.prepare_data()
    assert not data.store_path.exists()


def test_a_folder_without_the_files_is_refused(make: Make, tiny_hpo_folder: Path, tmp_path: Path) -> None:
    (tiny_hpo_folder / "hp.obo").unlink()
    with pytest.raises(FileNotFoundError, match=r"lacks \S+hp\.obo\. Put .*`geneverse_pl prepare --download"):
        make().prepare_data()
    with pytest.raises(FileNotFoundError, match=r"lacks \S+nowhere/hp\.obo, .*genes_to_phenotype\.txt\."):
        make(hpo_dir=tmp_path / "nowhere").prepare_data()


def test_a_folder_of_ones_own_can_be_fetched(make: Make, tmp_path: Path) -> None:
    files = make(hpo_dir=tmp_path).download_files()
    assert {file.path.name for file in files} == {"hp.obo", "phenotype.hpoa", "genes_to_phenotype.txt"}
    assert {file.path.parent for file in files} == {tmp_path}
    assert make(hpo_dir=None).download_files() == []
