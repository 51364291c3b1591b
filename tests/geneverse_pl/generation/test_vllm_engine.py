"""The vLLM engine against a stand-in with vLLM's documented interface, which decodes by Transformers.

vLLM itself is not run here.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from geneverse_pl import TextDataModule, TextTask, Trainer, load_adapter
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.generation import DecodingConfig, Generator, Question
from geneverse_pl.generation.vllm_engine import vllm_generator


@dataclass(frozen=True)
class SamplingParams:
    """The parameters that are used, by vLLM's names."""

    temperature: float
    top_p: float
    max_tokens: int
    stop_token_ids: list[int]
    seed: int
    skip_special_tokens: bool


class LLM:
    """Loads the folder by Transformers and decodes greedily."""

    def __init__(
        self,
        model: str,
        *,
        tokenizer: str,
        dtype: str,
        generation_config: str,
        trust_remote_code: bool,
        max_model_len: int,
    ) -> None:
        assert (generation_config, trust_remote_code, max_model_len) == ("vllm", False, 512)
        self.model = AutoModelForCausalLM.from_pretrained(model, dtype=getattr(torch, dtype)).eval()
        AutoTokenizer.from_pretrained(tokenizer)

    def generate(
        self, prompts: list[dict[str, list[int]]], params: list[SamplingParams], *, use_tqdm: bool
    ) -> list[Any]:
        assert not use_tqdm
        return [self._one(p["prompt_token_ids"], s) for p, s in zip(prompts, params, strict=True)]

    @torch.no_grad()
    def _one(self, ids: list[int], params: SamplingParams) -> Any:
        made: list[int] = []
        while len(made) < params.max_tokens and (not made or made[-1] not in params.stop_token_ids):
            made.append(int(self.model(input_ids=torch.tensor([ids + made])).logits[0, -1].argmax()))
        reason = "stop" if made[-1] in params.stop_token_ids else "length"
        return SimpleNamespace(outputs=[SimpleNamespace(token_ids=made, finish_reason=reason)])


@pytest.fixture
def folder(
    make_data: Callable[..., TextDataModule],
    make_task: Callable[..., TextTask],
    make_trainer: Callable[..., Trainer],
    tmp_path: Path,
) -> Path:
    """Adapter folder of a short run."""
    task = make_task()
    make_trainer(max_steps=20).fit(task, datamodule=make_data())
    task.save_folder(tmp_path / "tuned", {"state_dict": {}, "global_step": 20})
    return tmp_path / "tuned"


def test_it_answers_as_transformers_does(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in: Any = ModuleType("vllm")
    stand_in.LLM, stand_in.SamplingParams = LLM, SamplingParams
    monkeypatch.setitem(sys.modules, "vllm", stand_in)
    decoding = DecodingConfig(max_new_tokens=6)
    asked = [
        Question(f"Which {place}?" * (place + 1), context="Gene: FBN1" * (place % 2)) for place in range(5)
    ]
    expected = Generator.from_folder(folder).generate(asked, decoding)
    generator = vllm_generator(load_adapter(folder))
    assert generator.generate(asked, decoding) == expected
    with pytest.raises(ConfigError, match="engine vllm follows one beam, got 2"):
        generator.generate(asked, DecodingConfig(num_beams=2))
    with pytest.raises(ConfigError, match="some questions have choices"):
        generator.generate([Question("Is it?", choices=("a", "b"))])


def test_without_vllm_it_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(ConfigError, match="engine vllm needs the package vllm"):
        vllm_generator(load_adapter(folder))
