"""open_clip's own tokenizer of a model, for the captions of pictures.

Letters: N captions, L most tokens of a caption.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import Tensor

from geneverse_pl.exceptions import ModelReferenceError
from geneverse_pl.models.vision_source import FOLDER, HUB, TIMM, find_source, import_open_clip
from geneverse_pl.models.vision_tower import VisionConfig

# What texts are split into, cleaned of, begun and filled up with shows in the tokens of these.
_PROBES = ("", "<b>Caf\u00e9</b>  &amp; TP53,\nIL-2R\u03b1 it's 12.5 %", "word " * 2000)


@dataclass(frozen=True)
class CaptionTokenizer:
    """The tokenizer that belongs to an open_clip model; its files alone are loaded, when first used.

    Args:
        vision: The model.
        context_length: Most tokens of a caption, for a ``timm:`` model, whose new text tower reads CLIP's
            tokens.
    """

    vision: VisionConfig
    context_length: int | None = None

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Token ids ``(N, L)`` int64, cut or filled up to L."""
        ids: Tensor = self._tokenizer(list(texts))
        return ids

    @cached_property
    def num_places(self) -> int:
        """L."""
        return int(self([""]).shape[1])

    @cached_property
    def pad_id(self) -> int:
        """Token that captions are filled up with."""
        return int(self([""])[0, -1])

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each caption without what it is filled up with."""
        rows = self(texts)
        lengths = ((rows != self.pad_id).long().cumsum(dim=1).argmax(dim=1) + 1).tolist()
        return [row[:length].tolist() for row, length in zip(rows, lengths, strict=True)]

    def is_cut(self, text: str) -> bool:
        """Whether a caption is longer than the model reads."""
        longer = self._tokenizer([text], context_length=self.num_places + 1)
        return bool(longer[0, -1] != self.pad_id)

    def fingerprint(self) -> dict[str, object]:
        """Everything that decides how a caption is encoded; JSON-able."""
        from geneverse_pl.data.provenance import tokenizer_digest
        from geneverse_pl.data.store import store_key

        inner = getattr(self._tokenizer, "tokenizer", None)
        if inner is not None:
            vocabulary = tokenizer_digest(inner)
        else:
            merges = [" ".join(pair) for pair in self._tokenizer.bpe_ranks]
            vocabulary = store_key({"merges": merges, "tokens": sorted(self._tokenizer.encoder)})
        return {"vocabulary": vocabulary, "probes": self(_PROBES).tolist()}

    def save(self, folder: Path) -> None:
        """Writes the tokenizer's files to a model's folder, unless open_clip brings them.

        Args:
            folder: The folder.
        """
        inner = getattr(self._tokenizer, "tokenizer", None)
        if inner is not None:
            inner.save_pretrained(folder)

    @cached_property
    def _tokenizer(self) -> Any:
        open_clip = import_open_clip()
        model = self.vision.model
        if model.startswith(TIMM):
            return open_clip.SimpleTokenizer(context_length=self.context_length)
        names = [model.replace("/", "-")]
        if model.startswith((HUB, FOLDER)):
            names = [f"{FOLDER}{find_source(model, self.vision.pretrained).folder}"]
        if model.startswith(HUB):
            # Many repositories name another one for the tokenizer instead of carrying its files.
            names.append(model.partition("@")[0])
        for name in names:
            try:
                return open_clip.get_tokenizer(name)
            except (OSError, ValueError, RuntimeError) as error:
                fault = error
        lines = str(fault).strip().splitlines() or [type(fault).__name__]
        raise ModelReferenceError(
            f"The tokenizer of '{model}' must be reachable or lie in its folder, but is not "
            f"({lines[0][:300]}). Check the network; or copy the tokenizer's files into the model's folder."
        ) from fault
