"""The folder of an index: whole or not at all, equal for equal passages, checked when it is opened."""

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from geneverse_pl.exceptions import ConfigError, DataFormatError
from geneverse_pl.retrieval import Passage, Retriever, build_index, read_passages, write_passages
from geneverse_pl.retrieval import lexical as lexical_module
from geneverse_pl.retrieval.index import index_digest
from tests.geneverse_pl.retrieval.conftest import PASSAGES, CountingEncoder


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_order_of_the_passages_makes_no_difference(tmp_path: Path) -> None:
    mixed = random.Random(1).sample(PASSAGES, len(PASSAGES))
    first, second = build_index(PASSAGES, tmp_path / "a"), build_index(mixed, tmp_path / "b")
    assert files(first) == files(second)
    other = build_index(PASSAGES[1:], tmp_path / "c")
    assert index_digest(first) == index_digest(second) != index_digest(other)
    assert [Retriever.load(second).passage(place) for place in range(len(PASSAGES))] == sorted(
        PASSAGES, key=lambda one: one.id
    )


def test_a_failed_build_leaves_the_former_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = build_index(PASSAGES, tmp_path / "index")
    before = files(folder)

    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(lexical_module.LexicalIndex, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        build_index(PASSAGES[:2], folder)
    monkeypatch.undo()
    assert files(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["index"]
    build_index(PASSAGES[:2], folder)
    assert len(Retriever.load(folder)) == 2


def test_other_folders_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ConfigError, match="a folder of its own, and .* holds something else"):
        build_index(PASSAGES, tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
    (tmp_path / "manifest.json").write_text('{"format": "a web page"}')
    with pytest.raises(ConfigError, match="holds something else"):
        build_index(PASSAGES, tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
    with pytest.raises(ConfigError, match="An index must get a folder that can be written"):
        build_index(PASSAGES, tmp_path / "thesis.txt" / "index")


def test_two_passages_of_one_id(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must differ, and two have 'x'"):
        build_index([Passage("x", "", ""), Passage("x", "", "other")], tmp_path / "index")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    ["passages.jsonl", "offsets.npy", "name_hashes.npy", "name_places.npy", "vectors.npy",
     "bm25/data.csc.index.npy", "bm25/vocab.index.json"],
)  # fmt: skip
def test_damage_is_found(name: str, tmp_path: Path) -> None:
    folder = build_index(PASSAGES, tmp_path / "index", "x", load_encoder=lambda _: CountingEncoder())
    path = folder / name
    whole = path.read_bytes()
    for damaged in (whole[:-3], whole[:-1] + bytes([whole[-1] ^ 1])):
        path.write_bytes(damaged)
        with pytest.raises(DataFormatError, match=r"is not as it was when the index was built\. Build"):
            Retriever.load(folder)
    path.unlink()
    with pytest.raises(DataFormatError, match="must be there, it is a part of an index"):
        Retriever.load(folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not of an index of passages"),
        ("[]", "is not of an index of passages"),
        ('{"format": "x", "version": 2, "encoder": null, "files": {}}', "must be of an index of version 2"),
    ],
)
def test_foreign_manifests(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(DataFormatError, match=message):
        Retriever.load(tmp_path)


def test_no_index_and_another_version(tmp_path: Path) -> None:
    with pytest.raises(DataFormatError, match="must be an index of passages, and there is none"):
        Retriever.load(tmp_path / "none")
    folder = build_index(PASSAGES, tmp_path / "index")
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"version": 0}))
    with pytest.raises(DataFormatError, match="must be of an index of version 2, got 0"):
        Retriever.load(folder)


def test_the_library_is_asked_for_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "bm25s", None)
    with pytest.raises(ConfigError, match=r"pip install 'geneverse_pl\[retrieval\]'"):
        build_index(PASSAGES, tmp_path / "index")


@pytest.mark.parametrize("name", ["passages.jsonl", "made/passages.jsonl"])
def test_passages_come_back(name: str, tmp_path: Path) -> None:
    odd = Passage("a\u2028b", 'quote "', "line\nbreak \u0085 and é", ("x",), ("y:1",), "z")
    write_passages([*PASSAGES, odd], tmp_path / name)
    assert list(read_passages(tmp_path / name)) == [*PASSAGES, odd]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2 is no passage"),
        ("[1]", "line 2 is no passage .*must be an object"),
        ('{"id": "a"}', "must have a text under text"),
        ('{"text": "a"}', "must have a text under id"),
        ('{"id": "", "text": "a"}', "must have a text under id"),
        ('{"id": "a", "text": "b", "names": "c"}', "must have a list of texts under names, got 'c'"),
        ('{"id": "1", "text": "b"}', "line 2 has the id '1' of line 1, and ids must differ"),
    ],
)
def test_damaged_passages(line: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "passages.jsonl"
    path.write_text('{"id": "1", "text": "one"}\n' + line + "\n")
    with pytest.raises(DataFormatError, match=message):
        list(read_passages(path))


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(DataFormatError, match="does not exist, expected a file of passages"):
        list(read_passages(tmp_path / "none.jsonl"))
    with pytest.raises(DataFormatError, match="is a folder, expected a file of passages"):
        list(read_passages(tmp_path))
    (tmp_path / "bad.jsonl.gz").write_bytes(b"no gzip")
    with pytest.raises(DataFormatError, match="cannot be read as UTF-8 text"):
        list(read_passages(tmp_path / "bad.jsonl.gz"))


def test_answers_are_the_same_after_loading_again(make_retriever: Callable[..., Retriever]) -> None:
    first = make_retriever(dense=True)
    again = Retriever.load(first.folder, lambda _: CountingEncoder())
    for question in ("WAS", "eczema", "tall eyes", "MFS"):
        assert first.search(question, 5) == again.search(question, 5)
