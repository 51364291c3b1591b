"""Loads tested runs with what belongs to them: store, data card, pictures, sentence encoder."""

import io
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from geneverse_pl.evaluation.bootstrap import DEFAULT_BOOTSTRAP, BootstrapSettings
from geneverse_pl.evaluation.item_file import read_items
from geneverse_pl.evaluation.open_answers import Similarity
from geneverse_pl.evaluation.run_folder import (
    check_run,
    own_bootstrap,
    read_facts,
    read_settings,
    run_name,
    scores_again,
    scoring_of,
)
from geneverse_pl.evaluation.run_record import RunRecord
from geneverse_pl.evaluation.text_report import TEXT, ItemResult
from geneverse_pl.exceptions import ModelReferenceError, StoreError

logger = logging.getLogger(__name__)

STORE_PATH = "store_path"  # of this machine, so no fact to show
_PNG = b"\x89PNG"


def load_record(
    folder: Path,
    num_resamples: int | None = None,
    confidence: float = DEFAULT_BOOTSTRAP.confidence,
    seed: int = DEFAULT_BOOTSTRAP.seed,
) -> RunRecord:
    """A tested run, its scores computed again from its questions and answers.

    Args:
        folder: The run's folder.
        num_resamples: Resamples of each interval; None takes the run's own number.
        confidence: Coverage of the intervals, in (0, 1).
        seed: Seed of the resamples, >= 0.

    Raises:
        ConfigError: If there is no tested run in the folder.
        DataFormatError: If one of its files is damaged.
    """
    items = read_items(check_run(folder))
    settings, facts = read_settings(folder), read_facts(folder)
    resamples = own_bootstrap(settings, facts).num_resamples if num_resamples is None else num_resamples
    bootstrap = BootstrapSettings(resamples, confidence, seed)
    similarity = _similarity(settings, items)
    scores = scores_again(folder, items, scoring_of(facts, items), bootstrap, similarity)
    store = facts.pop(STORE_PATH, None)
    path = Path(store) if store is not None else None
    card, pictures = _data_card(path), _pictures(path)
    return RunRecord(run_name(folder), scores, items, settings, facts, card, pictures, bootstrap)


def _similarity(settings: Mapping[str, Any], items: Sequence[ItemResult]) -> Similarity | None:
    """Cosines by the encoder that the test used, where there are open answers."""
    reference = settings.get("model.evaluation.sentence_encoder")
    if not reference or not any(item.texts and item.kind.partition("/")[0] == TEXT for item in items):
        return None
    from geneverse_pl.models.sentence_encoder import SentenceEncoder

    try:
        return SentenceEncoder.load(str(reference)).similarity
    except ModelReferenceError as error:
        logger.warning("similarity of open answers is left out: %s", error)
        return None


def _data_card(store: Path | None) -> str | None:
    from geneverse_pl.data.card.writing import card_path

    path = None if store is None else card_path(store)
    return path.read_text(encoding="utf-8") if path is not None and path.is_file() else None


def _pictures(store: Path | None) -> Callable[[int], bytes | None] | None:
    if store is None or not store.is_file():
        return None
    from geneverse_pl.data.store import TokenStore

    try:
        images = TokenStore(store).images
        if not len(images):
            return None
    except StoreError as error:
        logger.warning("pictures are left out: %s", error)
        return None
    return lambda number: _as_png(images[number]) if 0 <= number < len(images) else None


def _as_png(data: bytes) -> bytes:
    """The same picture as PNG."""
    if data.startswith(_PNG):
        return data
    from PIL import Image

    picture = io.BytesIO()
    Image.open(io.BytesIO(data)).convert("RGB").save(picture, "PNG")
    return picture.getvalue()
