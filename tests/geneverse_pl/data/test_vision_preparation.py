"""Stores with pictures, and of pairs, that are gone on with after a kill."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import pytest
from PIL import Image

from geneverse_pl import VisionConfig, VisionDataModule
from geneverse_pl.data import block_map, pairs, tokenization
from geneverse_pl.data.datamodule import HELD_OUT, TRAIN, EncodingConfig
from geneverse_pl.data.encoded import IMAGE_TOKEN
from geneverse_pl.data.images import read_image_bytes
from geneverse_pl.data.pairs import Pairing, PairsConfig
from geneverse_pl.data.records import Sample
from geneverse_pl.data.store import StoreWriter, TokenStore
from geneverse_pl.data.store.draft import draft_folder
from geneverse_pl.models.caption_tokenizer import CaptionTokenizer

SIZES = {TRAIN: 90, HELD_OUT: 20}
BLOCK = 8


class Pictures(VisionDataModule):
    """Three questions about each of a few pictures, some of which are the same; two answers are free."""

    stop_at: tuple[str, int] | None = None
    folder: Path

    def source_files(self) -> list[Path]:
        return []

    def options(self) -> Mapping[str, object]:
        return {}

    def build_samples(self) -> Mapping[str, Iterable[Sample]]:
        return {split: self._samples(split, size) for split, size in SIZES.items()}

    def _samples(self, split: str, size: int) -> Iterator[Sample]:
        for number in range(size):
            if (split, number) == self.stop_at:
                die()
            path = self.folder / f"{split}{number // 3 % 17}.png"
            if not path.exists():
                colour = number // 3 % 17 % 13 * 9
                Image.new("RGB", (8, 8), (colour, 0, 0)).save(path)
            answer = ("red", "blue", f"a shade {number}")[number % 3]
            text = Sample(f"Which {number % 5}?", answer, context="<image>\n", images=(path,), kind="text/x")
            yield text if number % 10 else Sample("Two and two?", "4", kind="text/sum")


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenization, "_CHUNK", BLOCK)
    monkeypatch.setattr(pairs, "_CHUNK", BLOCK)
    monkeypatch.setattr(block_map, "_BLOCKS_HERE", 1)


@pytest.fixture
def make(tmp_path: Path, tiny_model_dir: Path) -> Callable[..., Pictures]:
    """Builds the data module for questions, or for pairs of a picture and a caption."""
    Pictures.folder = tmp_path

    def build(folder: str, *, pairing: bool, num_processes: int = 0) -> Pictures:
        encoding = EncodingConfig(
            template="plain", tokenizer=str(tiny_model_dir), max_length=80, num_processes=num_processes
        )
        data = Pictures(encoding=encoding, cache_dir=tmp_path / folder)
        if pairing:
            tokenizer = CaptionTokenizer(VisionConfig("timm:test_vit", "random"), 8)
            data.use_vision(pairing=Pairing(PairsConfig(), tokenizer))
        else:
            # As a tower of four patches would have it.
            data.__dict__["image_block"] = [IMAGE_TOKEN] * 4
        return data

    return build


def run(data: Pictures, arm: Callable[[Pictures], None]) -> None:
    arm(data)
    data.prepare_data()


def at(split: str, number: int) -> Callable[[Pictures], None]:
    def arm(data: Pictures) -> None:
        data.stop_at = (split, number)

    return arm


def while_writing(data: Pictures) -> None:
    StoreWriter.append_block = die  # type: ignore[assignment]


@pytest.mark.parametrize("pairing", [False, True])
@pytest.mark.parametrize("arm", [at(TRAIN, 40), at(HELD_OUT, 10), while_writing])
def test_a_killed_build_is_gone_on_with_to_the_same_bytes(
    arm: Callable[[Pictures], None],
    pairing: bool,
    make: Callable[..., Pictures],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole, data = make("whole", pairing=pairing), make("killed", pairing=pairing)
    whole.prepare_data()
    path = data.store_path
    process = multiprocessing.get_context("fork").Process(target=run, args=(data, arm))
    process.start()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL
    assert len(list(draft_folder(path).glob("*.npz"))) >= 4
    read: list[Path] = []

    def read_noted(path: Path) -> bytes:
        read.append(path)
        return read_image_bytes(path)

    monkeypatch.setattr("geneverse_pl.data.vision_datamodule.read_image_bytes", read_noted)
    data.prepare_data()
    assert (len(read) == 0) == (arm is while_writing)
    assert path.read_bytes() == whole.store_path.read_bytes()
    store = TokenStore(path)
    assert len(store.images) == 13
    assert len(store.split(TRAIN)) == (81 if pairing else 90)


def test_processes_make_the_same_store_with_pictures(make: Callable[..., Pictures]) -> None:
    whole, data = make("whole", pairing=False), make("shared", pairing=False, num_processes=1)
    for module in (whole, data):
        module.prepare_data()
    assert data.store_path.read_bytes() == whole.store_path.read_bytes()
