"""Statements of the files of OMIM."""

from collections.abc import Iterator
from pathlib import Path

from datamodules.corpus.identifiers import EntityKind, known
from datamodules.corpus.statements import (
    Linked,
    Meaning,
    Named,
    PassedOver,
    Release,
    Retired,
    Statement,
    texts,
)
from datamodules.sources.omim_entries import EntryType, Prefix, Title, read_mim2gene, read_mim_titles
from datamodules.sources.omim_maps import read_gene_map, read_morbid_map
from datamodules.sources.omim_phenotype import Phenotype
from datamodules.sources.tables import read_comments

_GENERATED = "Generated:"
_TYPES: dict[EntryType, tuple[EntityKind, ...]] = {
    "gene": ("gene",),
    "gene/phenotype": ("gene", "disease"),
    "phenotype": ("disease",),
    "predominantly phenotypes": ("disease",),
}
_PREFIXES: dict[Prefix, tuple[EntityKind, ...]] = {
    "Asterisk": ("gene",),
    "Plus": ("gene", "disease"),
    "Number Sign": ("disease",),
    "Percent": ("disease",),
    "NULL": ("disease",),
}


def mim2gene(path: Path) -> Iterator[Statement]:
    """Entries: what they are about, and the gene that an entry on a gene belongs to."""
    yield from _release(path)
    for row in read_mim2gene(path):
        mim = f"OMIM:{row.mim_number}"
        if row.entry_type == "moved/removed":
            yield Retired(mim)
            continue
        kinds = _TYPES[row.entry_type]
        yield Meaning(mim, kinds)
        if "disease" in kinds:
            yield Named("disease", (mim,))
        # A phenotype's gene is a locus that NCBI made for the phenotype itself.
        if "gene" in kinds:
            pairs = [("OMIM", row.mim_number), ("NCBIGene", row.gene_id)]
            pairs += [("Ensembl", one) for one in row.ensembl_ids]
            yield Named("gene", known("gene", pairs), texts([row.gene_symbol]))


def mim_titles(path: Path) -> Iterator[Statement]:
    """Titles of entries, and where moved ones went."""
    yield from _release(path)
    for row in read_mim_titles(path):
        mim = f"OMIM:{row.mim_number}"
        if not row.is_current:
            yield Retired(mim, tuple(f"OMIM:{number}" for number in row.moved_to))
            continue
        kinds = _PREFIXES[row.prefix]
        yield Meaning(mim, kinds)
        symbols = row.preferred.symbols
        others = _words(row.alternatives)
        if "gene" in kinds:
            yield Named("gene", (mim,), symbols[:1], texts([*symbols[1:], row.preferred.name, *others]))
        if "disease" in kinds:
            yield Named("disease", (mim,), (row.preferred.name,), texts([*symbols, *others]))


def gene_map(path: Path) -> Iterator[Statement]:
    """Genes and the phenotypes with an entry of their own; other loci have no gene."""
    yield from _release(path)
    for row in read_gene_map(path):
        if row.gene_id is None:
            yield from (PassedOver("a locus without a gene") for _ in row.phenotypes)
            continue
        pairs = [("NCBIGene", row.gene_id), ("OMIM", row.mim_number), ("Ensembl", row.ensembl_gene_id)]
        aliases = texts([*row.symbols, row.name])
        yield Named("gene", known("gene", pairs), texts([row.approved_symbol]), aliases)
        yield from _links(f"NCBIGene:{row.gene_id}", row.mim_number, row.phenotypes, row.line)


def morbid_map(path: Path) -> Iterator[Statement]:
    """Genes and phenotypes; the gene goes by its entry of OMIM."""
    yield from _release(path)
    for row in read_morbid_map(path):
        gene = f"OMIM:{row.mim_number}"
        yield Named("gene", (gene,), row.symbols[:1], row.symbols[1:])
        yield from _links(gene, row.mim_number, row.phenotypes, row.line)


def _links(gene: str, locus_mim: str, phenotypes: tuple[Phenotype, ...], line: int) -> Iterator[Statement]:
    for phenotype in phenotypes:
        if phenotype.mim is None or phenotype.mim == locus_mim:
            yield PassedOver("a phenotype without an entry of its own")
            continue
        disease = f"OMIM:{phenotype.mim}"
        yield Named("disease", (disease,), (phenotype.name,))
        yield Linked("gene_disease", gene, disease, line, _assertion(phenotype))


def _assertion(phenotype: Phenotype) -> str:
    marks = {
        "susceptibility": phenotype.susceptibility,
        "non-disease": phenotype.non_disease,
        "provisional": phenotype.provisional,
    }
    return ", ".join([f"mapping key {phenotype.key}", *(name for name, holds in marks.items() if holds)])


def _words(titles: tuple[Title, ...]) -> list[str]:
    return [word for title in titles for word in (title.name, *title.symbols)]


def _release(path: Path) -> Iterator[Statement]:
    for comment in read_comments(path):
        if comment.startswith(_GENERATED):
            yield Release(comment.removeprefix(_GENERATED).strip())
