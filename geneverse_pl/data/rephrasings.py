"""Texts that a language model has written in place of answers or questions, read back from their file."""

import hashlib
import json
import logging
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from geneverse_pl.data.records import Sample
from geneverse_pl.exceptions import ConfigError, DataFormatError

logger = logging.getLogger(__name__)

REPHRASED_BY = "rephrased_by"  # metadata of samples that a model has worded
_KEY_BYTES = 16


@dataclass
class RephrasingsConfig:
    """Which rephrasings of training samples are taken.

    Args:
        file: File that ``geneverse_pl rephrase`` has written.
        per_sample: Most rephrasings of a sample, > 0.
        fraction: Share of the samples with rephrasings that get them, in (0, 1].
        keep_originals: Train on the original beside its rephrasings; else in its place.

    Raises:
        ConfigError: If an option is out of range.
    """

    file: Path
    per_sample: int = 1
    fraction: float = 1.0
    keep_originals: bool = True

    def __post_init__(self) -> None:
        if self.per_sample < 1:
            raise ConfigError(f"rephrasings.per_sample must be > 0, got {self.per_sample}.")
        if not 0 < self.fraction <= 1:
            raise ConfigError(f"rephrasings.fraction must be in (0, 1], got {self.fraction}.")


@dataclass(frozen=True, slots=True)
class Rephrasing:
    """A text that takes the place of a sample's answer or question.

    Args:
        key: :func:`sample_key` of the sample.
        field: The part that it takes the place of.
        text: The text.
        source: ``rephrased``, or ``synthetic`` for a text that was written from facts or from nothing.
        model: Name of the model.
        prompt: Name and version of its prompt.
        draw: Number of the draw, >= 0.
    """

    key: str
    field: Literal["answer", "question"]
    text: str
    source: str
    model: str
    prompt: str
    draw: int = 0

    def to_line(self) -> str:
        """The line of the file."""
        return json.dumps(asdict(self))

    def apply(self, sample: Sample, dropped: Iterable[str] = ()) -> Sample:
        """The sample with the text in its place; the original stays in the metadata.

        Args:
            sample: The sample.
            dropped: Metadata that tells places in the original text, and is wrong for the new one.
        """
        metadata = {key: value for key, value in sample.metadata.items() if key not in set(dropped)}
        metadata |= {
            "source": self.source,
            REPHRASED_BY: {"model": self.model, "prompt": self.prompt, "draw": self.draw},
            "original": {self.field: getattr(sample, self.field)},
        }
        if self.field == "question":
            return replace(sample, question=self.text, metadata=metadata)
        return replace(sample, answer=self.text, metadata=metadata)


def sample_key(sample: Sample) -> str:
    """Digest of what a rephrasing depends on: kind, context, question and answer; 32 hexadecimal digits.

    A sample keeps it wherever it stands in its data set, and loses it when its facts change.

    Args:
        sample: The sample.
    """
    parts = json.dumps([sample.kind, sample.context, sample.question, sample.answer])
    return hashlib.blake2b(parts.encode(), digest_size=_KEY_BYTES).hexdigest()


def is_original(sample: Sample) -> bool:
    """Whether no model has worded a sample."""
    return REPHRASED_BY not in sample.metadata


def read_rephrasings(path: str | Path) -> dict[str, list[Rephrasing]]:
    """Rephrasings by the keys of their samples, in the order of the file.

    Args:
        path: The file.

    Raises:
        ConfigError: If it is not there.
        DataFormatError: If a line is not as it should be.
    """
    found: dict[str, list[Rephrasing]] = {}
    with check_file(path).open("rb") as lines:
        for number, line in enumerate(lines, 1):
            one = _parse(line)
            if one is None:
                message = (
                    "must be a rephrasing with key, field (answer or question), text, source, model, prompt "
                    "and draw, and is not. Make the file anew with `geneverse_pl rephrase`."
                )
                raise DataFormatError(path, message, number)
            found.setdefault(one.key, []).append(one)
    return found


