"""Identifiers and aliases of answers, checked and corrected from a table of names and ids."""

from geneverse_pl.grounding.grounding import Change, Grounded, Unknown, ground
from geneverse_pl.grounding.records import TableEntity, TableSource
from geneverse_pl.grounding.table import Entity, GroundingTable
from geneverse_pl.grounding.writing import write_table

__all__ = [
    "Change",
    "Entity",
    "Grounded",
    "GroundingTable",
    "TableEntity",
    "TableSource",
    "Unknown",
    "ground",
    "write_table",
]
