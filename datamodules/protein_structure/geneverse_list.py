"""The test list of Geneverse's protein task, for a folder of AlphaFold models or of pictures of them.

The paper asks "what is the name of this protein?" of 20 pictures, and takes the AlphaFold model id as the
answer: an accession number that no picture shows. A constant answer scores as high there as the tuned model,
so the same pictures are also asked for the protein's name and organism, where the files tell them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Literal, get_args

from datamodules.protein_structure.questions import QuestionName, question_sample
from datamodules.protein_structure.structure_set import read_structures
from datamodules.rendering.structure import Picture, StructureRendering, picture_options, render_structures
from datamodules.sources.structure_files import alphafold_parts, find_structures, structure_id
from datamodules.sources.structures import StructureRecord
from datamodules.sources.tables import MissingFileError
from geneverse_pl.data.datamodule import HELD_OUT, MEMORISED, TRAIN, VAL, BatchingConfig, EncodingConfig
from geneverse_pl.data.records import Sample
from geneverse_pl.data.store import file_digest
from geneverse_pl.data.vision_datamodule import ImagesConfig, VisionDataModule
from geneverse_pl.exceptions import ConfigError, unknown_choice

#: The 20 models that Geneverse was tested on, in the order of its script.
GENEVERSE_MODELS = (
    *("AF-O43280-F1", "AF-O75925-F1", "AF-O95218-F1", "AF-P00505-F1", "AF-P09497-F1", "AF-P29692-F1"),
    *("AF-Q00403-F1", "AF-Q14242-F1", "AF-Q2LD37-F11", "AF-Q5T5F5-F1", "AF-Q5T686-F1", "AF-Q5VT06-F3"),
    *("AF-Q5VT66-F1", "AF-Q7Z402-F1", "AF-Q8N2K0-F1", "AF-Q8WXI7-F48", "AF-Q99435-F1", "AF-Q9BWV3-F1"),
    *("AF-Q9NYC9-F5", "AF-Q9Y5X9-F1"),
)

ListQuestion = Literal["model_id", "name", "organism"]
_PICTURES = (".png", ".jpg", ".jpeg", ".webp")


class GeneverseProteinListDataModule(VisionDataModule):
    """Geneverse's test of proteins, for a folder with its AlphaFold models, their pictures, or both.

    The list is asked as the held-out split; training and validation are empty. Whether a model has seen these
    proteins is known only to who trained it.

    Args:
        folder: Folder with ``AF-<UniProt>-F<n>*`` files: structures (searched with all that is below it),
            pictures directly in it, or both; a picture that is there is not drawn.
        questions: ``model_id`` as in the paper, ``name`` and ``organism`` from the structures' own metadata;
            None asks all three.
        rendering: How structures without a picture are drawn, in the first of its styles and views.
        allow_missing: Ask about those of the 20 that are there, instead of refusing an incomplete list.
        encoding: How samples become tokens.
        batching: How samples become batches.
        images: How pictures reach the model.
        seed: Seed of batches, >= 0.
        cache_dir: Folder of the prepared stores and pictures; None takes the user's cache.

    Raises:
        ConfigError: If an option is out of range or no known choice.
    """

    def __init__(
        self,
        folder: Path,
        questions: list[ListQuestion] | None = None,
        rendering: StructureRendering | None = None,
        allow_missing: bool = False,
        encoding: EncodingConfig | None = None,
        batching: BatchingConfig | None = None,
        images: ImagesConfig | None = None,
        seed: int = 0,
        cache_dir: Path | None = None,
    ) -> None:
        super().__init__(encoding=encoding, batching=batching, images=images, seed=seed, cache_dir=cache_dir)
        self.folder = Path(folder)
        self.questions = list(dict.fromkeys(questions)) if questions else list(get_args(ListQuestion))
        self.rendering = rendering or StructureRendering(styles=["rainbow"])
        self.allow_missing = allow_missing
        for question in self.questions:
            if question not in get_args(ListQuestion):
                raise ConfigError(unknown_choice("question", question, get_args(ListQuestion)))
        self.rendering.check()

    def source_files(self) -> list[Path]:
        """The structures; pictures are part of the options, by name and digest."""
        return list(self._structures().values())

    def options(self) -> Mapping[str, object]:
        """The questions, the pictures that are there, and how others are drawn."""
        return {
            "questions": self.questions,
            "pictures": {name: file_digest(path) for name, path in self._pictures().items()},
            "rendering": {**asdict(self.rendering), "num_processes": None, **picture_options(self.rendering)},
        }

    def build_samples(self) -> Mapping[str, Iterable[Sample]]:
        """The questions as the held-out split; the other splits are empty."""
        structures, given = self._structures(), self._pictures()
        missing = [name for name in GENEVERSE_MODELS if name not in structures and name not in given]
        if len(missing) == len(GENEVERSE_MODELS) or (missing and not self.allow_missing):
            raise MissingFileError(
                f"{self.folder}: must hold structures or pictures of the {len(GENEVERSE_MODELS)} models of "
                f"the list, but lacks {', '.join(missing)}. Get them from https://alphafold.ebi.ac.uk (long "
                "proteins from its archive of the human proteome), or set allow_missing=true to ask about "
                "the others."
            )
        records = self._records(list(structures.values()))
        drawn = self._drawn([record for name, record in records.items() if name not in given])
        style, view = self.rendering.styles[0], self.rendering.views[0]
        pictures = {**drawn, **{name: Picture(name, style, view, path) for name, path in given.items()}}
        held_out = [
            sample
            for name in GENEVERSE_MODELS
            if name in pictures
            for sample in self._samples(
                records.get(name) or _unread(name, pictures[name].path), pictures[name]
            )
        ]
        return {TRAIN: [], VAL: [], HELD_OUT: held_out, MEMORISED: []}

    def _samples(self, record: StructureRecord, picture: Picture) -> Iterable[Sample]:
        known: dict[QuestionName, str] = {
            "model_id": record.structure_id,
            "name": record.name,
            "organism": record.organism,
        }
        for question in self.questions:
            if known[question]:
                yield question_sample(record, picture, question, record.structure_id, {})

    def _records(self, paths: list[Path]) -> dict[str, StructureRecord]:
        if not paths:
            return {}
        return {
            record.structure_id: record for record in read_structures(paths, self.rendering.num_processes)
        }

    def _drawn(self, records: list[StructureRecord]) -> dict[str, Picture]:
        if not records:
            return {}
        folder = self.image_folder("structures", picture_options(self.rendering))
        drawn = render_structures(records, folder, self.rendering).drawn
        return {picture.structure_id: picture for picture in reversed(drawn)}

    def _structures(self) -> dict[str, Path]:
        try:
            paths = find_structures([self.folder])
        except MissingFileError:
            if not self.folder.is_dir():
                raise
            paths = []
        return {name: path for path in paths if (name := structure_id(path)) in GENEVERSE_MODELS}

    def _pictures(self) -> dict[str, Path]:
        if not self.folder.is_dir():
            return {}
        paths = [path for path in sorted(self.folder.iterdir()) if path.suffix.lower() in _PICTURES]
        return {
            name: path for path in paths if (name := structure_id(path.with_suffix(""))) in GENEVERSE_MODELS
        }


def _unread(name: str, picture: Path) -> StructureRecord:
    """What the name of a picture tells of a structure that is not there."""
    accession, fragment = alphafold_parts(name) or ("", None)
    return StructureRecord(
        structure_id=name,
        path=picture,
        name="",
        title="",
        organism="",
        functional_class="",
        keywords=(),
        gene="",
        accession=accession,
        fragment=fragment,
        ec_numbers=(),
        is_enzyme=None,
        chains=(),
        num_residues=0,
        helix_fraction=0.0,
        strand_fraction=0.0,
        ligands=(),
        mean_plddt=None,
    )
