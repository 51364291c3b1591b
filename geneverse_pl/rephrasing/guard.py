"""Does a new text say what the old one says? What can be checked without understanding it is checked here."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from geneverse_pl.data.records import IMAGE_MARK, Sample
from geneverse_pl.rephrasing.prompts import RephrasingPrompt
from geneverse_pl.rephrasing.tokens import denies, fixed_tokens, normalised

# Of models that reason aloud. Where the prompt has the opening mark, the reply has the closing one alone.
_THOUGHTS = re.compile(r"^.*?</think>", re.DOTALL)
_THOUGHT_MARKS = ("<think>", "</think>")
_HALF_CHARACTER = re.compile(r"[\ud800-\udfff]")  # which no tokenizer takes
_QUOTES = (('"', '"'), ("\u201c", "\u201d"))
_LONGEST, _SHORTEST = 2.0, 0.4  # of the old text's length
_SLACK = 80  # characters, as short texts vary more
_SHORTEST_NAME = 3


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a new text is not taken.

    Args:
        reason: What is wrong: ``empty``, ``same``, ``too_long``, ``too_short``, ``image_mark``,
            ``thoughts``, ``half_character``, ``missing_name``, ``negation``, or ``missing_`` or ``new_`` with
            ``identifier``, ``symbol`` or ``number``.
        detail: The part of the text that it is about.
    """

    reason: str
    detail: str = ""


def cleaned(text: str) -> str:
    """A model's reply without thoughts before it and quotation marks around it.

    Args:
        text: The reply.
    """
    text = _THOUGHTS.sub("", text).strip()
    for opening, closing in _QUOTES:
        inner = text[1:-1]
        if len(text) > 1 and text[0] == opening and text[-1] == closing and opening not in inner:
            return inner.strip()
    return text


def check(sample: Sample, prompt: RephrasingPrompt, facts: str, new: str) -> Rejection | None:
    """Compares a new text with what it was made from; None if nothing speaks against it.

    Nothing of a fixed form may be lost or come from nowhere: identifiers, symbols, numbers, and the names
    that the sample's metadata holds. What has no such form is not checked, but for words that deny: "causes"
    could become "prevents" and pass.

    Args:
        sample: The sample that it was made for.
        prompt: How it was asked for.
        facts: What was given with it.
        new: The new text, cleaned.
    """
    old, text = normalised(getattr(sample, prompt.field)), normalised(new)
    if not text:
        return Rejection("empty")
    if text.casefold() == old.casefold():
        return Rejection("same")
    if any(mark in text for mark in _THOUGHT_MARKS):
        return Rejection("thoughts")
    if _HALF_CHARACTER.search(text):
        return Rejection("half_character")
    if text.count(IMAGE_MARK) != old.count(IMAGE_MARK):
        return Rejection("image_mark")
    lost = _first(name for name in _names(sample, old, prompt) if name.casefold() not in text.casefold())
    if lost is not None:
        return Rejection("missing_name", lost)
    given = normalised(f"{sample.context} {sample.question} {facts}")
    changed = _changed(old, given, text, keeps_all=prompt.keeps_all)
    if changed is not None or not prompt.keeps_all:
        return changed
    return _compare(old, text)


def _compare(old: str, text: str) -> Rejection | None:
    """Length and denial."""
    if len(text) > _LONGEST * len(old) + _SLACK:
        return Rejection("too_long", f"{len(text)} characters instead of {len(old)}")
    if len(text) < _SHORTEST * len(old) - _SLACK:
        return Rejection("too_short", f"{len(text)} characters instead of {len(old)}")
    if denies(old) != denies(text):
        return Rejection("negation")
    return None


def _changed(old: str, given: str, text: str, *, keeps_all: bool) -> Rejection | None:
    """The first part of a fixed form that is lost, or that comes from nowhere."""
    before, now = fixed_tokens(old), fixed_tokens(text)
    if keeps_all:
        missing = _first(token for token in before if token not in now)
        if missing is not None:
            return Rejection(f"missing_{before[missing]}", missing)
    known = before | fixed_tokens(given)
    new = _first(token for token in now if token not in known)
    return None if new is None else Rejection(f"new_{now[new]}", new)


def _names(sample: Sample, old: str, prompt: RephrasingPrompt) -> list[str]:
    """Names in the metadata, and choices, that stand in the old text."""
    values = [*sample.choices, *(value for value in sample.metadata.values() if isinstance(value, str))]
    if not prompt.keeps_all:
        values = [str(sample.metadata.get("subject_name", ""))]
    names = [normalised(value) for value in values]
    return [
        name
        for name in names
        if (len(name) >= _SHORTEST_NAME or name in sample.choices) and _stands_in(name, old)
    ]


def _stands_in(name: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) is not None


def _first(found: Iterable[str]) -> str | None:
    return next(iter(found), None)
