"""The relation table: what it implies and its JSON form."""

import pytest

from geneverse_pl.evaluation.relation_table import RelationTable
from geneverse_pl.exceptions import ConfigError

TABLE = RelationTable(
    relation="disease_phenotype",
    subjects={"d1": "Alpha syndrome 1", "d2": "Beta dystrophy"},
    objects={"focal": "Focal seizure", "ataxia": "Ataxia"},
    pairs={"d1": ["focal", "ataxia"], "d2": ["ataxia"]},
    ancestors={"focal": ["seizure", "nervous"], "ataxia": ["nervous"]},
    groups={"d1": "g1"},
)


def test_degrees_count_subjects_and_implied_adds_ancestors() -> None:
    assert TABLE.degrees["ataxia"] == 2
    assert TABLE.degrees["focal"] == 1
    assert TABLE.degrees["seizure"] == 0
    assert TABLE.implied("d1") == {"focal", "ataxia", "seizure", "nervous"}
    assert TABLE.implied("d2") == {"ataxia", "nervous"}
    assert TABLE.implied("unknown") == frozenset()


def test_repeated_pairs_count_once() -> None:
    table = RelationTable("r", {"s": "S"}, {"o": "O"}, {"s": ["o", "o"]})
    assert table.degrees["o"] == 1


def test_json_round_trip() -> None:
    assert RelationTable.from_json(TABLE.to_json()) == TABLE
    assert RelationTable.from_json(TABLE.to_json()).to_json() == TABLE.to_json()


@pytest.mark.parametrize("text", ["{", "[]", "3", '{"relation": "r"}', '{"relation": "r", "colour": 1}'])
def test_foreign_json_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="A relation table must be a JSON object with the keys relation"):
        RelationTable.from_json(text)


def test_pairs_must_be_named() -> None:
    with pytest.raises(ConfigError, match="every subject of pairs must be in subjects, 's2' is not"):
        RelationTable("r", {"s": "S"}, {"o": "O"}, {"s2": ["o"]})
    with pytest.raises(ConfigError, match="every object of pairs must be in objects, 'p' is not"):
        RelationTable("r", {"s": "S"}, {"o": "O"}, {"s": ["p"]})
    with pytest.raises(ConfigError, match="names of subjects must not be blank, that of 's' is"):
        RelationTable("r", {"s": " "}, {"o": "O"}, {})
