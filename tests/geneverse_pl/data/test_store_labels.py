import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from geneverse_pl.data.encoded import EncodedSample
from geneverse_pl.data.store import StoreWriter, TokenStore
from geneverse_pl.data.store import labels as store_labels
from geneverse_pl.data.store.labels import entity_number, label_text
from geneverse_pl.exceptions import StoreError

ABOUT: list[dict[str, object]] = [
    {"kind": "relation/x", "source": ["HPO", "OMIM"], "subject": "OMIM:1", "group": "g1", "level": 2},
    {"kind": "list/x", "source": "HPO", "subject": "OMIM:2", "group": "g1"},
    {},
    {"kind": "relation/x", "group": "g1", "level": "two"},
    {"kind": "relation/ß", "source": "HPO", "subject": "OMIM:1", "level": 2},
]


def write(path: Path, about: list[dict[str, object]], split: str = "train") -> Path:
    ids = np.array([1, 2], np.int32)
    with StoreWriter(path, {}, [split]) as writer:
        for metadata in about:
            writer.append(split, EncodedSample(ids, ids > 1, metadata=metadata))
    return path


def test_kinds_sources_and_entities_are_columns(tmp_path: Path) -> None:
    split = TokenStore(write(tmp_path / "a.h5", ABOUT)).split("train")
    kinds, sources = split.labels("kind"), split.labels("source")
    assert kinds.names == ("relation/x", "list/x", "", "relation/ß")
    assert kinds.codes.tolist() == [0, 1, 2, 0, 3]
    assert [sources.names[code] for code in sources.codes] == ["HPO+OMIM", "HPO", "", "", "HPO"]
    entities = split.entities.tolist()
    assert entities[0] == entities[4] != entities[1]
    assert entities[2] == -1
    assert entities[3] == entity_number({"subject": "g1"}) != entities[0]


def test_another_key_is_read_from_the_metadata(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geneverse_pl.data.store.reader._SCANNED_SAMPLES", 2)
    split = TokenStore(write(tmp_path / "a.h5", ABOUT)).split("train")
    levels = split.labels("level")
    assert levels.names == ("2", "", "two")
    assert levels.codes.tolist() == [0, 1, 1, 2, 0]
    assert split.labels("nothing").names == ("",)
    assert TokenStore(write(tmp_path / "b.h5", [])).split("train").labels("level").codes.tolist() == []


def test_too_many_names_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_labels, "_MAX_NAMES", 3)
    about: list[dict[str, object]] = [{"source": f"s{number % 5}"} for number in range(10)]
    split = TokenStore(write(tmp_path / "a.h5", about)).split("train")
    assert split.labels("source").names == ("s0", "s1", "s2")
    assert split.labels("source").codes.tolist() == [0, 1, 2, -1, -1, 0, 1, 2, -1, -1]


def test_values_as_names() -> None:
    assert [label_text(value) for value in ("a", None, 3, True, ["a", 1], {"b": 1})] == [
        "a",
        "",
        "3",
        "true",
        "a+1",
        json.dumps({"b": 1}),
    ]


def test_a_column_of_another_length_is_damage(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5", ABOUT)
    with h5py.File(path, "r+") as file:
        file["splits/train/kinds"].resize(3, axis=0)
    with pytest.raises(StoreError, match="splits/train/kinds must have 5 entries, has 3"):
        TokenStore(path)
