"""Free text of UniProt without its marks of evidence, alike from each of its formats."""

import re

_EVIDENCE = re.compile(r"(\.?) ?\{ECO:[^{}]*\}(\.?)")
_REFERENCE = r"(?:PubMed:[0-9]+|Ref\.[0-9]+)"
_REFERENCES = re.compile(rf" ?\({_REFERENCE}(?:, {_REFERENCE})*\)")
_MOLECULE = re.compile(r"\[([^\]]*)\]: (.*)")
_NOTE = re.compile(r"(?:^| )Note=")


def plain(text: str) -> str:
    """A text without ``{ECO:...}`` and ``(PubMed:...)``, its spaces made single."""
    text = " ".join(text.split())
    if "(PubMed:" in text or "(Ref." in text:
        text = _REFERENCES.sub("", text)
    if "{" not in text:
        return text
    # A full stop stands before the evidence, after it, or both.
    return _EVIDENCE.sub(lambda match: "." if match[1] or match[2] else "", text).strip()


def phrase(text: str) -> str:
    """A plain text without a full stop at its end: names, places, pathways."""
    return plain(text).rstrip(" .;")


def prose(text: str) -> str:
    """A plain text with one full stop at its end; empty if nothing is left."""
    sentence = plain(text).rstrip(" .")
    return f"{sentence}." if sentence else ""


def split_molecule(text: str) -> tuple[str | None, str]:
    """The molecule that a comment is about, if it names one as in ``[Isoform 2]: ...``, and the rest."""
    match = _MOLECULE.fullmatch(text)
    return (match[1], match[2]) if match else (None, text)


def split_note(text: str) -> tuple[str, str]:
    """A comment before and after its ``Note=``; either may be empty."""
    match = _NOTE.search(text)
    return (text[: match.start()], text[match.end() :]) if match else (text, "")


def split_comments(cell: str, topic: str) -> list[str]:
    """The comments of a table's cell, each without its topic.

    Raises:
        ValueError: If the cell does not begin with the topic; the message goes on from "line 17 ".
    """
    text = " ".join(cell.split())
    if not text:
        return []
    before, *comments = re.split(rf"(?:^|;? ){re.escape(topic)}: ?", text)
    if before or not comments:
        raise ValueError(f"has the text {text[:40]!r}, expected it to begin with '{topic}: '.")
    return comments


def locations(comment: str) -> list[str]:
    """The places of a comment on subcellular location, each with its topology, without the note."""
    molecule, text = split_molecule(plain(comment))
    about = "" if molecule is None else f"[{molecule}]: "
    places = (place.strip(" .;") for place in split_note(text)[0].split(". "))
    return [f"{about}{place}" for place in places if place]


def split_trailing_groups(text: str) -> tuple[str, list[str]]:
    """Splits the groups in parentheses off a text's end: ``Trypsin-1 (EC 3.4.21.4) (Beta-trypsin)``."""
    groups: list[str] = []
    while (start := _group_start(text)) > 0 and text[start - 1] == " ":
        groups.append(text[start + 1 : -1])
        text = text[:start].rstrip()
    return text, groups[::-1]


def _group_start(text: str) -> int:
    """Where the parentheses that close at the end of a text open; -1 if there are none."""
    if not text.endswith(")"):
        return -1
    depth = 0
    for position in range(len(text) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(text[position], 0)
        if depth == 0:
            return position
    return -1
