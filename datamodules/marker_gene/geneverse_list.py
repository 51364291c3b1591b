"""The test list of Geneverse's marker task: a folder of pictures, each asked about twice.

Geneverse's pictures are named ``show{GENE}_{cell type}.png`` (scanpy writes ``show``): the gene is plotted
and marks the cell type. Each is asked about with its own cell type and with another one. In the published
list 17 of the 20 other ones were a single cell type, so that a rule on the text alone scored 0.875; here each
type is asked about with the answer no as often as with yes, where the folder allows it.
"""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from datamodules.marker_gene.questions import CHOICE, NO, YES, MarkerWording
from datamodules.sources.delimited import read_columns
from datamodules.sources.tables import MissingFileError
from geneverse_pl.data.datamodule import HELD_OUT, MEMORISED, TRAIN, VAL, BatchingConfig, EncodingConfig
from geneverse_pl.data.images import check_image_path
from geneverse_pl.data.records import Sample
from geneverse_pl.data.store import file_digest
from geneverse_pl.data.vision_datamodule import ImagesConfig, VisionDataModule
from geneverse_pl.exceptions import ConfigError, DataFormatError

_NAME = re.compile(r"show(?P<gene>[^_]+)_(?P<cell_type>.+)\.png")
_COLUMNS = ("image", "gene", "cell_type", "is_marker")
_ANSWERS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_PASSES = 50

Question = tuple[Path, str, str, bool]


class GeneverseMarkerListDataModule(VisionDataModule):
    """Geneverse's test of marker genes, for a folder of pictures as they publish it; all of it is held out.

    Args:
        pictures: Folder with ``show{GENE}_{cell type}.png``.
        table: Questions instead of chosen ones: columns image, gene, cell_type and is_marker, comma- or
            tab-separated; images by their path below the folder.
        wording: How it is asked.
        encoding: How samples become tokens.
        batching: How samples become batches.
        images: How pictures reach the model.
        seed: Seed of the choice of wrong cell types, >= 0.
        cache_dir: Folder of the prepared stores; None takes the user's cache.

    Raises:
        ConfigError: If an option is out of range.
    """

    def __init__(
        self,
        pictures: Path,
        table: Path | None = None,
        wording: MarkerWording | None = None,
        encoding: EncodingConfig | None = None,
        batching: BatchingConfig | None = None,
        images: ImagesConfig | None = None,
        seed: int = 0,
        cache_dir: Path | None = None,
    ) -> None:
        super().__init__(encoding=encoding, batching=batching, images=images, seed=seed, cache_dir=cache_dir)
        self.pictures = pictures
        self.table = table
        self.wording = wording or MarkerWording()
        self.wording.check()

    def source_files(self) -> list[Path]:
        """The table, where there is one; pictures are part of the options, by name and digest."""
        return [] if self.table is None else [self.table]

    def options(self) -> Mapping[str, object]:
        """The pictures and the wording."""
        pictures = sorted({picture for picture, *_ in self._questions()})
        return {
            "pictures": [[str(path.relative_to(self.pictures)), file_digest(path)] for path in pictures],
            "wording": asdict(self.wording),
            "table": self.table is not None,
        }

    def build_samples(self) -> Mapping[str, Iterable[Sample]]:
        """All questions as the held-out split; the other splits are empty."""
        held_out = [_sample(question, self.wording) for question in self._questions()]
        return {TRAIN: [], VAL: [], HELD_OUT: held_out, MEMORISED: []}

    def _questions(self) -> list[Question]:
        if self.table is not None:
            return read_question_table(self.pictures, self.table)
        return picture_questions(self.pictures, self.seed)


