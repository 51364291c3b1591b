"""Writes a store: under a temporary name, in pieces, renamed when whole."""

import json
import os
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
import numpy.typing as npt

from geneverse_pl.data.blocks import EncodedBlock, metadata_bytes
from geneverse_pl.data.encoded import EncodedSample
from geneverse_pl.data.store.growing import ImageWriter, SplitWriter
from geneverse_pl.data.store.layout import FORMAT, PARTIAL_SUFFIX, SCHEMA_VERSION
from geneverse_pl.exceptions import unknown_choice


class StoreWriter:
    """Writes one store, as a context manager.

    Everything goes to a hidden file in the same folder, which takes the name ``path`` when the ``with``
    block ends; after an error it is removed. What is at ``path`` is therefore always whole.

    Args:
        path: The store, ``.h5``; replaced where it exists.
        provenance: Where the data comes from and how it was made; JSON-able.
        splits: Names of the splits, in order.

    Raises:
        TypeError: If ``provenance``, metadata or a document is not JSON-able.
        ValueError: If split names are not distinct and without ``/``, or another split is written to.
    """

    def __init__(self, path: str | Path, provenance: Mapping[str, object], splits: Sequence[str]) -> None:
        self._path = Path(path)
        self._provenance = json.dumps(dict(provenance))
        self._split_names = list(splits)
        if len(set(splits)) < len(splits) or any(not name.strip(".") or "/" in name for name in splits):
            raise ValueError(f"splits must be distinct names without '/', got {self._split_names}.")
        self._splits: dict[str, SplitWriter] = {}

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._partial = self._path.with_name(f".{self._path.name}.{uuid.uuid4().hex[:8]}{PARTIAL_SUFFIX}")
        # This version of the format has checksums over the file's own structures too, and can be read
        # by every HDF5 from 1.10 on.
        self._file = h5py.File(self._partial, "x", libver=("v110", "v110"))
        # Fixed-length strings lie in the checksummed header, Python's would go to a heap that has none.
        self._file.attrs["format"] = np.bytes_(FORMAT)
        self._file.attrs["schema_version"] = SCHEMA_VERSION
        self._file.attrs["splits"] = np.bytes_(json.dumps(self._split_names))
        self._file.attrs["provenance"] = np.bytes_(self._provenance)
        self._file.create_group("documents")
        self._images = ImageWriter(self._file.create_group("images"))
        for name in self._split_names:
            self._splits[name] = SplitWriter(self._file.create_group(f"splits/{name}"))
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if error_type is None:
                for split in self._splits.values():
                    split.finish()
                self._images.flush()
                self._file.attrs["complete"] = True
            self._file.close()
            if error_type is None:
                _sync(self._partial)
                self._partial.replace(self._path)
        finally:
            self._file.close()
            self._partial.unlink(missing_ok=True)

    def append(self, split: str, sample: EncodedSample) -> None:
        """Adds one sample at the end of a split."""
        self._split(split).append(sample)

    def append_block(self, split: str, block: EncodedBlock) -> None:
        """Adds the samples of a block at the end of a split."""
        writer = self._split(split)
        writer.flush()
        writer.write(block)

    def add_image(self, data: bytes) -> int:
        """Keeps an image file's bytes, once however often it is added.

        Args:
            data: Content of a PNG, JPEG or other image file.

        Returns:
            Its number, counted from 0 over all splits.
        """
        return self._images.add(data)

    def append_many(
        self,
        split: str,
        input_ids: npt.ArrayLike,
        trained: npt.ArrayLike,
        lengths: npt.ArrayLike,
        *,
        prefix_lengths: npt.ArrayLike | None = None,
        prefix_groups: npt.ArrayLike | None = None,
        metadata: Sequence[Mapping[str, object]] | None = None,
    ) -> None:
        """Adds many samples without images, given as flat arrays, at the end of a split.

        Args:
            split: Name of the split.
            input_ids: Token ids of all samples, one after the other, ``(t,)``.
            trained: Whether each token counts in the loss, ``(t,)``.
            lengths: Tokens of each sample, ``(n,)``, which sum up to ``t``.
            prefix_lengths: Length of each shared prefix, ``(n,)``; None for 0.
            prefix_groups: Group of each sample, ``(n,)``; None for -1.
            metadata: One mapping a sample; None for empty ones.

        Raises:
            ValueError: If the numbers of tokens or samples disagree.
        """
        counts = np.asarray(lengths, np.int64)
        num_tokens, num_samples = int(counts.sum()), len(counts)
        blobs = [b""] * num_samples if metadata is None else [metadata_bytes(entry) for entry in metadata]
        block = EncodedBlock(
            input_ids=np.asarray(input_ids, np.int32),
            trained=np.asarray(trained, np.bool_),
            lengths=counts,
            prefix_lengths=np.zeros(num_samples, np.int32)
            if prefix_lengths is None
            else np.asarray(prefix_lengths, np.int32),
            prefix_groups=np.full(num_samples, -1)
            if prefix_groups is None
            else np.asarray(prefix_groups, np.int64),
            metadata=np.frombuffer(b"".join(blobs), np.uint8),
            metadata_lengths=np.array([len(blob) for blob in blobs], np.int64),
            images=np.zeros(0, np.int64),
            num_images=np.zeros(num_samples, np.int64),
        )
        for name, given, expected in (
            ("input_ids", block.input_ids.shape, num_tokens),
            ("trained", block.trained.shape, num_tokens),
            ("prefix_lengths", block.prefix_lengths.shape, num_samples),
            ("prefix_groups", block.prefix_groups.shape, num_samples),
            ("metadata", (len(blobs),), num_samples),
        ):
            if given != (expected,):
                raise ValueError(f"{name} must have shape {(expected,)} to match lengths, got {given}.")
        self.append_block(split, block)

    def write_document(self, name: str, value: Any) -> None:
        """Adds a JSON-able value for the whole data set, for example a table of relations.

        Args:
            name: Name to read it by, without ``/``; each can be written once.
            value: Stored as compressed UTF-8 JSON.
        """
        content = np.frombuffer(json.dumps(value, ensure_ascii=False).encode(), np.uint8)
        self._file["documents"].create_dataset(
            name, data=content, chunks=(min(len(content), 2**20),), compression="gzip", fletcher32=True
        )

    def _split(self, name: str) -> SplitWriter:
        if name not in self._splits:
            raise ValueError(unknown_choice("split", name, self._split_names))
        return self._splits[name]


def _sync(path: Path) -> None:
    """Waits for the disk, so that a power cut after the rename cannot leave an empty file."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
