"""Parts of the tests of gene-phenotype questions: what the tiny ontology knows, and rows to add to it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from datamodules.gene_phenotype.knowledge import Knowledge
from datamodules.gene_phenotype.merging import read_knowledge

# database id, name, qualifier, term, frequency, aspect
Annotation = tuple[str, str, str, str, str, str]


def write_annotations(folder: Path, rows: list[Annotation], onset: str = "") -> None:
    """Adds rows to ``phenotype.hpoa``."""
    with (folder / "phenotype.hpoa").open("a", encoding="utf-8") as file:
        for disease, name, qualifier, term, frequency, aspect in rows:
            cells = [
                disease,
                name,
                qualifier,
                term,
                "PMID:1",
                "PCS",
                onset,
                frequency,
                "",
                "",
                aspect,
                "HPO:x",
            ]
            file.write("\t".join(cells) + "\n")


@pytest.fixture
def add_annotations() -> Callable[..., None]:
    """:func:`write_annotations`."""
    return write_annotations


@pytest.fixture
def knowledge(tiny_hpo_folder: Path) -> Knowledge:
    """All that the tiny ontology's files say."""
    return read_knowledge(tiny_hpo_folder)
