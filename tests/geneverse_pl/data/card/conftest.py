"""A small store whose numbers are known by hand."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from geneverse_pl.data.encoded import IMAGE_TOKEN, EncodedSample
from geneverse_pl.data.store import StoreWriter, TokenStore

SPLITS = ("train", "val", "held_out", "memorised")
YES, NO, END = 11, 12, 2


def asked(
    subject: str, item: int, *, label: bool, kind: str = "relation/gene_phenotype", **about: object
) -> EncodedSample:
    """A yes/no question of four tokens with a context of two; the tokens follow from subject and item."""
    place = sum(map(ord, subject))
    ids = np.array([1, place, 7, 100 + item, YES if label else NO, END], np.int32)
    metadata = {
        "kind": kind,
        "group": f"group of {subject}",
        "answer": "Yes" if label else "No",
        "choices": ["Yes", "No"],
        "subject": subject,
        "subject_name": f"gene {subject}",
        "object": f"HP:{item}",
        "label": label,
        "sources": [f"/data/genes.txt:{item}", "hp.obo"],
        **about,
    }
    trained = np.arange(len(ids)) >= 4
    return EncodedSample(ids, trained, 2, place, metadata)


def hand_made() -> dict[str, list[EncodedSample]]:
    """Train has a repeat (A 1), a contradiction (B 2), and three more; held_out shares a prompt (C 3)."""
    train = [
        asked("A", 1, label=True),
        asked("A", 1, label=True),
        asked("B", 2, label=True),
        asked("B", 2, label=False),
        asked("C", 3, label=True),
        asked("A", 2, label=True),
        asked("A", 3, label=False),
    ]
    return {
        "train": train,
        "val": [asked("D", 1, label=True), asked("D", 9, label=False)],
        "held_out": [asked("E", 1, label=True), asked("C", 3, label=False)],
        "memorised": [train[0], train[4]],
    }


@pytest.fixture
def write_store(tmp_path: Path) -> Callable[..., TokenStore]:
    """Writes samples by split into a store."""

    def write(
        samples: dict[str, list[EncodedSample]],
        images: list[bytes] | None = None,
        name: str = "Hand-made-0123.h5",
        **provenance: Any,
    ) -> TokenStore:
        path = tmp_path / name
        about = {"data_module": "package.HandMade", "version": "0.1.0", "max_length": 6, **provenance}
        with StoreWriter(path, about, list(samples)) as writer:
            for image in images or []:
                writer.add_image(image)
            for split, listed in samples.items():
                for sample in listed:
                    writer.append(split, sample)
            counts = {split: {"num_truncated": 1} for split in samples}
            writer.write_document("counts", counts)
        return TokenStore(path)

    return write


@pytest.fixture
def store(write_store: Callable[..., TokenStore]) -> TokenStore:
    """The store of :func:`hand_made`."""
    files = [["hp.obo", "ab" * 32], ["own.txt", "cd" * 32]]
    options = {"folder": "/home/somebody/data", "questions": ["a/b"], "plain": "a/b"}
    return write_store(hand_made(), files=files, options=options, seed=3)


def png(shade: int, size: int = 8) -> bytes:
    """A picture of one shade."""
    buffer = io.BytesIO()
    Image.new("RGB", (size, size + 4), (shade, shade, shade)).save(buffer, "PNG")
    return buffer.getvalue()


def shown(image: int, item: int, gene: str) -> EncodedSample:
    """A question about a picture of two tokens."""
    ids = np.array([1, IMAGE_TOKEN, IMAGE_TOKEN, 100 + item, YES, END], np.int32)
    about = {"kind": "choice/marker", "group": gene, "answer": "Yes", "choices": ["Yes", "No"], "gene": gene}
    return EncodedSample(ids, np.arange(6) >= 4, 3, image, about, np.array([image], np.int64))


@pytest.fixture
def picture_store(write_store: Callable[..., TokenStore]) -> TokenStore:
    """Questions with the same words about three pictures, one of which train and held_out share."""
    samples = {
        "train": [shown(0, 1, "X"), shown(1, 1, "Y"), shown(1, 2, "Y")],
        "held_out": [shown(1, 3, "Y"), shown(2, 1, "Z"), shown(2, 2, "Z")],
    }
    return write_store(samples, [png(0), png(90), png(200, 16)])
