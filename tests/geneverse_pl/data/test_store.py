import json
import multiprocessing
import os
import pickle
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from geneverse_pl.data.collate import pack_collate, pad_collate
from geneverse_pl.data.encoded import EncodedSample
from geneverse_pl.data.sampler import PackedBatchSampler, TokenBudgetBatchSampler
from geneverse_pl.data.store import StoreWriter, TokenSplit, TokenStore

STATM = Path("/proc/self/statm")
PROVENANCE = {"source": "phénotype.hpoa", "options": {"seed": 3}}


def make_samples(num_samples: int, seed: int = 0) -> list[EncodedSample]:
    rng = np.random.default_rng(seed)
    samples = []
    for index in range(num_samples):
        length = int(rng.integers(8, 40))
        group = index % 5 - 1
        prefix_length = group + 2 if group >= 0 else 0
        input_ids = rng.integers(0, 50_000, length, dtype=np.int32)
        input_ids[:prefix_length] = group
        samples.append(
            EncodedSample(
                input_ids=input_ids,
                trained=(rng.random(length) < 0.5) & (np.arange(length) >= prefix_length),
                prefix_length=prefix_length,
                prefix_group=group,
                metadata={} if index % 3 == 0 else {"gène": f"BRCA{index}", "lines": [1, index]},
            )
        )
    return samples


def write_store(path: Path, **splits: Sequence[EncodedSample]) -> Path:
    with StoreWriter(path, PROVENANCE, list(splits)) as writer:
        for name, samples in splits.items():
            for sample in samples:
                writer.append(name, sample)
        writer.write_document("relations", {"HP:0000001": ["OMIM:1", "ß"]})
    return path


def assert_same(left: EncodedSample, right: EncodedSample) -> None:
    np.testing.assert_array_equal(left.input_ids, right.input_ids)
    np.testing.assert_array_equal(left.trained, right.trained)
    assert left.input_ids.dtype == np.int32
    assert left.trained.dtype == np.bool_
    assert left.prefix_length == right.prefix_length
    assert left.prefix_group == right.prefix_group
    assert left.metadata == right.metadata


def test_samples_come_back_as_written(tmp_path: Path) -> None:
    train, val = make_samples(50), make_samples(7, seed=1)
    store = TokenStore(write_store(tmp_path / "new" / "a.h5", train=train, val=val, empty=[]))
    assert store.splits == ("train", "val", "empty")
    assert store.provenance == PROVENANCE
    assert store.document("relations") == {"HP:0000001": ["OMIM:1", "ß"]}
    assert len(store.split("empty")) == 0
    for name, samples in (("train", train), ("val", val)):
        split = store.split(name)
        assert len(split) == len(samples)
        assert split.lengths.dtype == np.int32
        assert split.lengths.tolist() == [len(sample) for sample in samples]
        assert split.prefix_lengths.tolist() == [sample.prefix_length for sample in samples]
        assert split.prefix_groups.tolist() == [sample.prefix_group for sample in samples]
        for index, sample in enumerate(samples):
            assert_same(split[index], sample)
        assert_same(split[-1], samples[-1])
    with pytest.raises(IndexError, match=r"must be in \[0, 7\), got 7"):
        store.split("val")[7]


def test_read_many_keeps_order_and_nesting(tmp_path: Path) -> None:
    samples = make_samples(20)
    split = TokenStore(write_store(tmp_path / "a.h5", train=samples)).split("train")
    for index, sample in zip((5, 0, 5, 19), split.read_many([5, 0, 5, 19]), strict=True):
        assert_same(sample, samples[index])
    rows = split.__getitems__([[3], [9, 1]])
    assert [len(row) for row in rows] == [1, 2]
    assert_same(rows[1][0], samples[9])


