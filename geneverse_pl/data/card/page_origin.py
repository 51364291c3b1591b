"""The card as a page: where the data come from, and how they are cited."""

import json
from typing import TYPE_CHECKING

from geneverse_pl.data.card.tables import table

if TYPE_CHECKING:
    from geneverse_pl.data.card.card import DataCard

_DIGITS = 16
_UNKNOWN = "not known here"


def origin(card: "DataCard") -> str:
    """Source files with their terms, and the settings that the store was made with.

    Args:
        card: The card.
    """
    found = card.origin
    parts = ["## Where the data come from"]
    if found.files:
        rows = [[file.name, f"`{file.sha256[:_DIGITS]}`", file.terms or _UNKNOWN] for file in found.files]
        parts.append(table(["source file", "SHA-256 begins", "publisher"], rows, num_texts=3))
    else:
        parts.append(
            "The store names no source files: the data module made its samples from the options below."
        )
    if found.terms:
        rows = [
            [one.name, one.licence, f"<{one.licence_url}>" if one.licence_url else ""] for one in found.terms
        ]
        parts.append(table(["publisher", "licence", "terms"], rows, num_texts=3))
    if any(not file.terms for file in found.files):
        parts.append(
            f"Terms that are {_UNKNOWN} must be asked for where the file came from, before data or a model "
            "trained on them are passed on."
        )
    parts.append("## How the store was made")
    settings = {key: value for key, value in found.settings.items() if value not in (None, "", [], {})}
    if "template" in settings:
        settings.pop("template_parts", None)  # the name says more
    rows = [["data module", f"`{found.data_module}`"], ["version", found.version]]
    rows += [[key.replace("_", " "), _shown(value)] for key, value in settings.items()]
    parts.append(table(["setting", "value"], rows, num_texts=2))
    if found.options:
        options = json.dumps(found.options, indent=2, ensure_ascii=False)
        parts.append(f"Options of the data module:\n\n```json\n{options}\n```")
    return "\n\n".join(parts)


def citing(card: "DataCard") -> str:
    """What to cite.

    Args:
        card: The card.
    """
    key = card.origin.store.removesuffix(".h5")
    lines = [
        "## How to cite",
        f"Name the data set by its key, `{key}`: the same key means the same source files, options, code and "
        f"tokenizer. It was made with geneverse_pl {card.origin.version}.",
    ]
    cited = [f"- {one.name}: {one.citation}" for one in card.origin.terms if one.citation]
    if cited:
        lines.append("Cite the sources:\n\n" + "\n".join(cited))
    return "\n\n".join(lines)


def _shown(value: object) -> str:
    return value if isinstance(value, str) else f"`{json.dumps(value, ensure_ascii=False)}`"
