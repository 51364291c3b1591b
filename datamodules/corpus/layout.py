"""The tables of a corpus file, and what tells such a file."""

FORMAT = "geneverse_pl corpus"
SCHEMA_VERSION = 2

#: The tables, which are what an export writes; ``about`` tells the format.
TABLES = (
    "entities",
    "identifiers",
    "relations",
    "evidence",
    "texts",
    "conflicts",
    "passed_over",
    "sources",
)
