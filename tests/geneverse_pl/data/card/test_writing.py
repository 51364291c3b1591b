"""The files of a card: whole, written once, and made again when something changed."""

import builtins
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from geneverse_pl.commands.prepare import prepare_store, write_data_card
from geneverse_pl.data.card import DataCard, DataFacts, write_card, writing
from geneverse_pl.data.card.card import data_card
from geneverse_pl.data.datamodule import TextDataModule
from geneverse_pl.data.store import TokenStore


def files(store: TokenStore) -> dict[str, int]:
    """Names and times of change of all files beside the store."""
    return {path.name: path.stat().st_mtime_ns for path in store.path.parent.iterdir()}


@pytest.fixture
def _no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cards without figures, which take most of the time."""
    monkeypatch.setattr(writing, "find_spec", lambda _: None)


def test_all_files_lie_beside_the_store(store: TokenStore) -> None:
    page = write_card(store)
    assert page == store.path.with_name("Hand-made-0123.card.md")
    pictures = {f"card_{name}.{form}" for name in ("lengths", "degrees") for form in ("png", "svg")}
    assert {name.partition(".")[2] for name in files(store)} == {"h5", "card.md", "card.json", *pictures}
    text = page.read_text(encoding="utf-8")
    for name in ("lengths", "degrees"):
        assert f"](Hand-made-0123.card_{name}.png)" in text
        with Image.open(page.with_name(f"Hand-made-0123.card_{name}.png")) as picture:
            assert picture.convert("RGB").getpixel((1, 1)) == (255, 255, 255)
    numbers = json.loads(page.with_name("Hand-made-0123.card.json").read_text(encoding="utf-8"))
    assert numbers["splits"]["train"]["num_samples"] == 7


@pytest.mark.usefixtures("_no_figures")
def test_a_card_is_made_once(store: TokenStore) -> None:
    write_card(store)
    before = files(store)
    write_card(TokenStore(store.path))
    assert files(store) == before


@pytest.mark.usefixtures("_no_figures")
def test_other_facts_make_another_card(store: TokenStore) -> None:
    page = write_card(store)
    first = page.read_text(encoding="utf-8")
    write_card(store, DataFacts(entity_fields=("subject",)))
    assert page.read_text(encoding="utf-8") != first


def test_the_same_card_has_the_same_bytes(store: TokenStore) -> None:
    folder = write_card(store).parent
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for path in folder.glob("*.card*"):
        path.unlink()
    write_card(store)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.usefixtures("_no_figures")
def test_what_was_stopped_half_way_is_made_again(store: TokenStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(DataCard, "to_markdown", stop)
        with pytest.raises(KeyboardInterrupt):
            write_card(store)
    assert not [name for name in files(store) if name.endswith((".md", ".json", ".partial"))]
    assert write_card(store).is_file()
    numbers = store.path.with_name("Hand-made-0123.card.json")
    numbers.write_text("{")
    write_card(store)
    assert json.loads(numbers.read_text(encoding="utf-8"))["card_version"] == 1


def test_without_matplotlib_the_card_says_so(store: TokenStore, monkeypatch: pytest.MonkeyPatch) -> None:
    find, load = importlib.util.find_spec, builtins.__import__

    def refuse(name: str, *arguments: Any, **options: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return load(name, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(writing, "find_spec", lambda name: None if name == "matplotlib" else find(name))
        patched.setattr(builtins, "__import__", refuse)
        page = write_card(store)
    text = page.read_text(encoding="utf-8")
    assert "matplotlib is not installed" in text
    assert "![" not in text
    write_card(store)  # once it is there, figures are drawn
    assert "![" in page.read_text(encoding="utf-8")


@pytest.fixture
def data(make_data: Callable[..., TextDataModule], make_task: Callable[..., Any]) -> TextDataModule:
    module = make_data()
    module.use_model(make_task().model_reference)
    prepare_store(module)
    return module


@pytest.mark.usefixtures("_no_figures")
def test_prepare_writes_the_card_of_a_data_module(data: TextDataModule) -> None:
    page = write_data_card(data, "org/model")
    assert page is not None
    text = page.read_text(encoding="utf-8")
    assert "| tokenizer | org/model |" in text
    assert "| template | plain |" in text
    card = data_card(data.store_path)
    assert card.splits["train"].num_samples == 24
    assert {one.kind: one.lengths.num_samples for one in card.kinds if one.split == "train"} == {
        "fact/gene_name": 6,
        "list/gene_phenotype": 6,
        "relation/gene_phenotype": 12,
    }


@pytest.mark.usefixtures("_no_figures")
def test_a_data_module_can_add_facts(data: TextDataModule) -> None:
    data.data_facts = lambda: DataFacts(("object",), settings={"release": "2024"})  # type: ignore[attr-defined]
    page = write_data_card(data)
    assert page is not None
    assert "| release | 2024 |" in page.read_text(encoding="utf-8")
    assert "subjects" not in page.read_text(encoding="utf-8")


@pytest.mark.usefixtures("_no_figures")
def test_a_folder_that_cannot_be_written_to_stops_nothing(
    data: TextDataModule, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr(Path, "write_text", refuse)
    with caplog.at_level("WARNING", "geneverse_pl"):
        assert write_data_card(data) is None
    assert "cannot be written" in caplog.text
