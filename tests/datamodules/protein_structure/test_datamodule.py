"""The data module: splits by cluster, balance, pictures, and what it refuses."""

import itertools
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from datamodules.protein_structure import ProteinStructureDataModule
from datamodules.protein_structure.backbones import GeneratedStructures
from datamodules.protein_structure.clustering import group_structures
from datamodules.protein_structure.structure_set import read_structures, split_structures
from datamodules.rendering.structure import StructureRendering
from datamodules.sources.structures import find_structures
from geneverse_pl import ProjectorConfig, VisionConfig
from geneverse_pl.data.datamodule import HELD_OUT, MEMORISED, TRAIN, VAL, EncodingConfig
from geneverse_pl.data.images import read_image_bytes
from geneverse_pl.data.records import Sample
from geneverse_pl.exceptions import ConfigError

PLAIN = StructureRendering(engine="backbone", views=["front", "top"], size=48, num_processes=0)

Make = Callable[..., ProteinStructureDataModule]


@pytest.fixture
def make(structure_folder: Path, tiny_model_dir: Path, tmp_path: Path) -> Make:
    """Builds a data module over the small set."""

    def build(**options: Any) -> ProteinStructureDataModule:
        settings: dict[str, Any] = {
            "structures": [str(structure_folder)],
            "rendering": PLAIN,
            "val_fraction": 0.2,
            "held_out_fraction": 0.3,
            "encoding": EncodingConfig(template="plain", tokenizer=str(tiny_model_dir)),
            "cache_dir": tmp_path / "cache",
        }
        return ProteinStructureDataModule(**{**settings, **options})

    return build


def lists(splits: Mapping[str, Iterable[Sample]]) -> dict[str, list[Sample]]:
    return {name: list(samples) for name, samples in splits.items()}


def structures(samples: Iterable[Sample]) -> set[str]:
    return {str(sample.metadata["structure"]) for sample in samples}


@pytest.mark.parametrize("seed", range(3))
def test_splits_share_no_cluster(seed: int, make: Make, structure_folder: Path) -> None:
    splits = lists(make(seed=seed).build_samples())
    assert list(splits) == [TRAIN, VAL, HELD_OUT, MEMORISED]
    groups = group_structures(read_structures(find_structures([structure_folder]), 0))
    assert groups["0000"] == groups["0020"]  # copies
    found = {name: {groups[structure] for structure in structures(splits[name])} for name in splits}
    assert all(found.values())
    assert not found[TRAIN] & (found[VAL] | found[HELD_OUT])
    assert not found[VAL] & found[HELD_OUT]
    for samples in splits.values():
        assert all(sample.group == groups[str(sample.metadata["structure"])] for sample in samples)


def test_every_picture_is_there_and_has_its_questions_together(make: Make) -> None:
    splits = lists(make().build_samples())
    for samples in splits.values():
        pictures = [sample.images[0] for sample in samples]
        assert all(read_image_bytes(path) for path in set(pictures))
        changes = sum(a != b for a, b in itertools.pairwise(pictures))
        assert changes == len(set(pictures)) - 1
    views = Counter((sample.kind, sample.metadata["view"]) for sample in splits[TRAIN])
    for (kind, view), count in views.items():
        assert views[kind, "top" if view == "front" else "front"] == count


def test_answers_are_balanced_in_every_split(make: Make) -> None:
    for name, samples in lists(make(max_memorised=None).build_samples()).items():
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for sample in samples:
            if sample.choices and name != MEMORISED:
                counts[sample.kind][sample.answer] += 1
        for answers in counts.values():
            ranked = [count for _, count in answers.most_common()]
            assert len(ranked) == 1 or ranked[0] == ranked[1]
    whole = lists(make(balance=False).build_samples())
    kinds = Counter(sample.kind for sample in whole[TRAIN])
    assert kinds["choice/ligand"] == 2 * len(structures(whole[TRAIN]))


