"""The growing data sets of a store that is being written: samples of a split, and images."""

import hashlib
from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from geneverse_pl.data.blocks import EncodedBlock, metadata_bytes
from geneverse_pl.data.encoded import EncodedSample
from geneverse_pl.data.store.labels import LabelWriter
from geneverse_pl.data.store.layout import CHUNK_LENGTH, DATASET_TYPES, IMAGE_TYPES

_BUFFER_BYTES = 8 * 2**20
_SAMPLE_BYTES = 256  # of Python objects, for the buffer's bound


class _GrowingDatasets:
    """One-dimensional data sets with checksums that values are appended to."""

    def __init__(self, group: h5py.Group, types: Mapping[str, str]) -> None:
        self._datasets = {
            name: group.create_dataset(
                name, (0,), dtype, chunks=(CHUNK_LENGTH,), maxshape=(None,), fletcher32=True
            )
            for name, dtype in types.items()
        }
        for name in types:
            if name.endswith("offsets"):
                self.extend(name, np.zeros(1, np.int64))

    def extend(self, name: str, values: npt.NDArray[Any]) -> None:
        """Appends values to one data set."""
        if len(values) == 0:
            return
        dataset = self._datasets[name]
        start = len(dataset)
        dataset.resize(start + len(values), axis=0)
        dataset[start:] = values.astype(dataset.dtype, copy=False)

    def extend_ragged(
        self, name: str, offsets: str, values: npt.NDArray[Any], lengths: npt.NDArray[np.int64]
    ) -> None:
        """Appends lists of the given lengths, laid end to end, and where each of them ends."""
        self.extend(offsets, len(self._datasets[name]) + np.cumsum(lengths))
        self.extend(name, values)


class SplitWriter:
    """Appends samples to the data sets of one split, through a bounded buffer.

    Args:
        group: Empty HDF5 group of the split.
    """

    def __init__(self, group: h5py.Group) -> None:
        self._datasets = _GrowingDatasets(group, DATASET_TYPES)
        self._labels = LabelWriter()
        self._clear()

    def _clear(self) -> None:
        self._samples: list[EncodedSample] = []
        self._blobs: list[bytes] = []
        self._buffered = 0

    def append(self, sample: EncodedSample) -> None:
        """Adds one sample."""
        blob = metadata_bytes(sample.metadata)
        self._samples.append(sample)
        self._blobs.append(blob)
        self._buffered += sample.input_ids.nbytes + sample.trained.nbytes + len(blob) + _SAMPLE_BYTES
        if self._buffered >= _BUFFER_BYTES:
            self.flush()

    def flush(self) -> None:
        """Writes what is buffered."""
        if self._samples:
            self.write(EncodedBlock.of(self._samples, self._blobs))
            self._clear()

    def write(self, block: EncodedBlock) -> None:
        """Writes a block of samples at once; what is buffered must have been flushed before."""
        datasets = self._datasets
        datasets.extend_ragged("input_ids", "token_offsets", block.input_ids, block.lengths)
        datasets.extend_ragged("metadata", "metadata_offsets", block.metadata, block.metadata_lengths)
        datasets.extend_ragged("images", "image_offsets", block.images, block.num_images)
        datasets.extend("trained", block.trained)
        datasets.extend("prefix_lengths", block.prefix_lengths)
        datasets.extend("prefix_groups", block.prefix_groups)
        for name, values in self._labels.columns(block).items():
            datasets.extend(name, values)

    def finish(self) -> None:
        """Writes what is buffered, and what is known only at the end."""
        self.flush()
        self._datasets.extend("label_names", np.frombuffer(self._labels.names(), np.uint8))


class ImageWriter:
    """Appends distinct images to a store.

    Args:
        group: Empty HDF5 group of the images.
    """

    def __init__(self, group: h5py.Group) -> None:
        self._datasets = _GrowingDatasets(group, IMAGE_TYPES)
        self._numbers: dict[bytes, int] = {}
        self._buffer: list[tuple[bytes, bytes]] = []
        self._buffered = 0

    def add(self, data: bytes) -> int:
        """Number of the image with these bytes, which is kept if it is new."""
        digest = hashlib.sha256(data).digest()
        if digest not in self._numbers:
            self._numbers[digest] = len(self._numbers)
            self._buffer.append((digest, data))
            self._buffered += len(data)
            if self._buffered >= _BUFFER_BYTES:
                self.flush()
        return self._numbers[digest]

    def flush(self) -> None:
        """Writes what is buffered."""
        if self._buffer:
            lengths = np.array([len(data) for _, data in self._buffer], np.int64)
            values = np.frombuffer(b"".join(data for _, data in self._buffer), np.uint8)
            self._datasets.extend_ragged("data", "offsets", values, lengths)
            digests = b"".join(digest for digest, _ in self._buffer)
            self._datasets.extend("digests", np.frombuffer(digests, np.uint8))
            self._buffer, self._buffered = [], 0
