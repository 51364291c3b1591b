"""Samples longer than the positions of the model."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, OPTConfig, OPTForCausalLM

from geneverse_pl import TextTask, Trainer
from geneverse_pl.data.datamodule import HELD_OUT, MEMORISED, TRAIN
from geneverse_pl.data.records import Sample
from geneverse_pl.exceptions import ConfigError

LONG = Sample("Short name? " * 12, "yes", kind="text/x")
Make = Callable[..., Any]


@pytest.fixture
def model_of(tmp_path: Path, tiny_tokenizer: Any) -> Callable[[str, int], str]:
    """Writes a tiny model of a kind that reads so many tokens."""

    def make(kind: str, positions: int) -> str:
        ends = {"bos_token_id": tiny_tokenizer.bos_token_id, "eos_token_id": tiny_tokenizer.eos_token_id}
        common: dict[str, Any] = {"vocab_size": len(tiny_tokenizer), "pad_token_id": 0, **ends}
        common |= {"num_hidden_layers": 2, "num_attention_heads": 4, "hidden_size": 32}
        sized = {**common, "max_position_embeddings": positions}
        model: Any
        if kind == "gpt2":
            model = GPT2LMHeadModel(GPT2Config(**sized))
        elif kind == "opt":
            model = OPTForCausalLM(OPTConfig(**sized, ffn_dim=32, word_embed_proj_dim=32))
        else:
            model = LlamaForCausalLM(LlamaConfig(**sized, intermediate_size=32))
        model.save_pretrained(tmp_path / kind)
        tiny_tokenizer.save_pretrained(tmp_path / kind)
        return str(tmp_path / kind)

    return make


def longest(data: Any, splits: tuple[str, ...]) -> int:
    return max(len(sample.input_ids) for split in splits for sample in data.iter_samples(split))


@pytest.mark.parametrize("kind", ["gpt2", "opt"])
def test_a_table_of_positions_must_hold_every_sample(
    kind: str, model_of: Callable[..., str], make_task: Make, make_data: Make, make_trainer: Make
) -> None:
    task, data = make_task(task={"model": model_of(kind, 32)}), make_data()
    message = r"has 32 positions, and the longest sample of split .* Set .*max_length to 32 or less"
    with pytest.raises(ConfigError, match=message):
        make_trainer(max_steps=1).fit(task, datamodule=data)
    assert longest(data, (TRAIN,)) > 32


@pytest.mark.parametrize("kind", ["gpt2", "opt"])
@pytest.mark.parametrize("packing", [True, False])
def test_a_table_as_long_as_the_longest_sample_is_enough(
    kind: str,
    packing: bool,
    model_of: Callable[..., str],
    make_task: Make,
    make_data: Make,
    make_trainer: Make,
) -> None:
    data = make_data(packing=packing, num_test=2)
    make_trainer(max_steps=1).fit(make_task(), datamodule=data)
    most = longest(data, (TRAIN, "val", HELD_OUT, MEMORISED))
    assert most < data.batching.row_length
    trainer = make_trainer(max_steps=2)
    trainer.fit(make_task(task={"model": model_of(kind, most)}), datamodule=data)
    assert trainer.global_step == 2


@pytest.mark.parametrize("stage", ["fit", "test", "predict", "validate"])
def test_the_splits_of_the_run_are_looked_at(
    stage: str,
    model_of: Callable[..., str],
    make_task: Make,
    make_data: Make,
    make_trainer: Callable[..., Trainer],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = make_data()
    samples = {**data.build_samples(), HELD_OUT: [LONG]}  # asked after fit too
    monkeypatch.setattr(data, "build_samples", lambda: samples)
    task: TextTask = make_task(task={"model": model_of("gpt2", 80)})
    run = getattr(make_trainer(max_steps=1), stage)
    if stage == "validate":
        run(task, datamodule=data, verbose=False)
        return
    with pytest.raises(ConfigError, match="80 positions, and the longest sample of split 'held_out'"):
        run(task, datamodule=data)


def test_rotary_positions_go_on_with_a_warning(
    model_of: Callable[..., str],
    make_task: Make,
    make_data: Make,
    make_trainer: Make,
    caplog: pytest.LogCaptureFixture,
) -> None:
    task = make_task(task={"model": model_of("llama", 32)})
    trainer = make_trainer(max_steps=1)
    with caplog.at_level(logging.WARNING, "geneverse_pl"):
        trainer.fit(task, datamodule=make_data())
    assert trainer.global_step == 1
    [told] = [r.getMessage() for r in caplog.records if "max_length" in r.getMessage()]
    assert told.startswith("the model was made for at most 32 tokens, and the longest sample of split")
