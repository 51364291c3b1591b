"""Questions worded anew are added to the training split alone."""

from pathlib import Path

import pytest

from geneverse_pl.data.datamodule import HELD_OUT, MEMORISED, TRAIN, VAL
from geneverse_pl.data.rephrasings import Rephrasing, RephrasingsConfig, is_original, sample_key
from tests.datamodules.gene_corpus.conftest import Make, lists


@pytest.fixture
def options() -> dict[str, object]:
    return {"questions": ["fact/disease_gene", "list/gene_go"], "max_samples": 20}


@pytest.fixture
def texts(make: Make, options: dict[str, object], tmp_path: Path) -> Path:
    """A rephrasing of every second training question."""
    samples = lists(make(**options))[TRAIN][::2]
    given = [
        Rephrasing(sample_key(one), "question", f"Tell me: {one.question}", "rephrased", "tiny", "p-1")
        for one in samples
    ]
    path = tmp_path / "texts.jsonl"
    path.write_text("".join(one.to_line() + "\n" for one in given))
    return path


def test_only_the_training_split_gets_them(make: Make, options: dict[str, object], texts: Path) -> None:
    before, data = lists(make(**options)), make(**options, rephrasings=RephrasingsConfig(texts))
    streams = data.build_samples()
    after = {name: list(samples) for name, samples in streams.items()}
    for split in (VAL, HELD_OUT, MEMORISED):
        assert after[split] == before[split]
    added = [sample for sample in after[TRAIN] if not is_original(sample)]
    assert [sample for sample in after[TRAIN] if is_original(sample)] == before[TRAIN]
    assert len(added) == len(texts.read_text().splitlines()) > 10
    assert all(sample.question.startswith("Tell me: ") and sample.metadata["evidence"] for sample in added)
    assert not any("template" in sample.metadata for sample in added)
    assert list(streams[TRAIN]) == after[TRAIN]


def test_the_store_is_named_by_the_file_and_its_options(
    make: Make, options: dict[str, object], texts: Path
) -> None:
    configs = [None, *(RephrasingsConfig(texts, keep_originals=keep) for keep in (True, False))]
    names = {make(**options, rephrasings=config).store_path for config in configs}
    assert len(names) == 3
    assert texts in make(**options, rephrasings=configs[1]).source_files()
