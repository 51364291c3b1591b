"""Reads ``hp.obo``, the Human Phenotype Ontology in OBO format 1.2."""

from pathlib import Path

from datamodules.sources.hpo_fields import parse_hpo_id
from datamodules.sources.hpo_ontology import Ontology
from datamodules.sources.obo_terms import read_terms


def read_ontology(path: str | Path) -> Ontology:
    """The terms of ``hp.obo``. Terms and parents with ids of other ontologies are passed over.

    Args:
        path: The file, plain or gzip.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file is not as :func:`~datamodules.sources.obo_terms.read_terms` wants it.
    """
    return Ontology(*read_terms(path, "HP:", parse_hpo_id))
