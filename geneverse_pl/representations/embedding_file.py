"""The file of embeddings, ``embeddings.h5``: vectors by model and layer, their items and their origin.

Letters: N items, D width.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from geneverse_pl import __version__
from geneverse_pl.exceptions import DataFormatError
from geneverse_pl.representations.items import Item

_FORMAT, _VERSION = "geneverse_pl embeddings", 1


@dataclass(frozen=True)
class EmbeddingFile:
    """What a file of embeddings holds.

    Args:
        items: N items.
        vectors: Model -> layer (``layer_30``, or ``texts``) -> float32 ``(N, D)``.
        provenance: What determined the vectors.
    """

    items: Sequence[Item]
    vectors: Mapping[str, Mapping[str, npt.NDArray[np.float32]]]
    provenance: Mapping[str, Any]


def write_embeddings(path: Path, content: EmbeddingFile) -> None:
    """Writes a file of embeddings; one that is there is replaced when the new one is whole.

    ``items/id``, ``items/name``, ``items/kind`` and ``items/fields`` (JSON) are texts ``(N,)``,
    ``vectors/MODEL/LAYER`` float32 ``(N, D)``; the attributes are ``format``, ``schema_version``, ``version``
    of this package, and ``provenance``, JSON.

    Args:
        path: The file; its folder must exist.
        content: What it holds.
    """
    import h5py

    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.partial")
    try:
        with h5py.File(unfinished, "w") as file:
            file.attrs["format"], file.attrs["schema_version"] = _FORMAT, _VERSION
            file.attrs["version"] = __version__
            file.attrs["provenance"] = json.dumps(content.provenance, sort_keys=True)
            columns = {
                "id": [item.id for item in content.items],
                "name": [item.name for item in content.items],
                "kind": [item.kind for item in content.items],
                "fields": [json.dumps(dict(item.fields), ensure_ascii=False) for item in content.items],
            }
            for name, texts in columns.items():
                file.create_dataset(f"items/{name}", data=texts, dtype=h5py.string_dtype())
            for model, layers in content.vectors.items():
                for layer, vectors in layers.items():
                    file.create_dataset(f"vectors/{model}/{layer}", data=vectors.astype(np.float32))
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def read_embeddings(path: Path) -> EmbeddingFile:
    """Reads a file of embeddings.

    Args:
        path: The file.

    Raises:
        DataFormatError: If it is none, or one of another version.
    """
    import h5py

    try:
        with h5py.File(path) as file:
            found = (file.attrs.get("format"), int(file.attrs.get("schema_version", 0)))
            if found != (_FORMAT, _VERSION):
                raise DataFormatError(path, f"is no file of embeddings of version {_VERSION}. Make it again.")
            columns = [file[f"items/{name}"].asstr()[:] for name in ("id", "name", "kind", "fields")]
            items = [
                Item(one, name, kind, json.loads(fields))
                for one, name, kind, fields in zip(*columns, strict=True)
            ]
            vectors = {
                model: {layer: file[f"vectors/{model}/{layer}"][:] for layer in file[f"vectors/{model}"]}
                for model in file["vectors"]
            }
            return EmbeddingFile(items, vectors, json.loads(file.attrs["provenance"]))
    except (OSError, KeyError) as error:
        raise DataFormatError(path, f"is no file of embeddings ({error}). Check the path.") from error
