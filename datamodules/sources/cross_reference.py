"""A pointer from an entry of one database into another."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class CrossReference:
    """An entry of another database.

    Args:
        database: Its name, such as ``MIM`` or ``GeneID``.
        id: The entry's id there, as the file has it.
        kind: What the entry is, such as ``gene`` or ``phenotype``; None where the file does not say. Not part
            of equality, as some formats of the same data leave it out.
    """

    database: str
    id: str
    kind: str | None = field(default=None, compare=False)
