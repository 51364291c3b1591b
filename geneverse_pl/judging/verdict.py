"""What a judge has replied, read strictly."""

import json
import re
from dataclasses import dataclass
from typing import Any

from geneverse_pl.judging.prompts import verdict_keys

_FENCE = re.compile(r"\A```(?:json)?\s*\n(.*)\n\s*```\Z", re.DOTALL)
_THOUGHTS = re.compile(r"\A(?:<think>)?[^{]*</think>")


@dataclass(frozen=True, slots=True)
class JudgeVerdict:
    """A judge's verdict on one answer.

    Args:
        gene_name: Whether the name of the gene is right.
        function: Whether its function is.
        structure: Whether the answer has the form asked for; None where none was.
        reason: Why, in the judge's words.
    """

    gene_name: bool
    function: bool
    structure: bool | None = None
    reason: str = ""

    @property
    def factual(self) -> bool:
        """Geneverse's factual score (Liu et al. 2024): name and function are right."""
        return self.gene_name and self.function


def parse_verdict(reply: str, *, asks_structure: bool) -> JudgeVerdict | None:
    """The verdict in a reply; None unless the whole reply is one JSON object of the form that was asked for.

    Each key must be there once with ``true`` or ``false``, ``reason`` with a text or not at all, and no other
    one. A code fence around the object is passed over, and so are thoughts before it that hold no brace. Of
    two objects none is taken, as one may be quoted from the answer.

    Args:
        reply: What the judge wrote.
        asks_structure: Whether it was asked for the form.
    """
    body = _THOUGHTS.sub("", reply.strip()).strip()
    fence = _FENCE.match(body)
    try:
        found = json.loads(fence[1] if fence else body, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
    keys = verdict_keys(asks_structure)
    if not isinstance(found, dict) or set(found) - {"reason"} != set(keys):
        return None
    reason = found.get("reason", "")
    if not isinstance(reason, str) or not all(isinstance(found[key], bool) for key in keys):
        return None
    return JudgeVerdict(**{key: found[key] for key in keys}, reason=reason)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key comes twice")
    return found
