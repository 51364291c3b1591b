"""Statements of the files of ClinVar."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from datamodules.corpus.identifiers import EntityKind, RelationKind, known, named, vocabulary
from datamodules.corpus.statements import Linked, Named, PassedOver, Statement, texts
from datamodules.sources.clinvar_fields import Condition
from datamodules.sources.clinvar_genes import read_gene_conditions
from datamodules.sources.clinvar_variants import read_variants

# What submitters write where they name no condition, and the concepts that MedGen keeps for it.
# "Inborn genetic diseases" and "hereditary disease" are all that genes can cause, so they tell of none.
_NO_CONDITION = (
    *("not provided", "not specified", "none provided", "see cases"),
    *("inborn genetic diseases", "hereditary disease"),
)
_NO_CONCEPT = (
    *("MEDGEN:C3661900", "MEDGEN:CN169374", "MEDGEN:CN517202", "MEDGEN:CN235283"),
    *("MEDGEN:C0950123", "MEDGEN:C0019247"),
)
_MANY_CONDITIONS = re.compile(r"[0-9]+ conditions")
_CAUSING = ("pathogenic", "likely pathogenic")
_OF_DISEASES = ("MONDO", "OMIM", "ORPHA")

_RELATIONS: dict[EntityKind, RelationKind] = {"disease": "gene_disease", "phenotype": "gene_phenotype"}


def gene_conditions(path: Path) -> Iterator[Statement]:
    """Genes and conditions: associated through variants that cause them, or related in another way."""
    for row in read_gene_conditions(path):
        pairs = [
            ("MedGen", row.concept_id),
            (row.source_name or "", row.source_id),
            ("OMIM", row.disease_mim),
        ]
        entity = condition_entity(row.disease_name, pairs)
        if entity is None:
            yield PassedOver("no condition is named")
            continue
        yield entity
        gene = f"NCBIGene:{row.gene_id}"
        symbols = row.associated_genes or row.related_genes
        if len(symbols) == 1:
            yield Named("gene", (gene,), symbols)
        said = "associated" if row.associated_genes else "related"
        yield Linked(_RELATIONS[entity.kind], gene, entity.ids[0], row.line, said)


def variants(path: Path) -> Iterator[Statement]:
    """Genes and the conditions that pathogenic variants in them cause.

    The ids of the conditions of all variants are taken. Variants in several genes link none, as it is not
    known which of them matters.
    """
    for row in read_variants(path):
        significance = row.clinical_significance or ""
        links = row.gene_id is not None and significance.casefold().startswith(_CAUSING)
        for condition in row.conditions:
            entity = _entity(condition)
            if entity is None:
                if links:
                    yield PassedOver("no condition is named")
                continue
            yield entity
            if links:
                relation = _RELATIONS[entity.kind]
                yield Linked(relation, f"NCBIGene:{row.gene_id}", entity.ids[0], row.line, significance)
        if not links:
            yield PassedOver("a variant that is not pathogenic, or not of one gene")


def condition_entity(name: str | None, pairs: Iterable[tuple[str, str | None]]) -> Named | None:
    """The entity that a condition is, or None if none is meant.

    What has an entry among diseases is a disease; what has only a term of the HPO is a phenotype. A disease
    is not equated with a term of the HPO that stands beside it.

    Args:
        name: Its name, if it has one.
        pairs: Its ids, as database and id.
    """
    pairs = list(pairs)
    diseases, phenotypes = known("disease", pairs), known("phenotype", pairs)
    if (name or "").casefold() in _NO_CONDITION or set(diseases) & set(_NO_CONCEPT):
        return None
    if name and _MANY_CONDITIONS.fullmatch(name):
        # Of so many the file names none.
        name = None
    is_disease = any(vocabulary(one) in _OF_DISEASES for one in diseases)
    if not is_disease and any(vocabulary(one) == "HP" for one in phenotypes):
        return Named("phenotype", phenotypes, texts([name]))
    if not diseases and not name:
        return None
    return Named("disease", diseases or (named(name or ""),), texts([name]))


@lru_cache(maxsize=100_000)
def _entity(condition: Condition) -> Named | None:
    return condition_entity(condition.name, [(one.database, one.id) for one in condition.ids])
