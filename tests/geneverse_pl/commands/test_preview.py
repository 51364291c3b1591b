from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from geneverse_pl.commands.prepare import prepare_store
from geneverse_pl.commands.preview import preview_samples, render
from geneverse_pl.data.datamodule import TextDataModule
from geneverse_pl.data.encoded import IMAGE_TOKEN, EncodedSample
from geneverse_pl.exceptions import ConfigError

GREEN, DIM, RESET = "\033[1;32m", "\033[2m", "\033[0m"


@pytest.fixture
def data(make_data: Callable[..., TextDataModule], make_task: Callable[..., Any]) -> TextDataModule:
    module = make_data()
    module.use_model(make_task().model_reference)
    prepare_store(module)
    return module


def test_trained_tokens_stand_between_marks(data: TextDataModule) -> None:
    text = preview_samples(data, "train", 2, colour=False)
    assert text == (
        "train: 24 samples; trained tokens stand between ⟦ and ⟧\n"
        f"\n--- 0: relation/gene_phenotype, {len(data.store.split('train')[0])} tokens, "
        f"{int(data.store.split('train')[0].trained.sum())} trained\n"
        "Gene: FBN1\nDoes it cause seizure?⟦ yes<|im_end|>⟧\n"
        f"\n--- 1: relation/gene_phenotype, {len(data.store.split('train')[1])} tokens, "
        f"{int(data.store.split('train')[1].trained.sum())} trained\n"
        "Gene: SCN1A; a longer record\nDoes it cause ectopia lentis?⟦ no<|im_end|>⟧"
    )


def test_or_in_colour(data: TextDataModule) -> None:
    text = preview_samples(data, "train", 1, colour=True)
    assert text.endswith(f"{DIM}Gene: FBN1\nDoes it cause seizure?{RESET}{GREEN} yes<|im_end|>{RESET}")
    assert "trained tokens are green, the others dim" in text
    assert "⟦" not in text


def test_no_more_than_there_are(data: TextDataModule) -> None:
    assert preview_samples(data, "val", 100, colour=False).count("\n--- ") == 8


@pytest.mark.parametrize(
    ("trained", "expected"),
    [("0110", "a⟦bc⟧d"), ("1001", "⟦a⟧bc⟦d⟧"), ("1111", "⟦abcd⟧"), ("0000", "abcd"), ("1", "⟦a⟧")],
)
def test_every_run_of_trained_tokens_is_marked(trained: str, expected: str) -> None:
    sample = EncodedSample(
        np.arange(len(trained), dtype=np.int32), np.array([mark == "1" for mark in trained])
    )

    def decode(ids: list[int]) -> str:
        return "".join("abcd"[number] for number in ids)

    assert render(sample, decode, colour=False) == expected


def test_an_unknown_split_or_number_is_refused(data: TextDataModule) -> None:
    with pytest.raises(ConfigError, match=r"Unknown split 'trian'\. Did you mean 'train'\?"):
        preview_samples(data, "trian", 1, colour=False)
    with pytest.raises(ConfigError, match=r"num_samples must be > 0, got 0\."):
        preview_samples(data, "train", 0, colour=False)


def test_an_image_is_shown_by_its_number_of_tokens() -> None:
    ids = np.array([5, IMAGE_TOKEN, IMAGE_TOKEN, 6, 7], np.int32)
    sample = EncodedSample(ids, ids == 7, images=np.array([0]))
    shown = render(sample, lambda tokens: "".join(f"<{token}>" for token in tokens), colour=False)
    assert shown == "<5>[image, 2 tokens]<6>⟦<7>⟧"
