"""Files of records and small images that the tests of the instruction data module write."""

import gzip
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file of the test's folder: text or bytes, or records as JSON lines; gzipped by its suffix."""

    def build(name: str, content: str | bytes | Sequence[Any]) -> Path:
        path = tmp_path / name
        if not isinstance(content, str | bytes):
            content = "".join(json.dumps(record) + "\n" for record in content)
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return build


@pytest.fixture
def image_dir(tmp_path: Path) -> Path:
    """A folder with eight pictures, ``0.png`` to ``7.png``, each of a colour of its own."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(8):
        Image.new("RGB", (4, 4), (30 * number, 0, 0)).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def about_images() -> Callable[..., list[dict[str, Any]]]:
    """Makes LLaVA records with the numbers given; several are about each image."""

    def build(numbers: Iterable[int], num_images: int = 8) -> list[dict[str, Any]]:
        return [
            {
                "id": n,
                "image": f"{n % num_images}.png",
                "conversations": [
                    {"from": "human", "value": f"<image>\nWhat is {n}?"},
                    {"from": "gpt", "value": f"It is {n}."},
                ],
            }
            for n in numbers
        ]

    return build
