"""From the pairs that are asked about to samples: whether a gene marks a region, and which regions."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Literal

import numpy as np

from datamodules.marker_gene.markers import AMBIGUOUS, MARKER, SectionMarkers
from datamodules.marker_gene.matching import Pairs
from geneverse_pl.data.records import IMAGE_MARK, Sample
from geneverse_pl.exceptions import ConfigError

QuestionKind = Literal["choice/marker_gene", "text/marker_regions"]
CHOICE: QuestionKind = "choice/marker_gene"
LISTING: QuestionKind = "text/marker_regions"

YES, NO = "Yes", "No"
NO_REGION = "none"
_SEPARATOR = "; "


@dataclass
class MarkerWording:
    """How it is asked. ``{gene}`` and ``{region}`` stand for the names.

    Args:
        context: What stands with the picture, before all questions about it; has ``<image>`` once.
        question: Whether a gene marks a region; names the region.
        listing: Which regions a gene marks.
    """

    context: str = "<image>\nSpatial expression of {gene}."
    question: str = "Is {gene} a marker gene of {region}?"
    listing: str = "Of which regions is {gene} a marker gene?"

    def check(self) -> None:
        """Raises a ConfigError if a text lacks what it must name, or names what is not known."""
        for name, text, allowed, needed in (
            ("context", self.context, {"gene"}, set()),
            ("question", self.question, {"gene", "region"}, {"region"}),
            ("listing", self.listing, {"gene"}, set()),
        ):
            try:
                used = {field for _, field, _, _ in Formatter().parse(text) if field is not None}
            except ValueError as error:
                raise ConfigError(
                    f"wording.{name} must have braces in pairs, got {text!r} ({error})."
                ) from None
            if not needed <= used <= allowed:
                marks = ", ".join(f"{{{field}}}" for field in sorted(allowed))
                must = " and must name {region}" if needed else ""
                raise ConfigError(f"wording.{name} may use {marks}{must}, got {text!r}.")
        if self.context.count(IMAGE_MARK) != 1 or IMAGE_MARK in self.question + self.listing:
            raise ConfigError(f"wording.context alone must have {IMAGE_MARK}, once, got {self.context!r}.")


@dataclass(frozen=True, slots=True, eq=False)
class AskedSection:
    """What is asked about a section in one split.

    Args:
        markers: Regions, genes and verdicts.
        pairs: Pairs that are asked about.
        pictures: Gene to its picture.
        groups: Gene to its split group.
        legend: Region to the name of its colour in the picture; empty where the picture has no map.
    """

    markers: SectionMarkers
    pairs: Pairs
    pictures: Mapping[str, Path]
    groups: Mapping[str, str]
    legend: Mapping[str, str]

    def samples(
        self, kinds: tuple[QuestionKind, ...], wording: MarkerWording, rng: random.Random
    ) -> Iterator[Sample]:
        """Samples gene by gene, so that questions about one picture follow each other.

        Args:
            kinds: Kinds of questions.
            wording: How it is asked.
            rng: Decides the order of the genes, and of the regions of a gene.
        """
        columns = np.flatnonzero(self.pairs.genes).tolist()
        rng.shuffle(columns)
        for column in columns:
            if CHOICE in kinds:
                yield from self._choices(column, wording, rng)
            if LISTING in kinds and not (self.markers.verdicts[:, column] == AMBIGUOUS).any():
                yield self._listing(column, wording)

    def _choices(self, column: int, wording: MarkerWording, rng: random.Random) -> Iterator[Sample]:
        rows = np.flatnonzero(self.pairs.yes[:, column] | self.pairs.no[:, column]).tolist()
        rng.shuffle(rows)
        gene, section = self.markers.genes[column], self.markers.section
        for row in rows:
            region, label = self.markers.regions[row], bool(self.pairs.yes[row, column])
            yield Sample(
                question=wording.question.format(gene=gene, region=region),
                answer=YES if label else NO,
                context=self._context(gene, wording),
                kind=CHOICE,
                group=self.groups[gene],
                choices=(YES, NO),
                images=(self.pictures[gene],),
                metadata={
                    "question_id": f"{section}/{gene}/{region}",
                    "gene": gene,
                    "region": region,
                    "section": section,
                    "label": label,
                    "probe": f"marker_gene/{section}/{region}",
                },
            )

    def _listing(self, column: int, wording: MarkerWording) -> Sample:
        gene, section = self.markers.genes[column], self.markers.section
        regions = tuple(
            region
            for region, verdict in zip(self.markers.regions, self.markers.verdicts[:, column], strict=True)
            if verdict == MARKER
        )
        return Sample(
            question=wording.listing.format(gene=gene),
            answer=_SEPARATOR.join(regions) or NO_REGION,
            context=self._context(gene, wording),
            kind=LISTING,
            group=self.groups[gene],
            gold=regions or (NO_REGION,),
            images=(self.pictures[gene],),
            metadata={"question_id": f"{section}/{gene}", "gene": gene, "section": section},
        )

    def _context(self, gene: str, wording: MarkerWording) -> str:
        context = wording.context.format(gene=gene)
        if not self.legend:
            return context
        named = ", ".join(f"{colour} {region}" for region, colour in self.legend.items())
        return f"{context} The map on the right shows the regions: {named}."
