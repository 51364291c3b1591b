import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geneverse_pl.data.encoded import EncodedSample
from geneverse_pl.data.store import SCHEMA_VERSION, StoreWriter, TokenStore
from geneverse_pl.exceptions import GeneverseError, StoreError

NUM_SAMPLES = 40


def make_sample(index: int) -> EncodedSample:
    tokens = np.arange(index, 2 * index + 3, dtype=np.int32)
    return EncodedSample(tokens, tokens % 2 == 0, 1, index % 3, {"index": index})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with StoreWriter(tmp_path / "a.h5", {"source": "x"}, ["train"]) as writer:
        for index in range(NUM_SAMPLES):
            writer.append("train", make_sample(index))
        writer.write_document("table", list(range(100)))
    return tmp_path / "a.h5"


def read_all(path: Path) -> object:
    store = TokenStore(path)
    split = store.split("train")
    samples = [split[index] for index in range(len(split))]
    return (
        store.provenance,
        store.document("table"),
        [
            (s.input_ids.tolist(), s.trained.tolist(), s.prefix_length, s.prefix_group, s.metadata)
            for s in samples
        ],
    )


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"none\.h5: must be a prepared data set, does not exist"):
        TokenStore(tmp_path / "none.h5")
    assert issubclass(StoreError, GeneverseError)


@pytest.mark.parametrize("fraction", [0.0, 0.3, 0.9, 0.999])
def test_truncated_file(path: Path, fraction: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * fraction)])
    with pytest.raises(StoreError, match=r"a\.h5: must be a whole HDF5 file.*Delete the file and prepare"):
        TokenStore(path)


def test_random_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    path.write_bytes(np.random.default_rng(0).bytes(10_000))
    with pytest.raises(StoreError, match=r"a\.h5: must be a whole HDF5 file"):
        TokenStore(path)


def test_foreign_hdf5_file(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["input_ids"] = [1, 2, 3]
    with pytest.raises(StoreError, match=r"a\.h5: must be a token store, is another HDF5 file"):
        TokenStore(tmp_path / "a.h5")


def set_version(file: h5py.File) -> None:
    file.attrs["schema_version"] = SCHEMA_VERSION + 1


def drop_complete(file: h5py.File) -> None:
    del file.attrs["complete"]


def drop_dataset(file: h5py.File) -> None:
    del file["splits/train/trained"]


def change_type(file: h5py.File) -> None:
    del file["splits/train/prefix_groups"]
    file["splits/train/prefix_groups"] = np.zeros(NUM_SAMPLES, np.float32)


def flip_offsets(file: h5py.File) -> None:
    offsets = file["splits/train/token_offsets"]
    offsets[5], offsets[6] = offsets[6], offsets[5]


def move_last_offset(file: h5py.File) -> None:
    file["splits/train/metadata_offsets"][-1] += 1


def shorten_tokens(file: h5py.File) -> None:
    for name in ("input_ids", "trained"):
        file[f"splits/train/{name}"].resize(10, axis=0)


def shorten_groups(file: h5py.File) -> None:
    file["splits/train/prefix_groups"].resize(NUM_SAMPLES - 1, axis=0)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (set_version, f"must have schema version {SCHEMA_VERSION}, has {SCHEMA_VERSION + 1}"),
        (drop_complete, "must be written to its end, is unfinished"),
        (drop_dataset, "must have a one-dimensional uint8 data set splits/train/trained, has not"),
        (change_type, "must have a one-dimensional int64 data set splits/train/prefix_groups, has not"),
        (flip_offsets, "splits/train/token_offsets must rise from 0 to"),
        (move_last_offset, "splits/train/metadata_offsets must rise from 0 to"),
        (shorten_tokens, "splits/train/token_offsets must rise from 0 to 10"),
        (
            shorten_groups,
            f"splits/train/prefix_groups must have {NUM_SAMPLES} entries, has {NUM_SAMPLES - 1}",
        ),
    ],
)
def test_damage_is_named(path: Path, damage: Callable[[h5py.File], None], message: str) -> None:
    with h5py.File(path, "r+") as file:
        damage(file)
    with pytest.raises(StoreError, match=rf"a\.h5: .*{message}.*Delete the file and prepare the data again"):
        TokenStore(path)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_is_recognised_or_harmless(path: Path, place: float, bit: int) -> None:
    expected = read_all(path)
    copy = path.with_name("copy.h5")
    shutil.copyfile(path, copy)
    content = bytearray(copy.read_bytes())
    content[int(place * len(content))] ^= 1 << bit
    copy.write_bytes(content)
    try:
        found = read_all(copy)
    except StoreError as error:
        assert "copy.h5" in str(error)
    else:
        assert found == expected


def test_a_flipped_token_is_recognised(path: Path) -> None:
    with h5py.File(path) as file:
        place = file["splits/train/input_ids"].id.get_chunk_info(0).byte_offset
    content = bytearray(path.read_bytes())
    content[place + 4] ^= 1
    path.write_bytes(content)
    split = TokenStore(path).split("train")
    with pytest.raises(
        StoreError, match=r"a\.h5: splits/train/input_ids cannot be read, the file is damaged"
    ):
        split[0]
