"""Which split a gene of a section belongs to, and the check that nothing leaks."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
from scipy import sparse

from datamodules.sources.spatial import Section
from geneverse_pl.data.datamodule import HELD_OUT, TRAIN, VAL
from geneverse_pl.data.records import Sample
from geneverse_pl.data.store import file_digest
from geneverse_pl.evaluation.splits import assign_groups, check_leakage, connected_groups
from geneverse_pl.exceptions import ConfigError

SplitBy = Literal["gene", "section", "both"]


class MarkerSplit:
    """Puts genes, sections, or both into splits.

    - ``gene``: held-out genes, in the sections that are trained on.
    - ``section``: held-out sections, with all their genes.
    - ``both``: held-out genes in held-out sections. The other two combinations are left out.

    Validation genes lie in the sections that are trained on in all cases: sections are few. Genes are split
    region by region, so that one with few markers has some in every split.

    Args:
        genes: Gene to the regions that it marks in any section; none for other genes.
        gene_groups: Gene to its group; genes of one group stay together.
        sections: Section to its group; sections of one group stay together.
        split_by: What is held out.
        val_fraction: Share of the genes for validation, in (0, 1).
        held_out_fraction: Share of genes, of sections, or of each for the held-out test, in (0, 1).
        seed: Seed of the split.

    Raises:
        ConfigError: If there are too few genes or groups of sections.
    """

    def __init__(
        self,
        genes: Mapping[str, Collection[str]],
        gene_groups: Mapping[str, str],
        sections: Mapping[str, str],
        split_by: SplitBy,
        val_fraction: float,
        held_out_fraction: float,
        seed: int,
    ) -> None:
        self._by = split_by
        self._gene_groups, self._section_groups = dict(gene_groups), dict(sections)
        held_out_genes = held_out_fraction if split_by != "section" else 0.0
        fractions = {TRAIN: 1 - val_fraction - held_out_genes, VAL: val_fraction, HELD_OUT: held_out_genes}
        self._genes = _split_genes(genes, gene_groups, fractions, seed)
        self._sections = dict.fromkeys(sections, TRAIN)
        if split_by != "gene":
            self._sections = _split_sections(sections, held_out_fraction, seed)

    def of(self, section: str, gene: str) -> str | None:
        """Split of a gene in a section; None where it is left out."""
        gene_split, section_split = self._genes[self._gene_groups[gene]], self._sections[section]
        if self._by == "gene":
            return gene_split
        if self._by == "section":
            return HELD_OUT if section_split == HELD_OUT else gene_split
        return gene_split if (gene_split == HELD_OUT) == (section_split == HELD_OUT) else None

    def group(self, section: str, gene: str) -> str:
        """Group of a gene in a section; a group never lies in two splits."""
        group = self._gene_groups[gene]
        return f"{self._section_groups[section]}/{group}" if self._by == "section" else group


def gene_groups(sections: Iterable[Section]) -> dict[str, str]:
    """Group of every gene: those that look alike in a section, or whose names differ in case alone.

    Two genes with the same counts have the same picture, and would carry the answer into another split.

    Args:
        sections: All sections.
    """
    edges: list[tuple[str, str]] = []
    names: dict[str, str] = {}
    genes: dict[str, None] = {}
    for section in sections:
        genes |= dict.fromkeys(section.genes)
        edges += [(gene, names.setdefault(gene.casefold(), gene)) for gene in section.genes]
        columns = sparse.csc_array(section.counts)
        columns.sort_indices()
        seen: dict[bytes, str] = {}
        for gene, (start, end) in zip(section.genes, _ranges(columns.indptr), strict=True):
            if end > start:
                parts = columns.indices[start:end].tobytes() + columns.data[start:end].tobytes()
                edges.append((gene, seen.setdefault(hashlib.blake2b(parts).digest(), gene)))
    return connected_groups(edges, genes)


def check_samples(samples: Mapping[str, Sequence[Sample]], split_by: SplitBy) -> None:
    """Refuses samples of which the held-out ones share a gene, picture or section that must be kept apart.

    Args:
        samples: Samples of the splits; those asked again of the training samples are left out.
        split_by: What is held out.

    Raises:
        LeakageError: If two splits share one.
    """
    digests: dict[str, str] = {}

    def entities(sample: Sample) -> tuple[str, ...]:
        about = sample.metadata
        found = [f"group:{sample.group}"]
        for path in map(str, sample.images):
            if path not in digests:
                digests[path] = file_digest(Path(path))
            found.append(f"picture:{digests[path]}")
        if split_by != "section":
            found.append(f"gene:{str(about['gene']).casefold()}")
        return tuple(found)

    option = "data.init_args.allow_shared_entities"
    splits = {name: samples[name] for name in (TRAIN, VAL, HELD_OUT)}
    check_leakage({name: map(entities, own) for name, own in splits.items()}, option)
    if split_by != "gene":
        # Validation shares the sections of training; what is scored must not.
        sections = {
            side: {(f"section:{sample.metadata['section']}",) for name in names for sample in splits[name]}
            for side, names in (("training", (TRAIN, VAL)), (HELD_OUT, (HELD_OUT,)))
        }
        check_leakage(sections, option)


def _ranges(indptr: Sequence[int]) -> Iterator[tuple[int, int]]:
    ends = np.asarray(indptr).tolist()
    return pairwise(ends)


def _split_genes(
    genes: Mapping[str, Collection[str]],
    groups: Mapping[str, str],
    fractions: Mapping[str, float],
    seed: int,
) -> dict[str, str]:
    """Split of each group of genes."""
    marked: defaultdict[str, set[str]] = defaultdict(set)
    for gene, regions in genes.items():
        marked[groups[gene]].update(regions)
    sizes = Counter(region for regions in marked.values() for region in regions)
    # Each group goes with its rarest region; those that mark nothing go together, under no name.
    strata: defaultdict[str, list[str]] = defaultdict(list)
    for group, regions in marked.items():
        strata[min(regions, key=lambda region: (sizes[region], region), default="")].append(group)
    wanted = {split: share for split, share in fractions.items() if share > 0}
    splits: dict[str, str] = {}
    for own in strata.values():
        if len(own) < len(wanted):
            splits |= dict.fromkeys(own, TRAIN)
        else:
            splits |= assign_groups(dict.fromkeys(own, 1), wanted, seed)
    return splits


def _split_sections(sections: Mapping[str, str], held_out_fraction: float, seed: int) -> dict[str, str]:
    groups = sorted(set(sections.values()))
    if len(groups) < 2:
        raise ConfigError(
            f"split_by must be gene where there is one section, or one group of them, got {groups}. Add a "
            "section, or set split_by=gene."
        )
    sizes = {group: sum(own == group for own in sections.values()) for group in groups}
    fractions = {TRAIN: 1 - held_out_fraction, HELD_OUT: held_out_fraction}
    of_group = assign_groups(sizes, fractions, seed)
    return {section: of_group[group] for section, group in sections.items()}
