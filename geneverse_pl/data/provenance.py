"""Digests of what determines a store besides its source files: the tokenizer and the code."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from geneverse_pl.data.store import file_digest, store_key

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def tokenizer_digest(tokenizer: "PreTrainedTokenizerBase") -> str:
    """Hash of everything that decides how a tokenizer encodes a text.

    Args:
        tokenizer: The tokenizer, new tokens added.
    """
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        model: object = sorted(tokenizer.get_vocab().items())
    else:
        # Padding and truncation are set by each call and change nothing of a text's own tokens.
        model = json.loads(backend.to_str()) | {"padding": None, "truncation": None}
    special = {key: str(value) for key, value in tokenizer.special_tokens_map.items()}
    return store_key({"model": model, "special": special})


def code_digest(data_module: type, base: type) -> str:
    """Hash of the code that makes samples: this folder, and the package or script of the data module.

    Without it, a store would outlive a change of the code that made it.

    Args:
        data_module: Class of the data module.
        base: Base of the data modules; its subclasses among the ancestors count.
    """
    files = set(Path(__file__).parent.glob("*.py"))
    for cls in data_module.__mro__:
        package, _, inner = cls.__module__.partition(".")
        if not issubclass(cls, base) or package == __name__.partition(".")[0]:
            continue
        whole = getattr(sys.modules.get(package), "__file__", None) if inner else None
        own = getattr(sys.modules[cls.__module__], "__file__", None)  # None in an interactive session
        if whole is not None:
            files.update(Path(whole).parent.rglob("*.py"))
        elif own is not None:
            files.add(Path(own))
    return store_key({"files": sorted(file_digest(path) for path in files)})