def test_append_many_equals_append(tmp_path: Path) -> None:
    samples = make_samples(30)
    with StoreWriter(tmp_path / "many.h5", {}, ["train"]) as writer:
        writer.append("train", samples[0])
        writer.append_many(
            "train",
            np.concatenate([sample.input_ids for sample in samples[1:]]),
            np.concatenate([sample.trained for sample in samples[1:]]),
            [len(sample) for sample in samples[1:]],
            prefix_lengths=[sample.prefix_length for sample in samples[1:]],
            prefix_groups=[sample.prefix_group for sample in samples[1:]],
            metadata=[sample.metadata for sample in samples[1:]],
        )
    split = TokenStore(tmp_path / "many.h5").split("train")
    for index, sample in enumerate(samples):
        assert_same(split[index], sample)


def test_append_many_defaults_and_wrong_sizes(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "a.h5", {}, ["train"]) as writer:
        writer.append_many("train", [1, 2, 3], [True, False, True], [2, 1])
        with pytest.raises(ValueError, match=r"trained must have shape \(3,\) to match lengths, got \(2,\)"):
            writer.append_many("train", [1, 2, 3], [True, False], [2, 1])
        with pytest.raises(ValueError, match=r"metadata must have shape \(2,\)"):
            writer.append_many("train", [1, 2, 3], [True] * 3, [2, 1], metadata=[{}])
    split = TokenStore(tmp_path / "a.h5").split("train")
    assert_same(split[0], EncodedSample(np.array([1, 2], np.int32), np.array([True, False])))
    assert len(split) == 2


def test_buffer_is_flushed_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geneverse_pl.data.store.growing._BUFFER_BYTES", 2000)
    samples = make_samples(60)
    split = TokenStore(write_store(tmp_path / "a.h5", train=samples)).split("train")
    for index, sample in enumerate(samples):
        assert_same(split[index], sample)


def test_nothing_stays_after_an_error(tmp_path: Path) -> None:
    path = write_store(tmp_path / "a.h5", train=make_samples(3))
    before = path.read_bytes()
    samples = [make_samples(1)[0], None]
    with pytest.raises(AttributeError, match="metadata"), StoreWriter(path, {}, ["train"]) as writer:
        for sample in samples:
            writer.append("train", sample)  # type: ignore[arg-type]
    assert [file.name for file in tmp_path.iterdir()] == ["a.h5"]
    assert path.read_bytes() == before


