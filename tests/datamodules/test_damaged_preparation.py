"""``prepare`` from damaged files: a store of all that was read, or one line of error and no store."""

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from datamodules import InstructionDataModule
from geneverse_pl import ProjectorConfig, VisionConfig
from geneverse_pl.cli import main
from geneverse_pl.data.datamodule import EncodingConfig
from geneverse_pl.data.store import TokenStore
from geneverse_pl.data.vision_datamodule import ImagesConfig
from geneverse_pl.exceptions import DataFormatError
from tests.datamodules.conftest import write_tiny_hpo
from tests.datamodules.gene_function.toy_genes import write_toy_genes
from tests.datamodules.sources.damaged_bytes import DAMAGES, FLOODS
from tests.datamodules.sources.damaged_reading import inflict

_RECORDS = [{"question": f"What is {n}?", "answer": f"It is {n}.", "id": f"r{n}"} for n in range(30)]
Write = Callable[[Path], str]


def hpo(folder: Path) -> str:
    write_tiny_hpo(folder)
    (folder / "phenotype_to_genes.txt").unlink()
    (folder / "genes_to_disease.txt").unlink()
    return f"datamodules.GenePhenotypeDataModule, init_args: {{hpo_dir: {folder}"


def genes(folder: Path) -> str:
    write_toy_genes(folder, num_families=30)
    sources = "[gene2go, gene_summary, generifs, gene_ontology, diseases, phenotypes]"
    return f"datamodules.GeneFunctionDataModule, init_args: {{folder: {folder}, sources: {sources}"


def json_lines(folder: Path) -> str:
    (folder / "q.jsonl").write_text("".join(json.dumps(record) + "\n" for record in _RECORDS))
    return f"datamodules.InstructionDataModule, init_args: {{train: {folder}/q.jsonl"


def table(folder: Path) -> str:
    rows = [list(_RECORDS[0]), *(list(record.values()) for record in _RECORDS)]
    (folder / "q.csv").write_text("".join(",".join(row) + "\n" for row in rows))
    return f"datamodules.InstructionDataModule, init_args: {{train: {folder}/q.csv"


SOURCES: dict[str, Write] = {"hpo": hpo, "genes": genes, "json_lines": json_lines, "table": table}


@pytest.fixture
def prepare(tiny_model_dir: Path, tmp_path: Path) -> Callable[[str], int]:
    """Runs ``prepare`` for a data module in this process, and gives the exit code."""

    def run(data: str) -> int:
        config = tmp_path / "run.yaml"
        config.write_text(
            f"model: {{class_path: geneverse_pl.TextTask, init_args: {{model: '{tiny_model_dir}'}}}}\n"
            f"data: {{class_path: {data}, cache_dir: {tmp_path}/stores}}}}\n"
        )
        return main(["prepare", "--config", str(config)])

    return run


def check(
    write: Write,
    seed: str,
    folder: Path,
    prepare: Callable[[str], int],
    capsys: pytest.CaptureFixture[str],
) -> int:
    """Damages one file of a source, prepares it, and checks what is left."""
    rng = random.Random(seed)
    (folder / "files").mkdir()
    data = write(folder / "files")
    target = rng.choice(sorted((folder / "files").iterdir()))
    inflict(target, rng.choice(sorted({*DAMAGES} - FLOODS)), rng)
    code = prepare(data)
    stores = list(folder.glob("stores/*.h5"))
    lines = capsys.readouterr().err.splitlines()
    if code == 0:
        [store] = stores
        assert TokenStore(store).splits
        return code
    assert code == 2
    assert stores == []
    assert [line for line in lines if line.startswith("error: ")] == lines[-1:]
    return code


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", SOURCES)
def test_some_damaged_files_of_data_modules(
    name: str,
    seed: int,
    tmp_path: Path,
    prepare: Callable[[str], int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    check(SOURCES[name], f"{name}/{seed}", tmp_path, prepare, capsys)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, 15))
@pytest.mark.parametrize("name", SOURCES)
def test_more_damaged_files_of_data_modules(
    name: str,
    seed: int,
    tmp_path: Path,
    prepare: Callable[[str], int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    check(SOURCES[name], f"{name}/{seed}", tmp_path, prepare, capsys)


@pytest.mark.parametrize("name", SOURCES)
def test_whole_files_give_a_store(name: str, tmp_path: Path, prepare: Callable[[str], int]) -> None:
    (tmp_path / "files").mkdir()
    assert prepare(SOURCES[name](tmp_path / "files")) == 0
    assert len(list(tmp_path.glob("stores/*.h5"))) == 1


@pytest.mark.parametrize("damage", ["truncate", "flip", "garbage", "empty", "magic_alone"])
def test_a_damaged_picture_leaves_no_store(damage: str, tiny_model_dir: Path, tmp_path: Path) -> None:
    from PIL import Image

    rng = random.Random(damage)
    for number in range(8):
        Image.new("RGB", (9, 9), (30 * number, 0, 0)).save(tmp_path / f"{number}.png")
    chats = [
        {
            "image": f"{n % 8}.png",
            "conversations": [
                {"from": "human", "value": f"<image> {n}?"},
                {"from": "gpt", "value": f"It is {n}."},
            ],
        }
        for n in range(24)
    ]
    (tmp_path / "chats.json").write_text(json.dumps(chats))
    inflict(tmp_path / "3.png", damage, rng)
    data = InstructionDataModule(
        tmp_path / "chats.json",
        image_dir=tmp_path,
        encoding=EncodingConfig(template="plain", tokenizer=str(tiny_model_dir)),
        images=ImagesConfig(cache_features="off"),
        cache_dir=tmp_path / "stores",
    )
    data.use_vision(VisionConfig("timm:test_efficientnet", pretrained="random"), ProjectorConfig())
    with pytest.raises(DataFormatError, match=r"chats\.json: line 1 \(record \d+\) names an image .*3\.png"):
        data.prepare_data()
    assert list(tmp_path.glob("stores/*.h5")) == []
