"""The test list of Geneverse: names of pictures, wrong cell types without a skew, tables of questions."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from datamodules.marker_gene import GeneverseMarkerListDataModule
from datamodules.marker_gene.geneverse_list import picture_questions, read_question_table
from datamodules.sources.tables import MissingFileError
from geneverse_pl.data.vision_datamodule import ImagesConfig
from geneverse_pl.exceptions import DataFormatError
from geneverse_pl.models.projector import ProjectorConfig
from geneverse_pl.models.vision_tower import VisionConfig

# Twenty pictures, as many as in the published list, some cell types shown several times.
TYPES = (
    ("CRABP2+ Malignant",) * 5 + ("CD163+ Macrophage",) * 4 + ("Mast cells", "CD4 T", "CD8 T", "LAMP3+ DC")
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of pictures in the published form, and a file of another kind."""
    path = tmp_path / "figures"
    path.mkdir()
    for number, cell_type in enumerate(TYPES):
        Image.new("RGB", (8, 8), (number, 0, 0)).save(path / f"showG{number}-A_{cell_type}.png")
    (path / "readme.txt").write_text("x", encoding="utf-8")
    return path


@pytest.mark.parametrize("seed", range(5))
def test_each_picture_is_asked_about_twice_without_a_skew(folder: Path, seed: int) -> None:
    questions = picture_questions(folder, seed)
    assert len(questions) == 2 * len(TYPES)
    yes, no = ([question for question in questions if question[3] == label] for label in (True, False))
    assert [path for path, *_ in yes] == [path for path, *_ in no]
    # A type is wrong as often as it is right: a rule on the text has an accuracy of a half.
    assert Counter(question[2] for question in no) == Counter(TYPES)
    right = {(gene, cell_type) for _, gene, cell_type, _ in yes}
    assert right == {(f"G{number}-A", cell_type) for number, cell_type in enumerate(TYPES)}
    assert not right & {(gene, cell_type) for _, gene, cell_type, _ in no}


def test_a_gene_of_several_types_is_not_asked_about_a_true_one(tmp_path: Path) -> None:
    for name in ("showA_x", "showA_y", "showB_x", "showC_z", "showC_y"):
        Image.new("RGB", (8, 8)).save(tmp_path / f"{name}.png")
    for seed in range(10):
        questions = picture_questions(tmp_path, seed)
        true = {question[1:3] for question in questions if question[3]}
        assert not true & {question[1:3] for question in questions if not question[3]}


def test_a_type_of_most_pictures_cannot_be_even(tmp_path: Path) -> None:
    for name in ("showA_x", "showB_x", "showC_x", "showD_y", "showE_z"):
        Image.new("RGB", (8, 8)).save(tmp_path / f"{name}.png")
    wrong = Counter(question[2] for question in picture_questions(tmp_path, 0) if not question[3])
    assert wrong.total() == 5
    assert max(wrong.values()) - min(wrong.values()) <= 1


def test_folders_that_cannot_be_asked_about(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"none: no such folder"):
        picture_questions(tmp_path / "none", 0)
    with pytest.raises(MissingFileError, match=r"holds no picture named show\{GENE\}_\{cell type\}\.png"):
        picture_questions(tmp_path, 0)
    Image.new("RGB", (8, 8)).save(tmp_path / "showA_x.png")
    with pytest.raises(DataFormatError, match=r"shows A for every cell type \(x\)"):
        picture_questions(tmp_path, 0)


@pytest.fixture
def write_table(tmp_path: Path) -> Callable[[str], Path]:
    def write(rows: str) -> Path:
        path = tmp_path / "questions.csv"
        path.write_text("image,gene,cell_type,is_marker\n" + rows, encoding="utf-8")
        return path

    return write


def test_questions_of_a_table(folder: Path, write_table: Callable[[str], Path]) -> None:
    name = "showG0-A_CRABP2+ Malignant.png"
    table = write_table(f"{name},G0-A,CRABP2+ Malignant,yes\n{name},G0-A,Mast cells,0\n")
    picture = folder / name
    assert read_question_table(folder, table) == [
        (picture, "G0-A", "CRABP2+ Malignant", True),
        (picture, "G0-A", "Mast cells", False),
    ]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        # The published commands lack a slash in one path.
        (
            "figuresshowLUM_Firoblast.png,LUM,Fibroblast,1\n",
            "line 2 names the image 'figuresshowLUM_Firoblast",
        ),
        ("../secret.png,A,x,1\n", "line 2 has a wrong image"),
        ("readme.txt,A,,1\n", "line 2 lacks a gene or a cell type"),
        ("readme.txt,A,x,perhaps\n", "line 2 has is_marker 'perhaps', expected yes or no"),
        ("readme.txt,A,x\n", "line 2 has 3 cells, expected 4"),
        ("", "line 1 is the header, and no row follows"),
    ],
)
def test_faults_of_a_table(folder: Path, write_table: Callable[[str], Path], rows: str, message: str) -> None:
    with pytest.raises(DataFormatError, match=message):
        read_question_table(folder, write_table(rows))


def test_all_of_it_is_held_out(folder: Path, tiny_model_dir: Path, tmp_path: Path) -> None:
    images = ImagesConfig(cache_features="off")
    module = GeneverseMarkerListDataModule(folder, images=images, cache_dir=tmp_path / "cache")
    samples = {split: list(own) for split, own in module.build_samples().items()}
    assert {split: len(own) for split, own in samples.items()} == {
        "train": 0,
        "val": 0,
        "held_out": 26,
        "memorised": 0,
    }
    first = samples["held_out"][0]
    assert first.question == "Is G0-A a marker gene of CRABP2+ Malignant?"
    assert first.images == (folder / "showG0-A_CRABP2+ Malignant.png",)
    assert (first.answer, first.metadata["label"]) == ("Yes", True)
    module.use_model(str(tiny_model_dir))
    module.use_vision(VisionConfig("timm:test_efficientnet", "random", image_size=32), ProjectorConfig())
    module.trainer = None
    module.prepare_data()
    module.setup("test")
    assert module.test_splits == ["held_out"]
    assert len(module.store.images) == 13
    before = module.options()
    Image.new("RGB", (8, 8), (9, 9, 9)).save(first.images[0])
    assert module.options() != before
