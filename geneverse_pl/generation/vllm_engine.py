"""vLLM in the place of Transformers, where it is installed and asked for.

Written to vLLM's documented interface (``LLM``, ``SamplingParams``, prompts as token ids) and tested against
a stand-in for it alone: it has not been run with vLLM itself.
"""

import importlib
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from geneverse_pl.data.encoded import EncodedSample, answer_start
from geneverse_pl.data.prompts import Encoder
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.generation.decoding import Completion, DecodingConfig, completion, stop_ids
from geneverse_pl.generation.generator import WINDOW, Generator, with_system
from geneverse_pl.models.adapter_folder import LoadedAdapter
from geneverse_pl.models.merged_folder import write_merged


class VllmEngine:
    """A merged model served by vLLM in this process. It gets the same token ids that Transformers would.

    Args:
        folder: Folder of a model that Transformers loads as it is.
        encoder: Tokenizer and template of the prompts.
        dtype: Name of the floating type of the weights.
        context_length: Most tokens of prompt and answer; None leaves it to vLLM.

    Raises:
        ConfigError: If vLLM is not installed.
    """

    def __init__(
        self, folder: Path, encoder: Encoder, dtype: str = "auto", context_length: int | None = None
    ) -> None:
        self._vllm = _vllm()
        self._encoder = encoder
        self._context_length = context_length
        # generation_config "vllm": nothing is taken from the folder's own generation_config.json.
        self._llm = self._vllm.LLM(
            model=str(folder),
            tokenizer=str(folder),
            dtype=dtype,
            generation_config="vllm",
            trust_remote_code=False,
            max_model_len=context_length,
        )

    @property
    def context_length(self) -> int | None:
        """Positions that the model was made with."""
        return self._context_length

    @property
    def images(self) -> None:
        """None: pictures are not handed to vLLM."""
        return

    def rows(self, length: int, decoding: DecodingConfig) -> int:
        """A whole window of questions: vLLM batches them itself."""
        return WINDOW

    def complete(
        self, prompts: Sequence[EncodedSample], decoding: DecodingConfig, seeds: Sequence[int]
    ) -> list[Completion]:
        """One completion a prompt, in order.

        Raises:
            ConfigError: If beams are asked for.
        """
        if decoding.num_beams > 1:
            raise ConfigError(
                f"engine vllm follows one beam, got {decoding.num_beams}. Use engine transformers."
            )
        ids = [sample.input_ids[: answer_start(sample)].tolist() for sample in prompts]
        settings = [
            self._vllm.SamplingParams(
                temperature=decoding.temperature,
                top_p=decoding.top_p,
                max_tokens=decoding.max_new_tokens,
                stop_token_ids=stop_ids(self._encoder),
                seed=seed,
                skip_special_tokens=False,
            )
            for seed in seeds
        ]
        outputs = self._llm.generate([{"prompt_token_ids": own} for own in ids], settings, use_tqdm=False)
        return [self._completion(output.outputs[0]) for output in outputs]

    def _completion(self, output: Any) -> Completion:
        done = completion(list(output.token_ids), self._encoder)
        return replace(done, finish_reason="end") if output.finish_reason == "stop" else done

    def choose(self, prompts: Sequence[EncodedSample]) -> list[tuple[float, ...]]:
        """Never answers.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError(
            "engine vllm answers in words, and some questions have choices. Use engine transformers for them."
        )


def vllm_generator(tuned: LoadedAdapter, *, system: str | None = None) -> Generator:
    """A generator that merges the adapter into its base and has vLLM serve the result.

    Args:
        tuned: The tuned model, best on the CPU, as vLLM takes the device's memory for itself.
        system: System message in the place of the one of training; None keeps that.

    Raises:
        ConfigError: If vLLM is not installed, or the model reads pictures or has a base in 4 bits.
    """
    _vllm()
    encoder = with_system(tuned.encoder, system)
    if encoder.image_block:
        raise ConfigError(
            "engine vllm takes models of text alone, and this one reads pictures. Use transformers."
        )
    base = tuned.language_model.base
    length = getattr(base.config.get_text_config(), "max_position_embeddings", None)
    dtype = str(base.dtype).removeprefix("torch.")
    with tempfile.TemporaryDirectory(prefix="geneverse-merged-") as folder:
        write_merged(tuned.language_model, encoder.tokenizer, Path(folder))
        return Generator(VllmEngine(Path(folder), encoder, dtype, length), encoder)


def _vllm() -> Any:
    try:
        return importlib.import_module("vllm")
    except ImportError as error:
        raise ConfigError(
            f"engine vllm needs the package vllm, and it cannot be imported ({error}). Install it with "
            "pip install vllm, or leave engine at transformers."
        ) from error