def test_model_ids_are_asked_of_training_structures_alone(make: Make) -> None:
    splits = lists(make(questions=["model_id", "ligand"], balance=False).build_samples())
    kinds = {name: {sample.kind for sample in samples} for name, samples in splits.items()}
    assert kinds[TRAIN] == kinds[MEMORISED] == {"text/model_id", "choice/ligand"}
    assert kinds[VAL] == kinds[HELD_OUT] == {"choice/ligand"}
    sample = next(sample for sample in splits[TRAIN] if sample.kind == "text/model_id")
    assert sample.answer == sample.metadata["structure"]


def test_memorised_structures_are_training_structures(make: Make) -> None:
    splits = lists(make(max_memorised=3).build_samples())
    assert len(structures(splits[MEMORISED])) == 3
    assert all(sample in splits[TRAIN] for sample in splits[MEMORISED])
    assert lists(make(max_memorised=0).build_samples())[MEMORISED] == []


def test_classes_and_organisms_are_closed_by_the_training_split(make: Make) -> None:
    questions = ["functional_class", "organism", "enzyme"]
    splits = lists(make(questions=questions, balance=False).build_samples())
    choices = {sample.kind: sample.choices for samples in splits.values() for sample in samples}
    assert choices == {
        "choice/functional_class": ("hydrolase", "transcription"),
        "choice/organism": ("Homo sapiens", "Mus musculus"),
        "choice/enzyme": ("Yes", "No"),
    }
    for samples in splits.values():
        assert all(sample.answer in sample.choices for sample in samples)
        by_structure = {(s.metadata["structure"], s.kind): s.answer for s in samples}
        for (structure, kind), answer in by_structure.items():
            if kind == "choice/enzyme":
                expected = "hydrolase" if answer == "Yes" else "transcription"
                assert by_structure[structure, "choice/functional_class"] == expected


def test_samples_follow_the_seed(make: Make) -> None:
    first, again, other = (lists(make(seed=seed).build_samples()) for seed in (0, 0, 1))
    assert first == again
    assert structures(first[HELD_OUT]) != structures(other[HELD_OUT])


def test_generated_structures_are_added_and_kept(make: Make, structure_folder: Path, tmp_path: Path) -> None:
    generated = GeneratedStructures(number=5, min_residues=30, max_residues=40, max_chains=1, folds=["coil"])
    data = make(generated=generated, balance=False)
    splits = lists(data.build_samples())
    found = structures(splits[TRAIN] + splits[VAL] + splits[HELD_OUT])
    assert {f"generated-{number:05d}" for number in range(5)} <= found
    assert {path.parent for path in data.source_files()} == {structure_folder}
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.p??")}
    assert len(files) == 5 + 2 * len(found)
    more = make(generated=replace(generated, number=6), balance=False)
    assert more.options() != data.options()
    lists(more.build_samples())
    assert all(path.stat().st_mtime_ns == time for path, time in files.items())
    assert len(list((tmp_path / "cache").rglob("*.p??"))) == len(files) + 3


def test_options_that_change_the_samples_change_the_store(make: Make, structure_folder: Path) -> None:
    base = make()
    for change in (
        {"rendering": replace(PLAIN, size=64)},
        {"rendering": replace(PLAIN, views=["front"])},
        {"rendering": replace(PLAIN, styles=["chain"])},
        {"questions": ["chains"]},
        {"balance": False},
        {"cluster_identity": 0.9},
        {"max_answers": 5},
        {"held_out_fraction": 0.2},
        {"generated": GeneratedStructures(number=3)},
    ):
        assert make(**change).options() != base.options()
    assert make(rendering=replace(PLAIN, num_processes=2)).options() == base.options()
    assert len(base.source_files()) == 24
    assert base.source_files()[0] == structure_folder / "0000.pdb"


