"""Writes a card beside its store: page, numbers and figures, each whole or not at all."""

import hashlib
import json
import logging
import uuid
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from geneverse_pl.data.card.card import CARD_VERSION, DataCard, data_card
from geneverse_pl.data.card.facts import DataFacts
from geneverse_pl.data.card.page import DEGREES, LENGTHS
from geneverse_pl.data.store import TokenStore
from geneverse_pl.data.store.layout import PARTIAL_SUFFIX

logger = logging.getLogger(__name__)

_MADE_FROM = "made_from"
_FORMATS = ("png", "svg")
_NO_FIGURES = (
    "*Without figures, as matplotlib is not installed: install `geneverse_pl[spatial]` and prepare again.*"
)


def card_path(store: Path) -> Path:
    """Where the page of a store's card lies.

    Args:
        store: The store.
    """
    return _beside(store, ".card.md")


def write_card(store: TokenStore, facts: DataFacts | None = None) -> Path:
    """Writes a store's card unless it is there and still true.

    Beside ``NAME.h5`` come ``NAME.card.md``, ``NAME.card.json`` and, with matplotlib, the figures
    ``NAME.card_lengths`` and ``NAME.card_degrees`` as PNG and SVG. Each takes its name when it is whole, the
    numbers last, so that what was stopped half way is made again.

    Args:
        store: The store.
        facts: What its data module tells besides.

    Returns:
        Path of the page.

    Raises:
        StoreError: If the store is damaged.
        OSError: If the folder cannot be written to.
    """
    facts = facts or DataFacts()
    page, numbers = card_path(store.path), _beside(store.path, ".card.json")
    made_from = _made_from(store, facts)
    if page.is_file() and _noted(numbers) == made_from:
        return page
    card = data_card(store, facts)
    figures = _write_figures(card, store.path) if made_from["with_figures"] else {}
    note = "" if made_from["with_figures"] else _NO_FIGURES
    _write(page, lambda path: path.write_text(card.to_markdown(figures, note), encoding="utf-8"))
    content = json.dumps({**card.to_dict(), _MADE_FROM: made_from}, indent=2, ensure_ascii=False)
    _write(numbers, lambda path: path.write_text(content + "\n", encoding="utf-8"))
    return page


def _made_from(store: TokenStore, facts: DataFacts) -> dict[str, Any]:
    """All that a card depends on; a store never changes under its name, but for one that is made anew."""
    known = {"provenance": store.provenance, "facts": asdict(facts)}
    return {
        "card_version": CARD_VERSION,
        "store_bytes": store.path.stat().st_size,
        "digest": hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest(),
        "with_figures": find_spec("matplotlib") is not None,
    }


def _noted(numbers: Path) -> object:
    """What the card that is there was made from; None where there is none."""
    try:
        found = json.loads(numbers.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found.get(_MADE_FROM) if isinstance(found, dict) else None


def _write_figures(card: DataCard, store: Path) -> dict[str, str]:
    """Writes the figures that the card has numbers for, and gives the names of their PNG files."""
    from geneverse_pl.data.card.figures import draw_degrees, draw_lengths, save

    drawn = {LENGTHS: draw_lengths(card), DEGREES: draw_degrees(card)}
    names = {}
    for name, figure in drawn.items():
        if figure is None:
            continue
        for form in _FORMATS:
            _write(_beside(store, f".card_{name}.{form}"), partial(save, figure, form))
        names[name] = _beside(store, f".card_{name}.png").name
    return names


def _beside(store: Path, ending: str) -> Path:
    return store.with_name(store.name.removesuffix(".h5") + ending)


def _write(path: Path, write: Callable[[Path], object]) -> None:
    """Has a file written under a hidden name, which becomes ``path`` when it is whole."""
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}{PARTIAL_SUFFIX}")
    try:
        write(unfinished)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
