"""Instruction data of one's own: Alpaca, ShareGPT, LLaVA, messages, and tables."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from datamodules.instruction.columns import ColumnConfig
from datamodules.instruction.conversation import Conversation, samples
from datamodules.instruction.formats import RecordFormat
from datamodules.instruction.image_folder import ImageFolder
from datamodules.instruction.reading import ReadingOptions, read_conversations
from datamodules.instruction.record_splits import RecordSplits, split_records
from datamodules.sources.tables import MissingFileError
from datamodules.sources.tolerance import Tolerance
from geneverse_pl.data.datamodule import (
    HELD_OUT,
    MEMORISED,
    SPLITS,
    TRAIN,
    VAL,
    BatchingConfig,
    EncodingConfig,
)
from geneverse_pl.data.records import Sample
from geneverse_pl.data.store import StoreDraft, file_digest
from geneverse_pl.data.vision_datamodule import ImagesConfig, VisionDataModule
from geneverse_pl.exceptions import ConfigError, DataFormatError


class InstructionDataModule(VisionDataModule):
    """Questions and answers from users' own files, with or without images.

    Files are JSON lists, JSON lines, CSV, TSV (all plain or gzipped) or Parquet; which of them is told from
    the file. Each answer of a conversation becomes a sample whose question holds the turns before it, written
    as ``User: ...`` and ``Assistant: ...``. A system message stands first in the context, unless it is the
    one of ``encoding.system``, which the prompt template shows. If no record has an image, tasks that read
    text alone can use the data too.

    Args:
        train: Files with training records.
        val: Files with validation records; None takes ``val_fraction`` of the training files.
        held_out: Files with test records; None takes ``held_out_fraction`` of the training files.
        image_dir: Folder that the names of images start from; None if no record has an image.
        record_format: ``alpaca`` (instruction, input, output), ``sharegpt`` or ``llava`` (conversations with
            from and value), ``messages`` (role and content), ``columns`` (question and answer); ``auto``
            tells it from the first record of each file.
        columns: Names of columns or keys that are not called as the field they hold.
        delimiter: Character between two cells of a table; None takes a comma for ``.csv`` and a tab for
            ``.tsv``.
        add_missing_mark: Show the images of a record without any ``<image>`` mark first, instead of
            refusing it.
        allow_repeated_ids: Do not refuse a file in which an id stands twice.
        allow_shared_entities: Do not refuse files of two splits that share a group, an image or a question.
        max_skipped_rows: Most faulty records of a file that are passed over, and summed up in the store: a
            number >= 0, or a share in (0, 1) of its records. 0 stops at the first.
        val_fraction: Share of the training files for validation, in (0, 1); unused if ``val`` is given.
        held_out_fraction: Share of the training files for the test, in [0, 1); unused if ``held_out`` is
            given.
        max_val: Most validation samples, in whole groups, > 0; None for all.
        max_held_out: Most test samples, in whole groups, > 0; None for all.
        max_memorised: Most training samples asked again in the test, >= 0.
        encoding: How samples become tokens.
        batching: How samples become batches.
        images: How pictures reach the model.
        seed: Seed of splits and batches, >= 0.
        cache_dir: Folder of the prepared stores; None takes the user's cache.

    Raises:
        ConfigError: If an option is out of range or no known choice.
    """

    def __init__(
        self,
        train: Path | list[Path],
        val: Path | list[Path] | None = None,
        held_out: Path | list[Path] | None = None,
        image_dir: Path | None = None,
        record_format: RecordFormat = "auto",
        columns: ColumnConfig | None = None,
        delimiter: str | None = None,
        add_missing_mark: bool = False,
        allow_repeated_ids: bool = False,
        allow_shared_entities: bool = False,
        max_skipped_rows: int | float = 0,
        val_fraction: float = 0.05,
        held_out_fraction: float = 0.1,
        max_val: int | None = 1000,
        max_held_out: int | None = None,
        max_memorised: int = 500,
        encoding: EncodingConfig | None = None,
        batching: BatchingConfig | None = None,
        images: ImagesConfig | None = None,
        seed: int = 0,
        cache_dir: Path | None = None,
    ) -> None:
        super().__init__(encoding=encoding, batching=batching, images=images, seed=seed, cache_dir=cache_dir)
        self.files = {TRAIN: _files(train), VAL: _files(val), HELD_OUT: _files(held_out)}
        self._image_folder = ImageFolder(None if image_dir is None else Path(image_dir))
        self.reading = ReadingOptions(
            record_format, columns or ColumnConfig(), delimiter, add_missing_mark, allow_repeated_ids
        )
        self.allow_shared_entities = allow_shared_entities
        self.max_skipped_rows = max_skipped_rows
        self._tolerance = Tolerance(max_skipped_rows)
        self.val_fraction = val_fraction
        self.held_out_fraction = held_out_fraction
        self.caps = {VAL: max_val, HELD_OUT: max_held_out, MEMORISED: max_memorised}
        self._check()

    def _check(self) -> None:
        if not self.files[TRAIN]:
            raise ConfigError("train must name at least one file, got none.")
        if not 0 < self.val_fraction < 1:
            raise ConfigError(f"val_fraction must be in (0, 1), got {self.val_fraction}.")
        if not 0 <= self.held_out_fraction < 1:
            raise ConfigError(f"held_out_fraction must be in [0, 1), got {self.held_out_fraction}.")
        if self.fractions[TRAIN] <= 0:
            raise ConfigError("val_fraction + held_out_fraction must be < 1, to leave something to train on.")
        for split, least in ((VAL, 1), (HELD_OUT, 1), (MEMORISED, 0)):
            most = self.caps[split]
            if most is not None and most < least:
                raise ConfigError(f"max_{split} must be >= {least}, got {most}.")

    @property
    def fractions(self) -> dict[str, float]:
        """Share of the training files' samples that each split takes."""
        val = 0.0 if self.files[VAL] else self.val_fraction
        held_out = 0.0 if self.files[HELD_OUT] else self.held_out_fraction
        return {TRAIN: 1 - val - held_out, VAL: val, HELD_OUT: held_out}

    def source_files(self) -> list[Path]:
        """All files of records; of images the names, sizes and times of change are among the options.

        Raises:
            MissingFileError: If one is not there.
        """
        for split, paths in self.files.items():
            for path in paths:
                if not path.is_file():
                    raise MissingFileError(f"{path}: no such file. Check data.init_args.{split}.")
        return [path for paths in self.files.values() for path in paths]

    def options(self) -> Mapping[str, object]:
        """What determines the samples besides the files."""
        digests = {path: file_digest(path) for path in self.source_files()}
        return {
            # By split and in order: two files may have one name, or change places.
            "files": {split: [digests[path] for path in paths] for split, paths in self.files.items()},
            "images": self._image_stamp(),
            "reading": asdict(self.reading),
            "allow_shared_entities": self.allow_shared_entities,
            "max_skipped_rows": self.max_skipped_rows,
            "fractions": self.fractions,
            "caps": self.caps,
        }

    def _image_stamp(self) -> str:
        if self._image_folder.folder is None:
            return ""
        every = self._all_conversations(Tolerance(self.max_skipped_rows))
        return self._image_folder.stamp(conversation for _, conversation in every)

    def documents(self) -> Mapping[str, Any]:
        """The records that were passed over."""
        return self._tolerance.document()

    def build_samples(self) -> Mapping[str, Iterable[Sample]]:
        """Samples by split, read from the files anew for each, so that they are never all in memory.

        Raises:
            ConfigError: If there are fewer groups of records than splits to fill.
            DataFormatError: If a file is not as it should be; names the record.
            LeakageError: If files of two splits share a group, image or question.
        """
        self._tolerance = Tolerance(self.max_skipped_rows)
        splits = split_records(
            self._all_conversations(self._tolerance),
            self._image_folder,
            self.fractions,
            self.seed,
            allow_shared_entities=self.allow_shared_entities,
        )
        self._tolerance.log()
        splits.choose(self.caps, self.seed)
        return {split: self._samples(split, splits) for split in SPLITS}

    def _samples(self, split: str, splits: RecordSplits) -> Iterator[Sample]:
        numbers = splits.numbers(split)
        source = split if self.files.get(split) else TRAIN
        conversations = self._conversations(source, Tolerance(self.max_skipped_rows))
        for number, conversation in enumerate(conversations, splits.starts[source]):
            if not numbers:
                return
            if number in numbers:
                numbers.remove(number)
                yield from samples(
                    conversation,
                    self._image_folder.paths(conversation),
                    splits.groups[number],
                    self.encoding.system or "",
                )

    def _image_writer(self, draft: StoreDraft) -> Callable[[Path], int] | None:
        """Adds to an error about a damaged image which record names it."""
        add = super()._image_writer(draft)
        if add is None:
            return None

        def add_placed(path: Path) -> int:
            try:
                return add(path)
            except DataFormatError as error:
                place = self._image_folder.place(path)
                raise place.error(f"names an image that cannot be used. {error}") from error

        return add_placed

    def _all_conversations(self, tolerance: Tolerance) -> Iterator[tuple[str, Conversation]]:
        """Every record with the split of its file, in the order of the files."""
        for split in self.files:
            for conversation in self._conversations(split, tolerance):
                yield split, conversation

    def _conversations(self, split: str, tolerance: Tolerance) -> Iterator[Conversation]:
        for path in self.files[split]:
            yield from read_conversations(path, self.reading, tolerance, self._image_folder.paths)


def _files(paths: Path | list[Path] | None) -> list[Path]:
    if paths is None:
        return []
    return [Path(path) for path in (paths if isinstance(paths, list) else [paths])]
