"""What a finished run leaves behind, opened again: its data module and store."""

import logging
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geneverse_pl.baselines.examples import Example
from geneverse_pl.baselines.questions import hint_of, words_of
from geneverse_pl.data.datamodule import TRAIN, TextDataModule
from geneverse_pl.data.drawn import drawn_samples
from geneverse_pl.data.prompt_texts import prompt_text
from geneverse_pl.evaluation.text_report import TrainingKnowledge
from geneverse_pl.exceptions import ConfigError, GeneverseError

if TYPE_CHECKING:
    from lightning.pytorch.cli import LightningArgumentParser

logger = logging.getLogger(__name__)

CONFIG_FILE = "config.yaml"
_KNOWLEDGE = "training_knowledge"
_DRAWN = 64  # training samples of a kind that examples are chosen from


def open_data(run: Path) -> TextDataModule:
    """The data module of a run with its store open; nothing is prepared, and no weights are loaded.

    Args:
        run: The run's folder.

    Raises:
        ConfigError: If its ``config.yaml`` is missing or cannot be built, or its data is of another form.
        GeneverseError: If its source files or its store are missing.
    """
    import yaml

    path = run / CONFIG_FILE
    if not path.is_file():
        raise ConfigError(f"A run's folder must hold its {CONFIG_FILE}, and {run} does not. Name another.")
    parser = _parser()
    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
        config = parser.parse_object({name: settings[name] for name in ("model", "data")})
        built: Any = parser.instantiate_classes(config)
    except GeneverseError:
        raise
    except Exception as error:  # whatever a class of the user's may raise
        raise ConfigError(
            f"{path} must describe a model and its data that can be built, and building them failed: "
            f"{' '.join(str(error).split())}"
        ) from error
    if not isinstance(built.data, TextDataModule):
        raise ConfigError(f"{path} must have a TextDataModule as data, and has {type(built.data).__name__}.")
    built.data.follow(built.model)
    built.data.setup("test")
    return built.data


def open_data_if_there(run: Path, needed_for: str) -> TextDataModule | None:
    """The data module of a run; None, with a warning, where it cannot be opened.

    Args:
        run: The run's folder.
        needed_for: What is left out without it.
    """
    try:
        return open_data(run)
    except GeneverseError as error:
        logger.warning("%s left out, as the run's store cannot be opened: %s", needed_for, error)
        return None


def knowledge_of(data: TextDataModule | None) -> TrainingKnowledge:
    """What controls may learn from; empty where nothing is known.

    Args:
        data: The data module, set up.
    """
    if data is None or not data.has_knowledge:
        return TrainingKnowledge()
    return TrainingKnowledge.from_document(data.store.document(_KNOWLEDGE))


def training_examples(data: TextDataModule, kinds: Collection[str]) -> list[Example]:
    """Some training samples of each kind, the same ones each time.

    Args:
        data: The data module, set up.
        kinds: Kinds of questions.
    """
    examples = []
    for kind, samples in drawn_samples(data.store.split(TRAIN), kinds, _DRAWN).items():
        for sample in samples:
            text, about = prompt_text(sample, data.encoder), sample.metadata
            examples.append(
                Example(
                    kind,
                    str(about.get("group") or ""),
                    words_of(text.context, text.question),
                    str(about.get("answer", "")),
                    hint_of(about),
                    tuple(sample.images.tolist()),
                )
            )
    return examples


def _parser() -> "LightningArgumentParser":
    import lightning as L
    from lightning.pytorch.cli import LightningArgumentParser

    from geneverse_pl.tasks.base import BaseTask

    parser = LightningArgumentParser(exit_on_error=False)
    parser.add_lightning_class_args(BaseTask, "model", subclass_mode=True)
    parser.add_lightning_class_args(L.LightningDataModule, "data", subclass_mode=True)
    return parser