def _parse(line: bytes) -> Rephrasing | None:
    try:
        one = Rephrasing(**json.loads(line.decode("utf-8")))
    except (ValueError, TypeError):
        return None
    texts = (one.key, one.text, one.source, one.model, one.prompt)
    is_good = all(isinstance(text, str) and text for text in texts) and isinstance(one.draw, int)
    return one if is_good and one.field in ("answer", "question") else None


def check_file(path: str | Path) -> Path:
    """The file of rephrasings.

    Args:
        path: The file.

    Raises:
        ConfigError: If it is not there.
    """
    path = Path(path)
    if not path.is_file():
        raise ConfigError(
            f"data.init_args.rephrasings.file must name a file, and '{path}' is none. Make it with "
            "`geneverse_pl rephrase`, or leave rephrasings out."
        )
    return path


def add_rephrasings(
    samples: Iterable[Sample], config: RephrasingsConfig, seed: int, dropped: Iterable[str] = ()
) -> Iterator[Sample]:
    """Training samples, each followed by, or replaced with, its rephrasings.

    Which ones depends on each sample and the seed alone, not on the other samples.

    Args:
        samples: The training samples.
        config: Which rephrasings are taken.
        seed: Seed of the draw.
        dropped: Metadata that tells places in an original text.

    Raises:
        ConfigError: If the file is not there, or has nothing on these samples.
        DataFormatError: If it is damaged.
    """
    known = read_rephrasings(config.file)
    dropped = frozenset(dropped)
    num_added, num_samples = 0, 0
    unused = dict.fromkeys(known)
    for sample in samples:
        key = sample_key(sample)
        unused.pop(key, None)
        rng = random.Random(f"{seed}/rephrasings/{key}")
        found = known.get(key, []) if rng.random() < config.fraction else []
        chosen = found if len(found) <= config.per_sample else rng.sample(found, config.per_sample)
        num_samples += bool(chosen)
        num_added += len(chosen)
        if config.keep_originals or not chosen:
            yield sample
        for rephrasing in chosen:
            yield rephrasing.apply(sample, dropped)
    if len(unused) == len(known):
        raise ConfigError(
            f"{config.file} must hold rephrasings of the training samples, and of its {len(known)} samples "
            "none is among them. Make it anew with `geneverse_pl rephrase` and this configuration."
        )
    logger.info("%d rephrasings of %d training samples, from %s", num_added, num_samples, config.file)
    if unused:
        logger.info("%d samples of %s are not among the training samples", len(unused), config.file)


class RephrasableMixin:
    """What a data module gains by it: rephrasings of its training samples, and facts to write from.

    A data module sets ``rephrasings``, adds ``rephrasing_files()`` to its source files and
    ``rephrasing_options()`` to its options, and sends its training samples, and no others, through
    ``with_rephrasings``.
    """

    rephrasings: RephrasingsConfig | None = None
    seed: int
    #: Metadata that tells places in an answer, and is wrong for another wording of it.
    metadata_of_wording: tuple[str, ...] = ()

    def facts(self, sample: Sample) -> str:
        """What is known on a sample, to write from: its answer, unless a data module knows more.

        Args:
            sample: A training sample.
        """
        return sample.answer

    def rephrasing_files(self) -> list[Path]:
        """The file of rephrasings, if there is one.

        Raises:
            ConfigError: If one is named and not there.
        """
        return [] if self.rephrasings is None else [check_file(self.rephrasings.file)]

    def rephrasing_options(self) -> Mapping[str, object]:
        """Options that decide which rephrasings are taken; none without a file."""
        config = self.rephrasings
        if config is None:
            return {}
        return {"rephrasings": [config.per_sample, config.fraction, config.keep_originals]}

    def with_rephrasings(self, train: Iterable[Sample]) -> Iterable[Sample]:
        """The training samples with their rephrasings.

        Args:
            train: The training samples.
        """
        if self.rephrasings is None:
            return train
        return add_rephrasings(train, self.rephrasings, self.seed, self.metadata_of_wording)
