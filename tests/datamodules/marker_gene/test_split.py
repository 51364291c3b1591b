"""Splits by gene, by section and by both, and what may not be shared."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scipy import sparse

from datamodules.marker_gene.simulator import Simulation
from datamodules.marker_gene.split import MarkerSplit, SplitBy, check_samples, gene_groups
from geneverse_pl.data.records import Sample
from geneverse_pl.exceptions import ConfigError, LeakageError

GENES = {f"G{number}": (["r1"] if number % 3 else ["r1", "r2"]) for number in range(90)} | {
    f"B{number}": [] for number in range(30)
}
SECTIONS = {"s1": "p1", "s2": "p1", "s3": "p2", "s4": "p3"}


def make_split(split_by: SplitBy, **changes: Any) -> MarkerSplit:
    options: dict[str, Any] = {
        "genes": GENES,
        "gene_groups": {gene: gene for gene in GENES},
        "sections": SECTIONS,
        "val_fraction": 0.1,
        "held_out_fraction": 0.2,
        "seed": 0,
    }
    return MarkerSplit(split_by=split_by, **(options | changes))


def test_by_gene() -> None:
    split = make_split("gene")
    counts = Counter(split.of("s1", gene) for gene in GENES)
    assert counts == pytest.approx({"train": 84, "val": 12, "held_out": 24}, abs=3)
    for gene in GENES:
        assert len({split.of(section, gene) for section in SECTIONS}) == 1
        assert split.group("s1", gene) == gene


def test_every_region_is_in_every_split() -> None:
    genes = {f"G{number}": ["common"] for number in range(200)} | {
        f"R{n}": ["common", "rare"] for n in range(6)
    }
    split = make_split("gene", genes=genes, gene_groups={gene: gene for gene in genes})
    assert {split.of("s1", f"R{n}") for n in range(6)} == {"train", "val", "held_out"}


def test_by_section() -> None:
    split = make_split("section")
    held_out = {section for section in SECTIONS if split.of(section, "G0") == "held_out"}
    assert held_out
    assert {"s1", "s2"} <= held_out or not {"s1", "s2"} & held_out  # one patient's
    for section in SECTIONS:
        splits = {split.of(section, gene) for gene in GENES}
        assert splits == ({"held_out"} if section in held_out else {"train", "val"})
    assert split.group("s1", "G0") == split.group("s2", "G0") == "p1/G0"
    assert split.group("s3", "G0") != split.group("s1", "G0")


def test_by_both() -> None:
    by_both = make_split("both")
    splits = {(section, gene): by_both.of(section, gene) for section in SECTIONS for gene in GENES}
    scored = [key for key, split in splits.items() if split == "held_out"]
    learned = [key for key, split in splits.items() if split in ("train", "val")]
    assert scored
    assert learned
    for axis in (0, 1):
        assert not {key[axis] for key in scored} & {key[axis] for key in learned}
    assert Counter(splits.values())[None] > 0


def test_sections_of_one_group_cannot_be_split() -> None:
    with pytest.raises(ConfigError, match=r"split_by must be gene .* got \['p1'\]"):
        make_split("section", sections={"s1": "p1", "s2": "p1"})


def test_seed_decides() -> None:
    first, same, other = (
        {gene: make_split("gene", seed=seed).of("s1", gene) for gene in GENES} for seed in (0, 0, 1)
    )
    assert first == same
    assert first != other


def test_genes_that_look_alike_stay_together(simulation: Simulation) -> None:
    section = simulation.sections[0]
    counts = section.counts.toarray()
    counts[:, 5] = counts[:, 2]
    counts[:, 7:9] = 0  # nothing to see is no likeness
    genes = (*section.genes[:-1], section.genes[3].lower())
    changed = replace(section, counts=sparse.csr_array(counts), genes=genes)
    groups = gene_groups([changed, simulation.sections[1]])
    assert groups[genes[5]] == groups[genes[2]]
    assert groups[genes[3].lower()] == groups[genes[3]]
    assert groups[genes[7]] != groups[genes[8]]
    assert len(set(groups.values())) == len(groups) - 2
    split = make_split("gene", genes={key: ["r1"] for key in groups}, gene_groups=groups)
    assert split.of("s1", genes[5]) == split.of("s1", genes[2])


def sample(gene: str, section: str, picture: Path) -> Sample:
    return Sample("q", "Yes", group=gene, images=(picture,), metadata={"gene": gene, "section": section})


def test_leaks_are_refused(tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}.png" for n in range(4)]
    for path, content in zip(paths, "abca", strict=True):
        path.write_text(content, encoding="utf-8")
    clean = {
        "train": [sample("A", "s1", paths[0])],
        "val": [sample("B", "s1", paths[1])],
        "held_out": [sample("C", "s2", paths[2])],
    }
    check_samples(clean, "gene")
    check_samples(clean, "both")
    leaks: list[tuple[SplitBy, Sample, str]] = [
        ("gene", sample("a", "s1", paths[2]), "share 1 entity: gene:a"),
        ("gene", sample("C", "s1", paths[3]), "share 1 entity: picture:"),
        ("section", sample("C", "s1", paths[2]), "training and held_out share 1 entity: section:s1"),
    ]
    for split_by, leak, message in leaks:
        with pytest.raises(LeakageError, match=message):
            check_samples(clean | {"held_out": [leak]}, split_by)
