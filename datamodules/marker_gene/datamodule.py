"""Questions about marker genes, asked about pictures of their expression in a section of tissue."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import get_args

import numpy as np

from datamodules.marker_gene.inputs import MarkerInputs, SectionInput
from datamodules.marker_gene.markers import (
    MARKER,
    NO_MARKER,
    MarkerThresholds,
    SectionMarkers,
    find_markers,
    markers_from_table,
    read_marker_table,
)
from datamodules.marker_gene.matching import (
    Pairs,
    extra_pairs,
    fewer_pairs,
    genes_of_every_region,
    matched_pairs,
)
from datamodules.marker_gene.pictures import draw_genes
from datamodules.marker_gene.questions import CHOICE, AskedSection, MarkerWording, QuestionKind
from datamodules.marker_gene.simulator import SimulatorConfig
from datamodules.marker_gene.split import MarkerSplit, SplitBy, check_samples, gene_groups
from datamodules.option_checks import check_choices, check_counts, checked_fractions
from datamodules.rendering.spatial import SpatialRendering, region_colours
from datamodules.sources.spatial import Section
from datamodules.sources.spatial_sections import SectionSource
from datamodules.terms import source_facts
from geneverse_pl.data.card.facts import DataFacts
from geneverse_pl.data.datamodule import HELD_OUT, MEMORISED, TRAIN, VAL, BatchingConfig, EncodingConfig
from geneverse_pl.data.provenance import code_digest
from geneverse_pl.data.records import Sample
from geneverse_pl.data.vision_datamodule import ImagesConfig, VisionDataModule
from geneverse_pl.exceptions import ConfigError


class MarkerGeneDataModule(VisionDataModule):
    """Is this gene a marker of that region? Asked about a picture of the gene's expression in a section.

    Which genes mark which regions is computed from the section's labels, or given by a table. In every split
    each region and each gene is asked about with the answer yes as often as with no: a marker gene also with
    a region that it clearly does not mark, and its region also with another gene. So neither name alone
    tells the answer. Pairs that are neither clear markers nor clearly none are left out.

    Args:
        sections: Files or folders with sections, as paths or with their options.
        simulator: Made-up sections instead of files; the seed is that of the data module.
        markers: Table with the columns gene, region and is_marker, comma- or tab-separated, that says which
            genes are markers; None computes them.
        questions: Kinds of questions; None asks ``choice/marker_gene`` alone.
        thresholds: What makes a marker.
        rendering: How sections are drawn.
        wording: How it is asked.
        split_by: What the held-out test holds out: ``gene``, ``section`` or ``both``.
        val_fraction: Share of genes for validation, in (0, 1).
        held_out_fraction: Share of genes, or sections, or of each, for the held-out test, in (0, 1).
        max_genes: Most genes of a section that are asked about, taken from its regions in turn, > 0; None
            for all. Extra pairs are not counted.
        extra_pairs_per_region: Further yes/no training pairs of a region in each section, >= 0; with them
            regions stay even, but genes do not: some have one answer alone. What is tested stays matched.
        max_val: Most validation questions of a section, > 0; None for all.
        max_held_out: Most held-out questions of a section, > 0; None for all.
        max_memorised: Most training questions of a section asked again in the test, >= 0; None for all.
        allow_shared_entities: Do not refuse splits that share a gene, picture or section.
        encoding: How samples become tokens.
        batching: How samples become batches.
        images: How pictures reach the model.
        seed: Seed of simulation, splits, questions and batches, >= 0.
        cache_dir: Folder of the prepared stores and pictures; None takes the user's cache.

    Raises:
        ConfigError: If an option is out of range or no known choice.
    """

    def __init__(
        self,
        sections: list[Path | SectionSource] | None = None,
        simulator: SimulatorConfig | None = None,
        markers: Path | None = None,
        questions: list[QuestionKind] | None = None,
        thresholds: MarkerThresholds | None = None,
        rendering: SpatialRendering | None = None,
        wording: MarkerWording | None = None,
        split_by: SplitBy = "gene",
        val_fraction: float = 0.1,
        held_out_fraction: float = 0.2,
        max_genes: int | None = None,
        extra_pairs_per_region: int = 0,
        max_val: int | None = 500,
        max_held_out: int | None = None,
        max_memorised: int | None = 200,
        allow_shared_entities: bool = False,
        encoding: EncodingConfig | None = None,
        batching: BatchingConfig | None = None,
        images: ImagesConfig | None = None,
        seed: int = 0,
        cache_dir: Path | None = None,
    ) -> None:
        super().__init__(encoding=encoding, batching=batching, images=images, seed=seed, cache_dir=cache_dir)
        self.inputs = MarkerInputs(sections, simulator, seed)
        self.markers = markers
        self.questions: tuple[QuestionKind, ...] = tuple(dict.fromkeys(questions or [CHOICE]))
        self.thresholds = thresholds or MarkerThresholds()
        self.rendering = rendering or SpatialRendering()
        self.wording = wording or MarkerWording()
        self.split_by = split_by
        self.val_fraction = val_fraction
        self.held_out_fraction = held_out_fraction
        self.max_genes = max_genes
        self.extra_pairs_per_region = extra_pairs_per_region
        self.caps = {TRAIN: None, VAL: max_val, HELD_OUT: max_held_out, MEMORISED: max_memorised}
        self.allow_shared_entities = allow_shared_entities
        self._check()

    def _check(self) -> None:
        for part in (self.inputs, self.thresholds, self.rendering, self.wording):
            part.check()
        check_choices(
            [
                ("split_by", self.split_by, get_args(SplitBy)),
                *(("question kind", kind, get_args(QuestionKind)) for kind in self.questions),
            ]
        )
        checked_fractions(self.val_fraction, self.held_out_fraction)
        check_counts(
            [
                ("max_genes", self.max_genes, 1),
                ("max_val", self.caps[VAL], 1),
                ("max_held_out", self.caps[HELD_OUT], 1),
                ("max_memorised", self.caps[MEMORISED], 0),
                ("extra_pairs_per_region", self.extra_pairs_per_region, 0),
            ]
        )

    def source_files(self) -> list[Path]:
        """The files of the sections, the marker table and the gene names."""
        return [*self.inputs.files(), *([self.markers] if self.markers is not None else [])]

    def data_facts(self) -> DataFacts:
        """Terms of the files, and what samples are about, for the data card."""
        return source_facts(self.source_files(), ("gene", "region", "section"))

    def options(self) -> Mapping[str, object]:
        """What determines the samples besides the contents of the files."""
        return {
            "sections": self.inputs.origins(),
            "table": self.markers is not None,
            "questions": self.questions,
            "thresholds": asdict(self.thresholds),
            "rendering": asdict(self.rendering),
            "wording": asdict(self.wording),
            "split_by": self.split_by,
            "fractions": [self.val_fraction, self.held_out_fraction],
            "max_genes": self.max_genes,
            "extra_pairs_per_region": self.extra_pairs_per_region,
            "caps": self.caps,
            "allow_shared_entities": self.allow_shared_entities,
        }

    def build_samples(self) -> Mapping[str, Iterable[Sample]]:
        """Samples by split, their pictures drawn; what the splits share is checked."""
        rng = np.random.default_rng(self.seed)
        inputs = self.inputs.read()
        markers = self._find([own.section for own in inputs])
        split = self._split(inputs, markers)
        colours: dict[str, str] = {}
        if self.rendering.region_map:
            colours = region_colours(region for found in markers for region in found.regions)
        asked: dict[str, list[AskedSection]] = {name: [] for name in (TRAIN, VAL, HELD_OUT, MEMORISED)}
        for own, found in zip(inputs, markers, strict=True):
            pairs = self._pairs(found, split, rng)
            genes = sorted({found.genes[g] for some in pairs.values() for g in np.flatnonzero(some.genes)})
            legend = {region: colour for region, colour in colours.items() if region in found.regions}
            pictures = self._draw(own, genes, legend)
            groups = {gene: split.group(own.section.name, gene) for gene in genes}
            for name, some in pairs.items():
                asked[name].append(AskedSection(found, some, pictures, groups, legend))
        samples = {name: self._samples(sections, name) for name, sections in asked.items()}
        _check_filled(samples)
        if not self.allow_shared_entities:
            check_samples(samples, self.split_by)
        return samples

    def _find(self, sections: Sequence[Section]) -> list[SectionMarkers]:
        if self.markers is None:
            return [find_markers(section, self.thresholds) for section in sections]
        table = read_marker_table(self.markers)
        return [markers_from_table(section, self.thresholds, table) for section in sections]

    def _split(self, inputs: Sequence[SectionInput], markers: Sequence[SectionMarkers]) -> MarkerSplit:
        marked: dict[str, set[str]] = {gene: set() for found in markers for gene in found.genes}
        for found in markers:
            for gene, region in found.markers():
                marked[gene].add(region)
        return MarkerSplit(
            marked,
            gene_groups(own.section for own in inputs),
            {own.section.name: own.group for own in inputs},
            self.split_by,
            self.val_fraction,
            self.held_out_fraction,
            self.seed,
        )

    def _pairs(self, found: SectionMarkers, split: MarkerSplit, rng: np.random.Generator) -> dict[str, Pairs]:
        """Pairs that are asked about in each split."""
        possible = Pairs(found.verdicts == MARKER, found.verdicts == NO_MARKER)
        chosen = np.ones(len(found.genes), dtype=bool)
        if self.max_genes is not None:
            chosen = genes_of_every_region(possible.yes, self.max_genes, rng)
        splits = np.array([split.of(found.section, gene) for gene in found.genes], dtype=object)
        pairs = {}
        for name in (TRAIN, VAL, HELD_OUT):
            own = possible.of_genes(np.asarray(splits == name))
            pairs[name] = fewer_pairs(matched_pairs(own.of_genes(chosen), rng), self.caps[name], rng)
            if name == TRAIN:
                pairs[MEMORISED] = fewer_pairs(pairs[TRAIN], self.caps[MEMORISED], rng)
                extra = extra_pairs(own.without(pairs[TRAIN]), self.extra_pairs_per_region, rng)
                pairs[TRAIN] = pairs[TRAIN].joined(extra)
        return pairs

    def _draw(self, own: SectionInput, genes: Iterable[str], legend: Mapping[str, str]) -> dict[str, Path]:
        library_size = self.thresholds.library_size
        parts = {
            "section": own.section.name,
            "origin": own.origin,
            "rendering": asdict(self.rendering),
            "legend": legend,
            "library_size": library_size,
            # Pictures of an older version of the code are not taken for new ones.
            "code": code_digest(type(self), VisionDataModule),
        }
        folder = self.image_folder("marker_gene", parts)
        return draw_genes(own.section, genes, folder, self.rendering, legend, library_size)

    def _samples(self, asked: Iterable[AskedSection], split: str) -> list[Sample]:
        rng = random.Random(f"{self.seed}/{split}")
        return [sample for own in asked for sample in own.samples(self.questions, self.wording, rng)]


def _check_filled(samples: Mapping[str, Sequence[Sample]]) -> None:
    empty = [name for name in (TRAIN, VAL, HELD_OUT) if not samples[name]]
    if empty:
        counts = ", ".join(f"{name} {len(own)}" for name, own in samples.items())
        raise ConfigError(
            f"Every split must have questions, and {' and '.join(empty)} has none (questions: {counts}). The "
            "markers must spread over two regions or more; loosen the thresholds, set "
            "extra_pairs_per_region, or add sections."
        )
