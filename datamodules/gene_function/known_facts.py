"""What is known of a gene as lines that a text can be written from."""

from collections.abc import Iterator, Mapping
from typing import Any

from geneverse_pl.data.records import Sample

_NAMES = {
    "symbol": "Symbol",
    "name": "Full name",
    "gene_type": "Gene type",
    "chromosomes": "Chromosome",
    "map_location": "Location",
    "aliases": "Aliases",
}
_BRANCHES = {"Function": "Molecular functions", "Process": "Processes", "Component": "Places in the cell"}


def facts_of(sample: Sample, most: int) -> str:
    """The facts on the gene of a sample; its answer where the sample holds none.

    Args:
        sample: A question about a gene.
        most: Most items of a list, > 0.
    """
    truth = sample.metadata.get("truth")
    if not isinstance(truth, Mapping):
        return sample.answer
    return "\n".join([*_lines(truth, most), f"Summary: {sample.answer}"])


def _lines(truth: Mapping[str, Any], most: int) -> Iterator[str]:
    for key, name in _NAMES.items():
        value = truth.get(key)
        if value:
            yield f"{name}: {', '.join(value[:most]) if isinstance(value, list) else value}"
    for branch, name in _BRANCHES.items():
        terms = truth.get("go", {}).get(branch, [])
        if terms:
            yield f"{name}: {_told(terms, most)}"
    if truth.get("diseases"):
        yield f"Diseases: {_told(truth['diseases'], most, with_ids=True)}"
    if truth.get("phenotypes"):
        yield f"Phenotypes: {_told(truth['phenotypes'], most)}"


def _told(pairs: list[list[str]], most: int, *, with_ids: bool = False) -> str:
    return "; ".join(f"{name} ({key})" if with_ids else name for key, name in pairs[:most])
