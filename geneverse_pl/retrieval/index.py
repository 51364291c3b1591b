"""The folder of an index: passages, names, BM25 and vectors, written whole or not at all."""

import json
import logging
import shutil
from collections.abc import Callable, Iterable, Mapping
from hashlib import file_digest, sha256
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from geneverse_pl.exceptions import ConfigError, DataFormatError
from geneverse_pl.retrieval.dense import DenseIndex, TextEncoder, load_sentence_encoder
from geneverse_pl.retrieval.lexical import LexicalIndex
from geneverse_pl.retrieval.names import NameTable
from geneverse_pl.retrieval.passages import Passage

logger = logging.getLogger(__name__)

FORMAT = "geneverse_pl retrieval index"
VERSION = 2
MANIFEST, PASSAGES, OFFSETS = "manifest.json", "passages.jsonl", "offsets.npy"
_AGAIN = "Build the index again."


def build_index(
    passages: Iterable[Passage],
    folder: Path,
    encoder: str | None = None,
    *,
    batch_size: int = 32,
    load_encoder: Callable[[str], TextEncoder] = load_sentence_encoder,
) -> Path:
    """Writes an index of passages.

    The order of the passages makes no difference. The folder gets its name when it is whole: what is there is
    always a whole index, the former one until then.

    Args:
        passages: The passages; all are held in memory.
        folder: The folder; an index that is there is replaced.
        encoder: Reference of the sentence encoder for search by meaning; None searches by words alone.
        batch_size: Texts that are encoded at a time, > 0.
        load_encoder: Gives the encoder of a reference.

    Returns:
        The folder.

    Raises:
        ConfigError: If two passages have one id, something else than an index is at ``folder``, it cannot be
            written, or bm25s is not installed.
        ModelReferenceError: If the encoder cannot be found.
    """
    if folder.exists() and not _is_index(folder) and (folder.is_file() or any(folder.iterdir())):
        raise ConfigError(f"An index must get a folder of its own, and {folder} holds something else.")
    ordered = sorted(passages, key=lambda passage: passage.id)
    for one, other in pairwise(ordered):
        if one.id == other.id:
            raise ConfigError(f"The ids of passages must differ, and two have '{one.id}'. Rename one.")
    partial = folder.with_name(f".{folder.name}.{uuid4().hex[:8]}.partial")
    try:
        partial.mkdir(parents=True)
    except OSError as error:
        raise ConfigError(
            f"An index must get a folder that can be written, and {folder} is none ({error.strerror}). "
            "Choose another."
        ) from error
    try:
        _write(ordered, partial, encoder, batch_size, load_encoder)
        _put(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    logger.info("%d passages indexed in %s", len(ordered), folder)
    return folder


def _write(
    passages: list[Passage],
    folder: Path,
    encoder: str | None,
    batch_size: int,
    load_encoder: Callable[[str], TextEncoder],
) -> None:
    lines = [f"{passage.to_json()}\n".encode("utf-8", "replace") for passage in passages]
    (folder / PASSAGES).write_bytes(b"".join(lines))
    np.save(folder / OFFSETS, np.cumsum([0, *map(len, lines)], dtype=np.int64))
    NameTable.of(passages).save(folder)
    LexicalIndex.of([passage.searched for passage in passages]).save(folder)
    width = 0
    if encoder is not None:
        texts = [f"{passage.title}: {passage.text}" for passage in passages]
        dense = DenseIndex.of(texts, load_encoder(encoder), batch_size)
        dense.save(folder)
        width = dense.width
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "num_passages": len(passages),
        "encoder": encoder,
        "width": width,
        "files": {path.relative_to(folder).as_posix(): _digest(path) for path in files},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True), encoding="utf-8")


def _is_index(folder: Path) -> bool:
    """Whether a folder holds an index, of whatever version: other folders have a manifest too."""
    try:
        return bool(json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["format"] == FORMAT)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _put(partial: Path, folder: Path) -> None:
    """Gives a whole folder its name; the one that has it goes first."""
    former = partial.with_name(f"{partial.name}.former")
    if folder.exists():
        folder.rename(former)
    partial.rename(folder)
    shutil.rmtree(former, ignore_errors=True)


def checked_manifest(folder: Path) -> dict[str, Any]:
    """What an index says of itself, once all its files are what they were when it was built.

    Args:
        folder: Folder of the index.

    Raises:
        DataFormatError: If it is no index, one of another version, or damaged.
    """
    manifest = read_manifest(folder)
    for name, digest in manifest["files"].items():
        path = folder / name
        if not path.is_file():
            raise DataFormatError(path, f"must be there, it is a part of an index. {_AGAIN}")
        if _digest(path) != digest:
            raise DataFormatError(path, f"is not as it was when the index was built. {_AGAIN}")
    return manifest


def read_manifest(folder: Path) -> dict[str, Any]:
    """What an index says of itself.

    Args:
        folder: Folder of the index.

    Raises:
        DataFormatError: If it is no index, or one of another version.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        is_index = manifest["format"] == FORMAT and isinstance(manifest["files"], Mapping)
        version, _ = manifest["version"], manifest["encoder"]
    except FileNotFoundError as error:
        message = "must be an index of passages, and there is none. Build one with `geneverse_pl index`."
        raise DataFormatError(folder, message) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataFormatError(path, f"is not of an index of passages ({error!r}). {_AGAIN}") from error
    if not is_index or version != VERSION:
        raise DataFormatError(path, f"must be of an index of version {VERSION}, got {version}. {_AGAIN}")
    return dict(manifest)


def index_digest(folder: Path) -> str:
    """SHA-256 that tells an index from any other, by all its files.

    Args:
        folder: Folder of the index.

    Raises:
        DataFormatError: If it is no index.
    """
    return sha256(json.dumps(read_manifest(folder), sort_keys=True).encode()).hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()