def picture_questions(folder: Path, seed: int) -> list[Question]:
    """Picture, gene, cell type and answer: each picture with its own type, then with a wrong one.

    Args:
        folder: Folder with ``show{GENE}_{cell type}.png``; other files are passed over.
        seed: Seed of the choice of wrong types.

    Raises:
        MissingFileError: If the folder is not there or has no such picture.
        DataFormatError: If a gene is shown for all cell types, so that no wrong one is left.
    """
    if not folder.is_dir():
        raise MissingFileError(f"{folder}: no such folder. Check the path, or download the pictures first.")
    matches = [(path, _NAME.fullmatch(path.name)) for path in sorted(folder.iterdir())]
    found = [(path, match["gene"], match["cell_type"]) for path, match in matches if match is not None]
    if not found:
        raise MissingFileError(f"{folder}: holds no picture named show{{GENE}}_{{cell type}}.png.")
    wrong = _wrong_types(folder, [(gene, cell_type) for _, gene, cell_type in found], random.Random(seed))
    return [
        question
        for (path, gene, cell_type), other in zip(found, wrong, strict=True)
        for question in ((path, gene, cell_type, True), (path, gene, other, False))
    ]


def read_question_table(folder: Path, table: Path) -> list[Question]:
    """Picture, gene, cell type and answer of every row of a table.

    Args:
        folder: Folder of the pictures.
        table: The table.

    Raises:
        MissingFileError: If the table cannot be opened.
        DataFormatError: If it is not as documented, or names a picture that is not in the folder.
    """
    questions = []
    for line, (image, gene, cell_type, answer) in read_columns(table, _COLUMNS):
        try:
            path = check_image_path(folder, image)
        except ConfigError as error:
            raise DataFormatError(table, f"has a wrong image: {error}", line) from None
        if not path.is_file():
            message = (
                f"names the image {image!r}, which is not in {folder}. Correct the row or copy the file."
            )
            raise DataFormatError(table, message, line)
        if not gene or not cell_type:
            raise DataFormatError(table, "lacks a gene or a cell type, expected both.", line)
        if answer.lower() not in _ANSWERS:
            message = f"has is_marker {answer!r}, expected yes or no, true or false, 1 or 0."
            raise DataFormatError(table, message, line)
        questions.append((path, gene, cell_type, _ANSWERS[answer.lower()]))
    return questions


def _wrong_types(folder: Path, true: Sequence[tuple[str, str]], rng: random.Random) -> list[str]:
    """For each picture a type that its gene does not mark; each type as often as it is right, if it can."""
    right: defaultdict[str, set[str]] = defaultdict(set)
    for gene, cell_type in true:
        right[gene].add(cell_type)
    types = sorted({cell_type for _, cell_type in true})
    for gene, marked in right.items():
        if len(marked) == len(types):
            message = f"shows {gene} for every cell type ({', '.join(types)}), so that none is a wrong one."
            raise DataFormatError(folder, message)
    genes = [gene for gene, _ in true]
    dealt = [cell_type for _, cell_type in true]

    def fits(row: int, cell_type: str) -> bool:
        return cell_type not in right[genes[row]]

    rows = list(range(len(dealt)))
    for row in rows * _PASSES:
        other = rng.choice(rows)
        # Types that fit already may move on if they fit there too, to make room.
        if fits(row, dealt[other]) and (fits(other, dealt[row]) or not fits(other, dealt[other])):
            dealt[row], dealt[other] = dealt[other], dealt[row]
    counts = Counter(dealt[row] for row in rows if fits(row, dealt[row]))
    for row in rows:
        if not fits(row, dealt[row]):
            dealt[row] = min((name for name in types if fits(row, name)), key=lambda name: counts[name])
            counts[dealt[row]] += 1
    return dealt


def _sample(question: Question, wording: MarkerWording) -> Sample:
    path, gene, cell_type, label = question
    return Sample(
        question=wording.question.format(gene=gene, region=cell_type),
        answer=YES if label else NO,
        context=wording.context.format(gene=gene),
        kind=CHOICE,
        group=gene,
        choices=(YES, NO),
        images=(path,),
        metadata={
            "question_id": f"{path.name}/{gene}/{cell_type}",
            "gene": gene,
            "region": cell_type,
            "label": label,
            "probe": f"marker_gene/{cell_type}",
        },
    )
