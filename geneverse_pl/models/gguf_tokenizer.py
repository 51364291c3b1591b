"""The tokenizer that a GGUF file carries, restored so that it gives the tokens the model was trained on."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import transformers
from gguf import GGMLQuantizationType, GGUFReader, TokenType
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import AutoTokenizer, PreTrainedTokenizerFast

# Values of `tokenizer.ggml.pre` (llama.cpp) that cut text by GPT-2's pattern, the first four after setting
# every digit apart. Transformers 5 knows neither fact: it takes GPT-2's or another model's pattern for all.
_SINGLE_DIGITS = frozenset({"smollm", "starcoder", "refact", "codeshell"})
_GPT2_PATTERN = frozenset({"default", "gpt-2", "mpt", "olmo", "jais"})


@dataclass(frozen=True)
class GGUFHeader:
    """The facts of a GGUF file that settle its tokenizer and the precision of its conversion.

    Args:
        tokenizer_model: ``gpt2`` for byte-level BPE, ``llama`` for SentencePiece, and others.
        pre_tokenizer: Name of the rule that cuts text before merging.
        tokens: The vocabulary in the order of its ids.
        token_types: ``gguf.TokenType`` of each token; empty where the file does not say.
        merges: Merges of a BPE, best first, each as two tokens with a space between.
        special_ids: Ids by the names ``bos``, ``eos``, ``unknown`` and ``padding``, where given.
        adds_bos: Whether every text begins with the ``bos`` token.
        chat_template: Jinja template, where given.
        is_full_precision: Whether most weights are float32 or float16.
    """

    tokenizer_model: str
    pre_tokenizer: str
    tokens: list[str]
    token_types: list[int]
    merges: list[str]
    special_ids: dict[str, int]
    adds_bos: bool
    chat_template: str | None
    is_full_precision: bool

    def special_token(self, name: str) -> str | None:
        """The token of a special id, ``None`` where the file names none."""
        return self.tokens[self.special_ids[name]] if name in self.special_ids else None


def read_header(source: Path) -> GGUFHeader:
    """Reads what :class:`GGUFHeader` holds.

    Raises:
        ValueError: If the file is damaged; ``gguf`` raises other built-in errors too.
    """
    reader = GGUFReader(source)

    def value(key: str, default: Any) -> Any:
        field = reader.get_field(f"tokenizer.{key}")
        return default if field is None else field.contents()

    special = {name: value(f"ggml.{name}_token_id", None) for name in ("bos", "eos", "unknown", "padding")}
    full = {GGMLQuantizationType.F32, GGMLQuantizationType.F16}
    num_elements = sum(int(tensor.n_elements) for tensor in reader.tensors)
    num_full = sum(int(tensor.n_elements) for tensor in reader.tensors if tensor.tensor_type in full)
    return GGUFHeader(
        tokenizer_model=value("ggml.model", ""),
        pre_tokenizer=value("ggml.pre", "default"),
        tokens=value("ggml.tokens", []),
        token_types=value("ggml.token_type", []),
        merges=value("ggml.merges", []),
        special_ids={name: number for name, number in special.items() if number is not None},
        adds_bos=value("ggml.add_bos_token", False),
        chat_template=value("chat_template", None),
        is_full_precision=2 * num_full > num_elements,
    )


def restore_tokenizer(header: GGUFHeader, source: Path) -> PreTrainedTokenizerFast:
    """Builds the tokenizer: from the file where its rule is known here, else as Transformers does.

    Raises:
        ValueError: If what Transformers builds is not the vocabulary of the file; built-in errors of
            Transformers pass through.
    """
    if header.tokenizer_model == "gpt2" and header.pre_tokenizer in _SINGLE_DIGITS | _GPT2_PATTERN:
        return _byte_level_tokenizer(header)
    tokenizer = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise TypeError(f"its tokenizer is a {type(tokenizer).__name__}, not a fast one.")
    _check_restored(tokenizer, header)
    return tokenizer


def _byte_level_tokenizer(header: GGUFHeader) -> PreTrainedTokenizerFast:
    vocabulary = {token: number for number, token in enumerate(header.tokens)}
    merges = [(left, right) for left, right in (merge.split(" ", 1) for merge in header.merges)]
    backend = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    steps: list[Any] = [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]
    if header.pre_tokenizer in _SINGLE_DIGITS:
        steps.insert(0, pre_tokenizers.Digits(individual_digits=True))
    backend.pre_tokenizer = pre_tokenizers.Sequence(steps)
    backend.decoder = decoders.ByteLevel()
    typed = list(zip(header.tokens, header.token_types, strict=False))
    whole = [AddedToken(token, normalized=False) for token, kind in typed if kind == TokenType.USER_DEFINED]
    control = [AddedToken(token, normalized=False) for token, kind in typed if kind == TokenType.CONTROL]
    backend.add_tokens(whole)
    backend.add_special_tokens(control)
    begin = header.special_token("bos")
    if header.adds_bos and begin is not None:
        backend.post_processor = processors.TemplateProcessing(
            single=[begin, "$A"],
            pair=[begin, "$A", "$B"],
            special_tokens=[(begin, header.special_ids["bos"])],
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token=begin,
        eos_token=header.special_token("eos"),
        unk_token=header.special_token("unknown"),
        pad_token=header.special_token("padding"),
        chat_template=header.chat_template,
    )


def _check_restored(tokenizer: PreTrainedTokenizerFast, header: GGUFHeader) -> None:
    """Refuses a tokenizer that Transformers built for another model than the file's."""
    fault = None
    if len(tokenizer) > len(header.tokens):
        fault = f"it has {len(tokenizer)} tokens instead of {len(header.tokens)}"
    elif header.tokenizer_model == "gpt2":
        plain = [number for number, kind in enumerate(header.token_types) if kind == TokenType.NORMAL]
        restored = tokenizer.convert_ids_to_tokens(plain)
        if any(token != header.tokens[number] for token, number in zip(restored, plain, strict=True)):
            fault = "its tokens are not those of the file"
        elif isinstance(tokenizer.backend_tokenizer.pre_tokenizer, pre_tokenizers.ByteLevel):
            fault = f"it cuts text by GPT-2's pattern instead of '{header.pre_tokenizer}'"
    if fault is not None:
        raise ValueError(
            f"Transformers {transformers.__version__} does not restore its tokenizer: {fault}. A newer "
            "release may."
        )
