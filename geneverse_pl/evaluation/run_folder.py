"""Reads what a test left in its run's folder, and computes its scores again."""

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import yaml

from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.image_report import image_scores
from geneverse_pl.evaluation.item_check import check_items
from geneverse_pl.evaluation.item_file import ITEMS_FILE
from geneverse_pl.evaluation.open_answers import Similarity
from geneverse_pl.evaluation.scores import Score, read_scores
from geneverse_pl.evaluation.text_report import ItemResult, TrainingKnowledge, text_scores
from geneverse_pl.exceptions import ConfigError, DataFormatError
from geneverse_pl.whole_file import write_whole

logger = logging.getLogger(__name__)

CONFIG_FILE, FACTS_FILE, SCORES_FILE = "config.yaml", "run.json", "scores.json"
Scoring = Literal["text", "image"]
# Retrieval is of all pictures and captions at once, grades follow a rule of the data module, and grounding
# needs its table.
_NOT_FROM_ITEMS = ("retrieval/", "graded/")
_OF_GROUNDING = frozenset({"changes", "unconfirmed"})


def check_run(folder: Path) -> Path:
    """The folder of a tested run.

    Args:
        folder: What the user named.

    Raises:
        ConfigError: If there is no such folder, or no answers in it.
    """
    if (folder / ITEMS_FILE).is_file():
        return folder
    found = sorted(folder.glob(f"*/{ITEMS_FILE}"), key=lambda path: path.stat().st_mtime)
    if found:
        hint = f"Did you mean {found[-1].parent}?"
    elif folder.is_dir():
        hint = "Run `test` or `fit` again."
    elif (folder.parent / ITEMS_FILE).is_file():
        hint = f"Did you mean {folder.parent}?"
    else:
        hint = "There is no such folder."
    raise ConfigError(f"A run's folder must hold {ITEMS_FILE}, '{folder}' does not. {hint}")


def run_name(folder: Path) -> str:
    """Name of a run: those of its folder and the one above."""
    parts = folder.resolve().parts
    return "/".join(part for part in parts[-2:] if part != "/")


def read_settings(folder: Path) -> dict[str, Any]:
    """The settings of a run by dotted name, from its ``config.yaml``; ``init_args`` is left out of the names.

    Args:
        folder: The run's folder; empty if it has no such file.

    Raises:
        DataFormatError: If the file is no YAML.
    """
    path = folder / CONFIG_FILE
    if not path.is_file():
        return {}
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataFormatError(path, "must be the YAML that the run wrote, and cannot be read.") from error
    return _flat(config) if isinstance(config, Mapping) else {}


def _flat(section: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in section.items():
        if key == "init_args" and isinstance(value, Mapping):
            flat |= _flat(value, prefix)
        elif isinstance(value, Mapping) and value:
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def write_facts(folder: Path, facts: Mapping[str, Any]) -> Path:
    """Adds facts to ``run.json``; those of the same name are replaced.

    Args:
        folder: The run's folder, which must exist.
        facts: JSON-able facts.
    """
    text = json.dumps(read_facts(folder) | dict(facts), ensure_ascii=False, indent=1)
    return write_whole(folder / FACTS_FILE, [text + "\n"])


def read_facts(folder: Path) -> dict[str, Any]:
    """The facts of a run; empty if it left none.

    Args:
        folder: The run's folder.

    Raises:
        DataFormatError: If ``run.json`` is no JSON object.
    """
    path = folder / FACTS_FILE
    if not path.is_file():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise DataFormatError(path, f"must be a JSON object ({error}). Run `test` again.") from error


def scoring_of(facts: Mapping[str, Any], items: Sequence[ItemResult]) -> Scoring:
    """Whether a run's questions are scored as those about text or about pictures.

    Args:
        facts: Facts of the run, which say it.
        items: Its questions, which show it where the facts do not.
    """
    if facts.get("scoring") in ("text", "image"):
        return "image" if facts["scoring"] == "image" else "text"
    shows = any("image" in item.metadata or "<image>" in item.context + item.question for item in items)
    return "image" if shows else "text"


def own_bootstrap(settings: Mapping[str, Any], facts: Mapping[str, Any]) -> BootstrapSettings:
    """How the run itself computed its intervals.

    Args:
        settings: Settings of the run.
        facts: Facts of the run, which count first.

    Raises:
        ConfigError: If the number of resamples is none.
    """
    given = facts.get("num_resamples") or settings.get("model.evaluation.num_resamples")
    if given and (not isinstance(given, int) or given < 1):
        raise ConfigError(
            f"num_resamples in {FACTS_FILE} or {CONFIG_FILE} must be a whole number > 0, got {given!r}. "
            "Give --resamples."
        )
    return BootstrapSettings(num_resamples=given) if given else BootstrapSettings()


def scores_again(
    folder: Path,
    items: Sequence[ItemResult],
    scoring: Scoring,
    bootstrap: BootstrapSettings,
    similarity: Similarity | None = None,
) -> list[Score]:
    """The scores of a run from its questions and answers alone.

    Scores of retrieval, which take all pictures and captions together, those by a rule of the data module and
    those of grounding, ``changes`` and ``unconfirmed``, are the ones that the test wrote.

    Args:
        folder: The run's folder.
        items: Its questions.
        scoring: How they are scored.
        bootstrap: How intervals are computed.
        similarity: Cosines by a sentence encoder, for open answers.

    Raises:
        DataFormatError: If a question cannot be scored.
    """
    check_items(folder / ITEMS_FILE, items)
    if scoring == "image":
        scores = image_scores(items, bootstrap, similarity)
    else:
        scores = text_scores(items, TrainingKnowledge(), bootstrap, similarity=similarity)
    written = read_scores(folder / SCORES_FILE) if (folder / SCORES_FILE).is_file() else []
    found = {(score.task, score.split, score.metric, score.model) for score in scores}
    kept = [
        score for score in written if score.task.startswith(_NOT_FROM_ITEMS) or score.metric in _OF_GROUNDING
    ]
    return [*scores, *(one for one in kept if (one.task, one.split, one.metric, one.model) not in found)]
