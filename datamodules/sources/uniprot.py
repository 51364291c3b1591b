"""UniProt: every reader of its files, and their records, under one roof."""

from datamodules.sources.cross_reference import CrossReference
from datamodules.sources.uniprot_disease import ProteinDisease, parse_diseases
from datamodules.sources.uniprot_flat import read_protein_flat_file
from datamodules.sources.uniprot_json import read_protein_json
from datamodules.sources.uniprot_record import CROSS_REFERENCE_DATABASES, GoAnnotation, ProteinRecord
from datamodules.sources.uniprot_table import COLUMNS, read_protein_table
from datamodules.sources.uniprot_vocabulary import VocabularyDisease, read_disease_vocabulary

__all__ = [
    "COLUMNS",
    "CROSS_REFERENCE_DATABASES",
    "CrossReference",
    "GoAnnotation",
    "ProteinDisease",
    "ProteinRecord",
    "VocabularyDisease",
    "parse_diseases",
    "read_disease_vocabulary",
    "read_protein_flat_file",
    "read_protein_json",
    "read_protein_table",
]
