"""The terms of the Human Phenotype Ontology and their hierarchy."""

from typing import ClassVar

from datamodules.sources.term_hierarchy import TermHierarchy

PHENOTYPIC_ABNORMALITY = "HP:0000118"


class Ontology(TermHierarchy):
    """The terms of the Human Phenotype Ontology.

    It answers what :class:`~datamodules.sources.term_hierarchy.TermHierarchy` does, and is made the same way.
    """

    vocabulary: ClassVar[str] = "HPO"

    def is_phenotypic_abnormality(self, term_id: str) -> bool:
        """Whether a term lies below HP:0000118: not an inheritance, onset, frequency, course or modifier.

        HP:0000118 itself says only that something is abnormal; it counts as none.

        Raises:
            UnknownTermError: If the id stands for no current term.
        """
        return PHENOTYPIC_ABNORMALITY in self.ancestors(term_id)