def test_unfinished_file_is_not_under_the_final_name(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with StoreWriter(path, {}, ["train"]):
        assert not path.exists()
    assert [file.name for file in tmp_path.iterdir()] == ["a.h5"]


def test_wrong_names_are_named(tmp_path: Path) -> None:
    path = write_store(tmp_path / "a.h5", train=make_samples(2))
    store = TokenStore(path)
    with pytest.raises(ValueError, match=r"a\.h5: Unknown split 'trian'\. Did you mean 'train'\?"):
        store.split("trian")
    with pytest.raises(ValueError, match="Unknown document 'x'"):
        store.document("x")
    with pytest.raises(ValueError, match=r"splits must be distinct names without '/', got \['a/b'\]"):
        StoreWriter(path, {}, ["a/b"])
    with (
        pytest.raises(ValueError, match="Unknown split 'val'"),
        StoreWriter(tmp_path / "b.h5", {}, ["train"]) as writer,
    ):
        writer.append("val", make_samples(1)[0])
    with pytest.raises(TypeError, match="not JSON serializable"):
        StoreWriter(path, {"path": path}, ["train"])


def test_large_provenance(tmp_path: Path) -> None:
    provenance = {str(key): "x" * 100 for key in range(2000)}
    with StoreWriter(tmp_path / "a.h5", provenance, ["train"]):
        pass
    assert TokenStore(tmp_path / "a.h5").provenance == provenance


def test_only_the_path_is_pickled(tmp_path: Path) -> None:
    samples = make_samples(300)
    store = TokenStore(write_store(tmp_path / "a.h5", train=samples))
    split = store.split("train")
    assert_same(split[4], samples[4])
    data = pickle.dumps(split)
    assert len(data) < 500
    copy: TokenSplit = pickle.loads(data)
    assert_same(copy[4], samples[4])
    assert pickle.loads(pickle.dumps(store)).splits == ("train",)


def read_checksum(split: TokenSplit, start: int) -> int:
    return sum(int(split[index].input_ids.sum()) for index in range(start, len(split), 2))


def test_many_forked_readers_of_an_open_file(tmp_path: Path) -> None:
    samples = make_samples(400)
    store = TokenStore(write_store(tmp_path / "a.h5", train=samples, val=samples))
    train, val = store.split("train"), TokenStore(store.path).split("val")
    expected = [read_checksum(train, 0), read_checksum(val, 1)]
    with multiprocessing.get_context("fork").Pool(4) as pool:
        jobs = [pool.apply_async(read_checksum, (s, i)) for _ in range(8) for i, s in enumerate((train, val))]
        assert [job.get(30) for job in jobs] == expected * 8
    assert [read_checksum(train, 0), read_checksum(val, 1)] == expected


def packed_batches(split: TokenSplit, **options: Any) -> list[dict[str, Any]]:
    sampler = PackedBatchSampler(
        split.lengths,
        128,
        rows_per_batch=2,
        prefix_lengths=split.prefix_lengths,
        prefix_groups=split.prefix_groups,
        shuffle=True,
        seed=1,
    )
    collate = partial(pack_collate, pad_token_id=0, row_length=128, with_metadata=True)
    return list(DataLoader(split, batch_sampler=sampler, collate_fn=collate, **options))


def padded_batches(split: TokenSplit, **options: Any) -> list[dict[str, Any]]:
    sampler = TokenBudgetBatchSampler(split.lengths, 256, shuffle=True, seed=1)
    collate = partial(pad_collate, pad_token_id=0, with_metadata=True)
    return list(DataLoader(split, batch_sampler=sampler, collate_fn=collate, **options))


@pytest.mark.parametrize("batches", [padded_batches, packed_batches])
@pytest.mark.parametrize("context", ["fork", "spawn"])
def test_workers_give_the_same_batches(tmp_path: Path, context: str, batches: Any) -> None:
    split = TokenStore(write_store(tmp_path / "a.h5", train=make_samples(60))).split("train")
    alone = batches(split)
    shared = batches(split, num_workers=2, multiprocessing_context=context)
    assert len(alone) == len(shared) > 2
    for left, right in zip(alone, shared, strict=True):
        assert left.keys() == right.keys()
        for name, value in left.items():
            assert torch.equal(value, right[name]) if torch.is_tensor(value) else value == right[name]


def resident_bytes() -> int:
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not STATM.exists(), reason="needs Linux's /proc")
def test_a_million_samples_are_not_loaded(tmp_path: Path) -> None:
    num_samples, block = 1_000_000, 100_000
    rng = np.random.default_rng(0)
    path = tmp_path / "large.h5"
    with StoreWriter(path, {}, ["train"]) as writer:
        for _ in range(num_samples // block):
            lengths = rng.integers(20, 40, block)
            tokens = rng.integers(0, 50_000, lengths.sum(), dtype=np.int32)
            writer.append_many("train", tokens, tokens % 2 == 0, lengths)
    before = resident_bytes()
    split = TokenStore(path).split("train")
    for index in (0, 123_456, num_samples - 1):
        sample = split[index]
        np.testing.assert_array_equal(sample.trained, sample.input_ids % 2 == 0)
    assert len(split.lengths) == num_samples
    growth = resident_bytes() - before
    assert path.stat().st_size > 140e6
    assert growth < 64e6, f"{growth / 1e6:.0f} MB"


def test_metadata_is_utf8_json(tmp_path: Path) -> None:
    path = write_store(tmp_path / "a.h5", train=make_samples(2))
    with h5py.File(path) as file:
        text = file["splits/train/metadata"][:].tobytes().decode("utf-8")
    assert json.loads(text) == {"gène": "BRCA1", "lines": [1, 1]}


def test_encoded_sample_checks_its_shapes() -> None:
    ids = np.arange(3, dtype=np.int32)
    with pytest.raises(ValueError, match=r"one shape \(T,\), got \(3,\) and \(2,\)"):
        EncodedSample(ids, np.ones(2, np.bool_))
    with pytest.raises(ValueError, match=r"prefix_length must be in \[0, 3\]"):
        EncodedSample(ids, np.ones(3, np.bool_), prefix_length=4)
