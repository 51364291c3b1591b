"""Whether an answer has the form that was asked for: Geneverse's structural score, by rule.

The paper (Liu et al. 2024) gives 1 to an output that obeys the format and does not say who decides; here
the rules below do, and each failure has its reason.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from geneverse_pl.evaluation.answers import list_items, normalise
from geneverse_pl.evaluation.sentences import sentences

Form = Literal["paragraph", "sentence", "yes_no", "list"]

_LIST_LINE = re.compile(r"^\s*(?:[-*+\u2022]\s+|\d{1,3}[.)]\s+)", re.MULTILINE)
_HEADING = re.compile(r"^\s*(?:#{1,6}\s|[^\n.!?]{1,60}:\s*$)", re.MULTILINE)
_BLANK_LINE = re.compile(r"\n\s*\n")
_ENDING = re.compile(r"[.!?][\"')\]\u2019\u201d*_]*$")
_MIN_PARAGRAPH_WORDS = 8
_DENIAL = r"(?:not|isnt|arent|never|neither)"  # after `normalise`


@dataclass(frozen=True)
class StructureScore:
    """Whether an answer has its form.

    Args:
        is_right: Whether it does.
        reason: Why not; empty if it does.
    """

    is_right: bool
    reason: str = ""


def structure_score(text: str, form: str, choices: Sequence[str] = ("Yes", "No")) -> StructureScore:
    """Checks an answer against the form that was asked for.

    - ``paragraph``: one block of prose of at least 8 words and a full stop at the end; no list, no heading.
    - ``sentence``: one sentence on one line.
    - ``yes_no``: names one of the choices in its first sentence, and no other one anywhere.
    - ``list``: items between semicolons, commas or lines; no repeats.

    Args:
        text: The answer.
        form: ``paragraph``, ``sentence``, ``yes_no`` or ``list``.
        choices: The closed list of ``yes_no``.

    Raises:
        ValueError: If the form is none of these.
    """
    if form not in get_args(Form):
        raise ValueError(f"form must be one of {', '.join(get_args(Form))}, got '{form}'.")
    body = text.strip()
    if not normalise(body):
        return StructureScore(False, "empty")
    if form == "yes_no":
        reason = "" if parse_choice(body, choices) is not None else "names no choice, or several"
    elif form == "list":
        reason = _why_no_list(body)
    elif form == "sentence":
        reason = _why_no_sentence(body)
    else:
        reason = _why_no_paragraph(body)
    return StructureScore(not reason, reason)


def asked_form(metadata: Mapping[str, object]) -> str | None:
    """The form that a question asks for: ``form`` of its metadata, else what its kind implies.

    Args:
        metadata: A sample's metadata.

    Returns:
        None where neither tells one.
    """
    form = metadata.get("form")
    if form is not None:
        return str(form)
    kind = str(metadata.get("kind", "")).partition("/")[0]
    return {"relation": "yes_no", "list": "list"}.get(kind)


def parse_choice(text: str, choices: Sequence[str]) -> str | None:
    """The choice that an answer gives.

    It must be the only one named anywhere, and be named in the first sentence: *Yes. No, wait* gives none.
    Nor does *It is not benign*, which denies the only one that it names.

    Args:
        text: The answer.
        choices: The closed list.

    Returns:
        None if it names no choice, or several, or denies the one.
    """
    found = _named(text, choices)
    if len(found) != 1 or not _named(sentences(text)[0], choices):
        return None
    denied = rf"(?<!\S){_DENIAL}(?: an?| the)? {re.escape(normalise(found[0]))}(?!\S)"
    return None if re.search(denied, normalise(text)) else found[0]


def _named(text: str, choices: Sequence[str]) -> list[str]:
    """Choices that a text names, each apart from longer ones that hold its words (*likely benign*)."""
    body = normalise(text)
    found: list[str] = []
    for choice in sorted(choices, key=lambda one: -len(normalise(one))):
        name = normalise(choice)
        rest, count = re.subn(rf"(?<!\S){re.escape(name)}(?!\S)", "|", body) if name else (body, 0)
        if count:
            found.append(choice)
            body = rest
    return found


def _why_no_paragraph(body: str) -> str:
    if _BLANK_LINE.search(body):
        return "several paragraphs"
    if _LIST_LINE.search(body):
        return "a list"
    if "\n" in body and _HEADING.search(body):
        return "a heading"
    if "\n" in body:
        return "several lines"
    if len(normalise(body).split()) < _MIN_PARAGRAPH_WORDS:
        return f"fewer than {_MIN_PARAGRAPH_WORDS} words"
    return "" if _ENDING.search(body) else "breaks off"


def _why_no_sentence(body: str) -> str:
    if "\n" in body:
        return "several lines"
    count = len(sentences(body))
    if count > 1:
        return f"{count} sentences"
    return "" if _ENDING.search(body) or len(normalise(body).split()) < _MIN_PARAGRAPH_WORDS else "breaks off"


def _why_no_list(body: str) -> str:
    items = [normalise(item) for item in list_items(body)]
    if len(set(items)) < len(items):
        return "repeats an item"
    if len(sentences(body)) > 1 and not _LIST_LINE.search(body) and ";" not in body and "\n" not in body:
        return "prose"
    return "" if items else "no item"
