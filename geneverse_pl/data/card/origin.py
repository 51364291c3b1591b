"""Where a store comes from and how it was made, from its provenance; never a folder of a machine."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from geneverse_pl.data.card.facts import DataFacts, SourceTerms

# Shown by names of their own.
_KNOWN = {"code", "data_module", "files", "image_block", "max_length", "options", "seed", "template"} | {
    "tokenizer",
    "version",
}


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that samples were made from.

    Args:
        name: Its name.
        sha256: SHA-256 of its bytes.
        terms: Name of the database whose terms hold; empty where they are not known.
    """

    name: str
    sha256: str
    terms: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a store comes from.

    Args:
        store: Name of the store's file.
        data_module: Class of the data module; empty where the store does not say.
        version: Version of this project that made it.
        files: Source files.
        terms: Terms of those files whose terms are known.
        settings: How samples were made and encoded: seed, longest sample, digests, names of tokenizer and
            template where they are known.
        options: Options of the data module.
    """

    store: str
    data_module: str
    version: str
    files: list[SourceFile]
    terms: list[SourceTerms]
    settings: dict[str, Any]
    options: dict[str, Any]


def origin_of(store: str, provenance: Mapping[str, Any], facts: DataFacts) -> Origin:
    """Reads a store's provenance.

    Args:
        store: Name of the store's file.
        provenance: Its provenance.
        facts: What the data module tells besides.
    """
    files = [
        SourceFile(_base_name(str(name)), str(digest), _terms_of(_base_name(str(name)), facts.terms))
        for name, digest in provenance.get("files", [])
    ]
    used = {file.terms for file in files}
    others = {key: value for key, value in provenance.items() if key not in _KNOWN}
    settings = {
        **facts.settings,
        "seed": provenance.get("seed"),
        "max_length": provenance.get("max_length"),
        "template_parts": provenance.get("template"),
        "tokenizer_digest": provenance.get("tokenizer"),
        "code_digest": provenance.get("code"),
        "image_tokens": len(provenance["image_block"]) if "image_block" in provenance else None,
        **others,
    }
    return Origin(
        store=store,
        data_module=str(provenance.get("data_module", "")),
        version=str(provenance.get("version", "")),
        files=files,
        terms=[terms for terms in facts.terms if terms.name in used],
        settings={key: without_folders(value) for key, value in settings.items() if value is not None},
        options=without_folders(dict(provenance.get("options", {}))),
    )


def _terms_of(name: str, terms: Sequence[SourceTerms]) -> str:
    return next((one.name for one in terms if name in one.files), "")


def without_folders(value: Any) -> Any:
    """A JSON-able value whose absolute paths have become the names of their files.

    Args:
        value: Anything JSON-able.
    """
    if isinstance(value, str):
        return _base_name(value) if _is_absolute(value) else value
    if isinstance(value, Mapping):
        return {str(without_folders(str(key))): without_folders(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_folders(item) for item in value]
    return value


def _is_absolute(text: str) -> bool:
    # A template may well begin with a stroke; a path has one more and no line break.
    looks_so = re.match(r"(/|~/|[A-Za-z]:[\\/]|\\\\)\S", text) is not None
    return looks_so and "\n" not in text and "://" not in text


def _base_name(path: str) -> str:
    return PureWindowsPath(PurePosixPath(path).name).name or path
