"""The whole data module: balance, splits, pictures, and what determines the store."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from datamodules.marker_gene import MarkerGeneDataModule
from datamodules.marker_gene.questions import MarkerWording
from datamodules.marker_gene.simulator import Simulation, SimulatorConfig
from datamodules.rendering.spatial import SpatialRendering
from geneverse_pl.data.records import IMAGE_MARK, Sample
from geneverse_pl.data.vision_datamodule import ImagesConfig
from geneverse_pl.evaluation.statistics import AUROC
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.models.projector import ProjectorConfig
from geneverse_pl.models.vision_tower import VisionConfig

pytest.importorskip("matplotlib")

Samples = Mapping[str, list[Sample]]
Make = Callable[..., MarkerGeneDataModule]
SPLITS = ("train", "val", "held_out", "memorised")


@pytest.fixture
def make_module(make_config: Callable[..., SimulatorConfig], tmp_path: Path) -> Make:
    """A data module on simulated tissue with pictures of 32 pixels."""

    def make(**options: Any) -> MarkerGeneDataModule:
        defaults: dict[str, Any] = {"rendering": SpatialRendering(size=32), "cache_dir": tmp_path / "cache"}
        if "sections" not in options:
            defaults["simulator"] = make_config()
        return MarkerGeneDataModule(**(defaults | options))

    return make


def build(module: MarkerGeneDataModule) -> Samples:
    return {split: list(samples) for split, samples in module.build_samples().items()}


def labels(samples: Iterable[Sample]) -> list[bool]:
    return [bool(sample.metadata["label"]) for sample in samples]


def look_up(train: Iterable[Sample], samples: list[Sample], key: str) -> float:
    """AUROC of a rule that knows how often a name came with yes in training."""
    seen: defaultdict[object, list[bool]] = defaultdict(list)
    for sample in train:
        seen[sample.metadata[key]].append(bool(sample.metadata["label"]))
    rates = [float(np.mean(seen.get(sample.metadata[key], [0.5]))) for sample in samples]
    return float(AUROC(np.array(rates), np.array(labels(samples))))


def test_balance_of_every_region_and_gene(make_module: Make) -> None:
    samples = build(make_module())
    assert list(samples) == list(SPLITS)
    assert {split: len(own) > 20 for split, own in samples.items()} == dict.fromkeys(SPLITS, True)
    for own in samples.values():
        for keys in (("region",), ("section", "region"), ("section", "gene")):
            answers: defaultdict[object, list[bool]] = defaultdict(list)
            for sample in own:
                answers[tuple(sample.metadata[key] for key in keys)].append(bool(sample.metadata["label"]))
            assert {np.mean(given) for given in answers.values()} == {0.5}
    for split in SPLITS:
        for key in ("region", "gene", "probe"):
            assert look_up(samples["train"], samples[split], key) == 0.5


def test_extra_pairs_keep_regions_even_and_are_trained_on_alone(
    make_module: Make, simulation: Simulation, tmp_path: Path
) -> None:
    # Of many markers nothing is known but that they mark their region: they cannot be matched.
    rows = [
        f"{gene},{region},{'yes' if region in marked else 'no'}"
        for number, (gene, marked) in enumerate(simulation.planted.items())
        for region in sorted({name for regions in simulation.planted.values() for name in regions})
        if region in marked or not marked or number % 2
    ]
    path = tmp_path / "markers.csv"
    path.write_text("\n".join(["gene,region,is_marker", *rows]), encoding="utf-8")
    plain, more = (build(make_module(markers=path, extra_pairs_per_region=extra)) for extra in (0, 5))
    assert len(more["train"]) > len(plain["train"])
    assert look_up(more["train"], more["train"], "region") == 0.5
    assert np.mean(labels(more["train"])) == 0.5
    for split in ("val", "held_out", "memorised"):
        assert len(more[split]) == len(plain[split])
        assert look_up(more["train"], more[split], "region") == 0.5


def test_answers_are_true(make_module: Make, simulation: Simulation) -> None:
    samples = build(make_module())
    right = [
        (sample.metadata["region"] in simulation.planted[str(sample.metadata["gene"])]) == label
        for own in samples.values()
        for sample, label in zip(own, labels(own), strict=True)
    ]
    assert np.mean(right) > 0.95


def test_genes_are_held_out_and_memorised_ones_are_trained_on(make_module: Make) -> None:
    samples = build(make_module(max_memorised=30))
    genes = {split: {sample.metadata["gene"] for sample in own} for split, own in samples.items()}
    assert not genes["train"] & genes["val"]
    assert not genes["held_out"] & (genes["train"] | genes["val"])
    ids = {split: {sample.metadata["question_id"] for sample in own} for split, own in samples.items()}
    assert ids["memorised"] < ids["train"]
    assert len(samples["memorised"]) <= 30 * 2
    assert all(len(ids[split]) == len(samples[split]) for split in SPLITS)
    sections = {split: {sample.metadata["section"] for sample in own} for split, own in samples.items()}
    assert sections["train"] == sections["held_out"] == {"simulated_1", "simulated_2"}


@pytest.mark.parametrize("split_by", ["section", "both"])
def test_sections_are_held_out(
    make_module: Make, make_config: Callable[..., SimulatorConfig], split_by: str
) -> None:
    module = make_module(split_by=split_by, simulator=make_config(num_sections=3), held_out_fraction=0.3)
    samples = build(module)
    about = {
        key: {split: {sample.metadata[key] for sample in own} for split, own in samples.items()}
        for key in ("section", "gene")
    }
    assert not about["section"]["held_out"] & about["section"]["train"]
    assert bool(about["gene"]["held_out"] & about["gene"]["train"]) == (split_by == "section")
    groups = {split: {sample.group for sample in own} for split, own in samples.items()}
    assert not groups["held_out"] & groups["train"]
    assert not groups["val"] & groups["train"]
    for own in samples.values():
        assert np.mean(labels(own)) == 0.5


def test_samples_show_one_picture_and_share_their_context(make_module: Make) -> None:
    samples = build(make_module())
    for own in samples.values():
        for sample in own:
            assert sample.context.count(IMAGE_MARK) == len(sample.images) == 1
            assert sample.images[0].is_file()
            assert sample.choices == ("Yes", "No")
    families = Counter((sample.context, sample.images) for sample in samples["train"])
    assert min(families.values()) >= 2
    with Image.open(samples["train"][0].images[0]) as image:
        assert image.size == (32, 32)


def test_pictures_are_drawn_once(make_module: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    first = build(make_module())
    path = first["train"][0].images[0]
    path.unlink()
    drawn = []
    original = Path.replace

    def count(self: Path, target: Path) -> Path:
        drawn.append(target)
        return original(self, target)

    monkeypatch.setattr(Path, "replace", count)
    again = build(make_module())
    assert drawn == [path]
    assert again == first
    other = build(make_module(rendering=SpatialRendering(size=48)))
    assert other["train"][0].images[0].parent != path.parent
    assert not list(path.parent.glob("*.partial"))


def test_map_of_regions(make_module: Make) -> None:
    samples = build(make_module(rendering=SpatialRendering(size=32, region_map=True)))
    contexts = {sample.context.partition("regions: ")[2] for sample in samples["train"]}
    assert contexts == {"red adipose tissue, blue immune infiltrate, yellow invasive tumour, green stroma."}


def test_lists_of_regions(make_module: Make) -> None:
    kinds = ["choice/marker_gene", "text/marker_regions"]
    samples = build(make_module(questions=kinds))
    assert {sample.kind for sample in samples["held_out"]} == set(kinds)
    lists = [sample for sample in samples["train"] if sample.kind == "text/marker_regions"]
    assert all(sample.answer == "; ".join(sample.gold) for sample in lists)


def test_max_genes(make_module: Make) -> None:
    samples = build(make_module(max_genes=40))
    genes = {
        (sample.metadata["section"], sample.metadata["gene"]) for own in samples.values() for sample in own
    }
    per_section = Counter(section for section, _ in genes)
    assert all(20 < count <= 40 for count in per_section.values())


def test_caps(make_module: Make) -> None:
    samples = build(make_module(max_val=10, max_held_out=20, max_memorised=0))
    assert 0 < len(samples["val"]) <= 10 * 2
    assert 0 < len(samples["held_out"]) <= 20 * 2
    assert samples["memorised"] == []


def test_markers_from_a_table(make_module: Make, simulation: Simulation, tmp_path: Path) -> None:
    regions = sorted({region for marked in simulation.planted.values() for region in marked})
    rows = [
        f"{gene},{region},{'yes' if region in marked else 'no'}"
        for gene, marked in simulation.planted.items()
        for region in regions
    ]
    path = tmp_path / "markers.csv"
    path.write_text("\n".join(["gene,region,is_marker", *rows]), encoding="utf-8")
    module = make_module(markers=path)
    assert module.source_files() == [path]
    for own in build(module).values():
        for sample in own:
            is_planted = sample.metadata["region"] in simulation.planted[str(sample.metadata["gene"])]
            assert sample.metadata["label"] is is_planted


@pytest.fixture
def tables(simulation: Simulation, tmp_path: Path) -> list[Any]:
    """The simulated sections as count tables with labels: as YAML would give them."""
    sources = []
    for section in simulation.sections:
        path, labels = tmp_path / f"{section.name}.tsv", tmp_path / f"{section.name}_labels.csv"
        places = np.rint(section.coordinates).astype(int).tolist()
        spots = [f"{x}x{y}" for x, y in places]
        rows = [
            "\t".join([spot, *map(str, row)])
            for spot, row in zip(spots, section.counts.toarray().astype(int).tolist(), strict=True)
        ]
        path.write_text("\n".join(["\t".join(["", *section.genes]), *rows]), encoding="utf-8")
        lines = [f"{spot},{region}" for spot, region in zip(spots, section.regions, strict=True)]
        labels.write_text("\n".join(["spot,type", *lines]), encoding="utf-8")
        sources.append({"path": str(path), "labels": str(labels), "label_column": "type"})
    return sources


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # jsonargparse renames a method
def test_users_files_give_the_same_questions(make_module: Make, tables: list[Any], tmp_path: Path) -> None:
    from jsonargparse import ArgumentParser

    parser = ArgumentParser()
    parser.add_subclass_arguments(MarkerGeneDataModule, "data")
    settings = {"sections": tables, "rendering": {"size": 32}, "cache_dir": str(tmp_path / "cache")}
    text = json.dumps({"class_path": "datamodules.marker_gene.MarkerGeneDataModule", "init_args": settings})
    module = parser.instantiate_classes(parser.parse_args([f"--data={text}"])).data
    assert len(module.source_files()) == 4
    samples = build(module)
    expected = build(make_module())
    for split in SPLITS:
        assert [sample.metadata for sample in samples[split]] == [s.metadata for s in expected[split]]
    plain = {
        "class_path": "datamodules.marker_gene.MarkerGeneDataModule",
        "init_args": {"sections": ["a.h5ad"]},
    }
    module = parser.instantiate_classes(parser.parse_args([f"--data={json.dumps(plain)}"])).data
    with pytest.raises(FileNotFoundError, match=r"a\.h5ad: no such file"):
        module.source_files()


def test_options_name_all_that_determines_the_samples(make_module: Make, tables: list[Any]) -> None:
    from datamodules.sources.spatial_sections import SectionSource

    base = make_module().options()
    assert json.loads(json.dumps(base)) is not None
    for change in (
        {"seed": 1},
        {"split_by": "both"},
        {"extra_pairs_per_region": 2},
        {"wording": MarkerWording(question="{region}?")},
        {"rendering": SpatialRendering(size=33)},
        {"max_genes": 50},
        {"allow_shared_entities": True},
    ):
        assert make_module(**change).options() != base
    sources = [SectionSource(Path(one["path"]), Path(one["labels"]), one["label_column"]) for one in tables]
    before = make_module(sections=sources).options()
    # The content counts, where the file lies does not.
    Path(tables[0]["labels"]).write_text("spot,type\n1x1,stroma\n", encoding="utf-8")
    assert make_module(sections=sources).options() != before


def test_the_store_is_built(make_module: Make, tiny_model_dir: Path) -> None:
    module = make_module(images=ImagesConfig(cache_features="off"))
    module.use_model(str(tiny_model_dir))
    module.use_vision(VisionConfig("timm:test_efficientnet", "random", image_size=32), ProjectorConfig())
    samples = build(module)
    module.trainer = None
    module.prepare_data()
    module.setup("fit")
    assert {split: len(module.store.split(split)) for split in SPLITS} == {
        split: len(own) for split, own in samples.items()
    }
    pictures = {sample.images for own in samples.values() for sample in own}
    assert len(module.store.images) == len(pictures)


def test_sections_without_matching_markers(make_module: Make, make_config: Callable[..., Any]) -> None:
    sparse = make_config(num_marker_genes=3, num_background_genes=3)
    with pytest.raises(ConfigError, match=r"Every split must have questions, and .* has none \(questions: "):
        build(make_module(simulator=sparse))


def test_sections_of_one_name(make_module: Make, tables: list[Any]) -> None:
    from datamodules.sources.spatial_sections import SectionSource

    sources = [
        SectionSource(Path(one["path"]), Path(one["labels"]), one["label_column"], name="s") for one in tables
    ]
    with pytest.raises(
        ConfigError, match="Each section must have a name of its own, but several are called s"
    ):
        build(make_module(sections=sources))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "One of sections and simulator must be set, got neither"),
        ({"sections": [Path("a")], "simulator": SimulatorConfig()}, "Only one of sections and simulator"),
        ({"simulator": SimulatorConfig(num_sections=0)}, "simulator.num_sections must be in"),
        ({"split_by": "genes"}, "Unknown split_by 'genes'. Did you mean 'gene'"),
        ({"questions": ["choice/marker"]}, "Unknown question kind 'choice/marker'. Did you mean"),
        ({"val_fraction": 0.0}, r"val_fraction must be in \(0, 1\), got 0"),
        ({"held_out_fraction": 1.0}, r"held_out_fraction must be in \(0, 1\), got 1"),
        ({"val_fraction": 0.5, "held_out_fraction": 0.5}, "val_fraction \\+ held_out_fraction must be < 1"),
        ({"max_genes": 0}, "max_genes must be >= 1, got 0"),
        ({"max_memorised": -1}, "max_memorised must be >= 0, got -1"),
        ({"extra_pairs_per_region": -1}, "extra_pairs_per_region must be >= 0, got -1"),
        ({"rendering": SpatialRendering(size=4)}, "rendering.size must be in"),
        ({"wording": MarkerWording(question="?")}, "wording.question may use"),
    ],
)
def test_options_out_of_range(options: dict[str, Any], message: str) -> None:
    defaults: dict[str, Any] = {}
    if options and "sections" not in options:
        defaults["simulator"] = SimulatorConfig()
    with pytest.raises(ConfigError, match=message):
        MarkerGeneDataModule(**(defaults | options))
