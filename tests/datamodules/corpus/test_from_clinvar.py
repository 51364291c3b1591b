"""Conditions of ClinVar that are none."""

from collections import Counter
from pathlib import Path

import pytest

from datamodules.corpus.from_clinvar import condition_entity, variants
from datamodules.corpus.statements import Linked, PassedOver
from tests.datamodules.corpus.toy_sources import variant
from tests.datamodules.sources.test_clinvar import variants as table


@pytest.mark.parametrize(
    ("name", "concept"),
    [
        ("Inborn genetic diseases", "C0950123"),
        ("Hereditary disease", "C0019247"),
        ("Genetic diseases, inborn", "C0950123"),
        ("hereditary disease", None),
    ],
)
def test_what_stands_for_any_disease_is_none(name: str, concept: str | None) -> None:
    assert condition_entity(name, [("MedGen", concept), ("MONDO", "MONDO:0003847")]) is None


def test_it_is_counted_where_it_would_give_a_link(tmp_path: Path) -> None:
    path = tmp_path / "variant_summary.txt"
    ids, names = "MedGen:C0950123|OMIM:100200", "Inborn genetic diseases|Beta syndrome"
    path.write_text(table(variant(1, ids, names, "Pathogenic"), variant(2, ids, names, "Benign")))
    said = list(variants(path))
    reasons = Counter(one.reason for one in said if isinstance(one, PassedOver))
    assert reasons["no condition is named"] == 1
    assert [one.object for one in said if isinstance(one, Linked)] == ["OMIM:100200"]