def test_prepared_stores_hold_the_questions(make: Make) -> None:
    data = make(questions=["chains", "name"])
    vision = VisionConfig("timm:test_vit", "random", image_size=32)
    data.use_vision(vision, ProjectorConfig())
    data.prepare_data()
    data.setup("fit")
    assert len(data.store.images) > 20
    assert data.test_splits == [HELD_OUT, MEMORISED]
    metadata = [sample.metadata for sample in data.iter_samples(HELD_OUT)]
    assert {entry["kind"] for entry in metadata} == {"choice/chains", "text/name"}
    closed = [entry for entry in metadata if entry["kind"] == "choice/chains"]
    assert all(entry["probe"] == "chains" for entry in closed)


def test_a_cluster_table_decides(make: Make, structure_folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "c_cluster.tsv"
    names = sorted(path.stem for path in structure_folder.iterdir())
    table.write_text("".join(f"{names[n // 4]}\t{name}\n" for n, name in enumerate(names)))
    data = make(cluster_table=table)
    splits = lists(data.build_samples())
    assert table in data.source_files()
    clusters = {name: names[number // 4] for number, name in enumerate(names)}
    groups = {sample.group for sample in splits[TRAIN]}
    assert groups == {clusters[name] for name in structures(splits[TRAIN])}
    assert not groups & {sample.group for sample in splits[HELD_OUT]}


def test_structures_that_cannot_be_read_are_named_and_left_out(
    make: Make, structure_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "broken.pdb").write_text("ATOM      1\n")
    with caplog.at_level(logging.WARNING):
        splits = lists(make(structures=[str(structure_folder), str(tmp_path / "broken.pdb")]).build_samples())
    assert "1 of 25 structures cannot be read and are left out" in caplog.text
    assert "broken.pdb: line 1 has" in caplog.text
    assert "broken" not in structures(splits[TRAIN])
    with pytest.raises(ConfigError, match=r"There must be structures to ask about.*broken\.pdb: line 1"):
        make(structures=[str(tmp_path / "broken.pdb")]).build_samples()


def test_confidence_cannot_be_drawn_of_structures_without_it(make: Make) -> None:
    with pytest.raises(ConfigError, match="At least one structure must be drawn, .* none has a pLDDT"):
        make(rendering=replace(PLAIN, styles=["plddt"])).build_samples()


def test_too_few_groups_for_the_splits(structure_folder: Path) -> None:
    records = read_structures([structure_folder / "0000.pdb", structure_folder / "0020.pdb"], 0)
    with pytest.raises(ConfigError, match="at least one group for each of 2 splits, got 1"):
        split_structures(records, {TRAIN: 0.5, HELD_OUT: 0.5}, 0, identity=0.5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"structures": None}, "There must be structures to ask about, .* all empty"),
        ({"structures": None, "generated": GeneratedStructures(number=0)}, "all empty"),
        ({"questions": []}, "questions must name at least one"),
        ({"questions": ["chain"]}, "Unknown question 'chain'. Did you mean 'chains'"),
        ({"packages": ["biopython"]}, "Unknown package 'biopython'"),
        ({"max_answers": 1}, "max_answers must be > 1, got 1"),
        ({"max_memorised": -1}, "max_memorised must be >= 0, got -1"),
        ({"cluster_identity": 0.2}, r"cluster_identity must be in \[0\.4, 1\], got 0\.2"),
        ({"val_fraction": 0.0}, r"val_fraction must be in \(0, 1\), got 0\.0"),
        ({"held_out_fraction": 0.9}, "val_fraction \\+ held_out_fraction must be < 1"),
        ({"rendering": StructureRendering(size=4)}, "rendering.size"),
        ({"generated": GeneratedStructures(max_chains=9)}, "generated.max_chains"),
    ],
)
def test_what_is_refused(options: dict[str, Any], message: str, make: Make) -> None:
    with pytest.raises(ConfigError, match=message):
        make(**options)
