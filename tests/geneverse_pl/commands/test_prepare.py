from collections.abc import Callable
from typing import Any

import pytest

from geneverse_pl.commands.prepare import describe_store, prepare_store
from geneverse_pl.data.datamodule import TextDataModule


@pytest.fixture
def data(make_data: Callable[..., TextDataModule], make_task: Callable[..., Any]) -> TextDataModule:
    module = make_data()
    module.use_model(make_task().model_reference)
    return module


def test_the_store_is_built_once_and_opened(data: TextDataModule) -> None:
    path = prepare_store(data)
    written = path.stat().st_mtime_ns
    assert len(data.store.split("train")) == 24
    assert prepare_store(data) == path
    assert path.stat().st_mtime_ns == written


def test_statistics_are_those_of_the_samples(data: TextDataModule) -> None:
    path = prepare_store(data)
    table = describe_store(data).splitlines()
    assert table[0] == str(path)
    assert table[1].split() == [
        "split",
        "samples",
        "tokens",
        "trained",
        "p50",
        "p90",
        "p99",
        "p100",
        "truncated",
    ]
    samples = list(data.iter_samples("train"))
    rows = {row.split()[0]: row.split()[1:] for row in table[2:6]}
    tokens, trained = sum(map(len, samples)), sum(int(sample.trained.sum()) for sample in samples)
    assert rows["train"][:3] == ["24", f"{tokens:,}", f"{trained:,}"]
    assert rows["train"][6:] == [str(max(map(len, samples))), "0"]
    assert rows["memorised"][0] == "8"
    kinds = [row.split() for row in table[7:] if row.startswith("train")]
    assert kinds == [
        ["train", "6", "fact/gene_name"],
        ["train", "6", "list/gene_phenotype"],
        ["train", "12", "relation/gene_phenotype"],
    ]


def test_truncations_are_counted(data: TextDataModule) -> None:
    data.encoding.max_length = 40
    prepare_store(data)
    cut = sum(len(sample) == 40 for sample in data.iter_samples("train"))
    row = next(line for line in describe_store(data).splitlines() if line.startswith("train"))
    assert 0 < int(row.split()[-1]) <= cut
