"""Features of a frozen vision tower, computed once for each distinct image and kept in a file."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import h5py
import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from geneverse_pl.data.images import decode_image
from geneverse_pl.data.store import ImageTable
from geneverse_pl.data.store.layout import PARTIAL_SUFFIX
from geneverse_pl.exceptions import StoreError

if TYPE_CHECKING:
    from geneverse_pl.models.image_transform import ImageTransform

FeatureType = Literal["bfloat16", "float16", "float32"]
BLANK_IMAGE = -1  # number of an image of the mean colour, which shows nothing
_FORMAT = "geneverse_pl/image_features"
# HDF5 has no bfloat16: its bits are kept as integers.
_STORED_AS = {"bfloat16": "uint16", "float16": "float16", "float32": "float32"}


class PixelLoader:
    """Decodes images of a store for a vision tower.

    Args:
        images: The images.
        transform: The tower's own transform.
    """

    def __init__(self, images: ImageTable, transform: "ImageTransform") -> None:
        self._images = images
        self._transform = transform

    def __call__(self, image_ids: Tensor) -> dict[str, Tensor]:
        """``pixel_values`` ``(I, 3, H, W)`` float32 of the images of these numbers, ``(I,)``."""
        return {"pixel_values": torch.stack([self._pixels(number) for number in image_ids.tolist()])}

    def _pixels(self, number: int) -> Tensor:
        if number == BLANK_IMAGE:
            size = self._transform.image_size
            return torch.zeros(3, size, size)  # zero is the mean colour after normalisation
        name = f"{self._images.path}: image {number}"
        return self._transform(decode_image(self._images[number], name))


class FeatureTable:
    """Features of all images of a store, read as they are asked for.

    Args:
        path: File that ``write_features`` wrote.

    Raises:
        StoreError: If the file is missing, foreign or damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: h5py.File | None = None
        _ = self.shape

    def __reduce__(self) -> tuple[type["FeatureTable"], tuple[Path]]:
        return FeatureTable, (self.path,)

    @cached_property
    def shape(self) -> tuple[int, int, int]:
        """Images (the blank one not counted), patches and width."""
        with self._named_errors():
            if self._data.attrs.get("format") != np.bytes_(_FORMAT):
                raise StoreError(f"{self.path}: must hold image features, holds something else. Delete it.")
            num_rows, num_patches, width = self._data.shape
            return num_rows - 1, num_patches, width

    def __call__(self, image_ids: Tensor) -> dict[str, Tensor]:
        """``image_features`` ``(I, P, Dv)`` of the images of these numbers, ``(I,)``."""
        num_images = self.shape[0]
        with self._named_errors():
            dtype = str(self._data.attrs["dtype"].decode())
            rows = [self._data[n if n >= 0 else num_images] for n in image_ids.tolist()]
        features = torch.from_numpy(np.stack(rows))
        return {"image_features": features.view(torch.bfloat16) if dtype == "bfloat16" else features}

    @property
    def _data(self) -> Any:
        if self._file is None:
            self._file = h5py.File(self.path, "r", locking=False)
        return self._file["features"]

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except (OSError, KeyError, RuntimeError) as error:
            raise StoreError(
                f"{self.path}: image features cannot be read ({error}). Delete the file; they are then "
                "computed again."
            ) from error


def write_features(
    path: Path,
    load: PixelLoader,
    num_images: int,
    encode: Callable[[Tensor], Tensor],
    *,
    dtype: FeatureType = "bfloat16",
    batch_size: int = 32,
) -> None:
    """Computes the features of every image of a store, and of the blank one, and writes them to a file.

    Args:
        path: The file, ``.h5``; it takes this name when it is whole.
        load: Loader of the images.
        num_images: Images of the store.
        encode: The frozen tower: ``(I, 3, H, W)`` to ``(I, P, Dv)``.
        dtype: Floating type to keep.
        batch_size: Images at a time, > 0.
    """
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}{PARTIAL_SUFFIX}")
    numbers = torch.tensor([*range(num_images), BLANK_IMAGE])
    try:
        with h5py.File(partial, "x", libver=("v110", "v110")) as file:
            data = None
            bar = tqdm(total=num_images, desc="encoding images", unit=" images", leave=False, disable=None)
            for start in range(0, len(numbers), batch_size):
                chosen = numbers[start : start + batch_size]
                with torch.inference_mode():
                    features = encode(load(chosen)["pixel_values"]).to(getattr(torch, dtype)).cpu()
                values = features.contiguous()
                if dtype == "bfloat16":
                    values = values.view(torch.uint16)
                if data is None:
                    data = _dataset(file, (len(numbers), *features.shape[1:]), dtype)
                data[start : start + len(chosen)] = values.numpy()
                bar.update(len(chosen))
            bar.close()
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _dataset(file: h5py.File, shape: tuple[int, ...], dtype: FeatureType) -> Any:
    data = file.create_dataset("features", shape, _STORED_AS[dtype], chunks=(1, *shape[1:]), fletcher32=True)
    data.attrs["format"] = np.bytes_(_FORMAT)
    data.attrs["dtype"] = np.bytes_(dtype)
    return data
