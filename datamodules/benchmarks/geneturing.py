"""GeneTuring: what a language model knows of genes, variants and sequences, asked as published."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from datamodules.benchmarks.geneturing_files import GeneTuringQuestion, read_geneturing
from datamodules.benchmarks.geneturing_grading import grade, model_answer
from datamodules.benchmarks.geneturing_modules import MODULES, module_key
from datamodules.sources.tables import MissingFileError
from geneverse_pl.data.card.facts import DataFacts, SourceTerms
from geneverse_pl.data.datamodule import (
    HELD_OUT,
    MEMORISED,
    TRAIN,
    VAL,
    BatchingConfig,
    EncodingConfig,
    TextDataModule,
)
from geneverse_pl.data.records import Sample
from geneverse_pl.data.store import file_digest
from geneverse_pl.evaluation.graded import GRADED
from geneverse_pl.exceptions import ConfigError, unknown_choice

_TERMS = SourceTerms(
    "GeneTuring",
    (),
    "CC BY 4.0",
    "https://doi.org/10.1101/2023.03.11.532238",
    "Shang X, Liao X, Ji Z, Hou W. Benchmarking large language models for genomic knowledge with GeneTuring. "
    "bioRxiv 2023.03.11.532238.",
)


class GeneTuringDataModule(TextDataModule):
    """GeneTuring's questions (Hou and Ji 2023; Shang et al. 2025), for ``test`` and ``predict`` alone.

    All questions are held out: there is nothing to train on, and ``fit`` is refused. Whether a model has seen
    their answers in training is known only to who trained it.

    Args:
        files: The questions, in one of the forms that
            :func:`~datamodules.benchmarks.geneturing_files.read_geneturing` knows; they are not part of this
            project.
        modules: Modules to ask about, by name or key; None asks about all that the files have.
        max_questions: Most questions of a module, the first ones, > 0; None for all.
        encoding: How samples become tokens.
        batching: How samples become batches.
        seed: Seed of the base class; nothing is drawn here.
        cache_dir: Folder of the prepared stores; None takes the user's cache.

    Raises:
        ConfigError: If there is no file, an option is out of range, or a module is unknown.
    """

    def __init__(
        self,
        files: Path | list[Path],
        modules: list[str] | None = None,
        max_questions: int | None = None,
        encoding: EncodingConfig | None = None,
        batching: BatchingConfig | None = None,
        seed: int = 0,
        cache_dir: Path | None = None,
    ) -> None:
        super().__init__(encoding, batching, seed, cache_dir)
        self.files = [Path(path) for path in (files if isinstance(files, list) else [files])]
        keys = None if modules is None else [module_key(name) for name in modules]
        self.modules = None if keys is None else list(dict.fromkeys(keys))
        self.max_questions = max_questions
        if not self.files:
            raise ConfigError("files must name at least one file, got none.")
        if max_questions is not None and max_questions < 1:
            raise ConfigError(f"max_questions must be > 0, got {max_questions}.")
        for name, key in zip(modules or [], keys or [], strict=True):
            if key not in MODULES:
                raise ConfigError(unknown_choice("module", name, [one.title for one in MODULES.values()]))

    def source_files(self) -> list[Path]:
        """The files of questions.

        Raises:
            MissingFileError: If one is not there.
        """
        for path in self.files:
            if not path.is_file():
                raise MissingFileError(
                    f"{path}: no such file. Check data.init_args.files; docs/how_to/known_benchmarks.md says "
                    "where the questions are."
                )
        return self.files

    def options(self) -> Mapping[str, object]:
        """What determines the samples besides the files."""
        return {
            "files": [file_digest(path) for path in self.source_files()],
            "modules": self.modules,
            "max_questions": self.max_questions,
        }

    def data_facts(self) -> DataFacts:
        """Licence and citation, for the data card."""
        names = tuple(path.name for path in self.files)
        terms = SourceTerms(_TERMS.name, names, _TERMS.licence, _TERMS.licence_url, _TERMS.citation)
        return DataFacts(entity_fields=("subject",), terms=(terms,))

    def build_samples(self) -> Mapping[str, Iterable[Sample]]:
        """All questions as the held-out split; the other splits are empty.

        Raises:
            ConfigError: If the files have no question of a module that is wanted.
            DataFormatError: If a file is not as documented.
        """
        by_module: dict[str, list[GeneTuringQuestion]] = {}
        for question in read_geneturing(self.files):
            by_module.setdefault(question.module, []).append(question)
        wanted = list(by_module) if self.modules is None else self.modules
        if not wanted or not set(wanted) <= set(by_module):
            raise ConfigError(
                f"files must have questions of the modules {', '.join(wanted) or 'of GeneTuring'}, and have "
                f"those of {', '.join(by_module) or 'none'}. Check files and modules."
            )
        held_out = [
            geneturing_sample(question) for key in wanted for question in by_module[key][: self.max_questions]
        ]
        return {TRAIN: [], VAL: [], HELD_OUT: held_out, MEMORISED: []}

    def grade(self, answer: str, metadata: Mapping[str, Any]) -> Mapping[str, float]:
        """What an answer is worth, see :func:`~datamodules.benchmarks.geneturing_grading.grade`.

        Args:
            answer: What a model wrote.
            metadata: Metadata of the question.
        """
        return grade(answer, metadata)

    def prepare_data(self) -> None:
        """Builds the store, unless training is asked for.

        Raises:
            ConfigError: If the run is a training.
        """
        stage = getattr(self.trainer, "state", None)
        self._refuse(getattr(getattr(stage, "fn", None), "value", ""))
        super().prepare_data()

    def setup(self, stage: str) -> None:
        """Opens the store.

        Args:
            stage: ``test`` or ``predict``.

        Raises:
            ConfigError: If the run is a training.
        """
        self._refuse(stage)
        super().setup(stage)

    def _refuse(self, stage: str) -> None:
        if stage in ("fit", "validate"):
            raise ConfigError(
                "GeneTuringDataModule must be used with test or predict, not to train. Its "
                "questions are a test: train on other data, then run test with this configuration."
            )


def geneturing_sample(question: GeneTuringQuestion) -> Sample:
    """The question as a sample; its metadata is what the rule needs.

    Args:
        question: The question.
    """
    return Sample(
        question=question.question,
        answer=model_answer(question.module, question.answer),
        kind=f"{GRADED}/{question.module}",
        metadata={
            "module": question.module,
            "goldstandard": question.answer,
            "asked": question.question,
            **question.place.metadata(),
        },
    )
