"""HTML out of texts that nobody vouches for: what is not marked as HTML is escaped."""

import html
import re
import unicodedata
from collections.abc import Iterable

_VOID = frozenset({"meta", "img"})
_ELEMENTS = frozenset(
    {
        *("html", "head", "title", "style", "body", "header", "main", "nav", "section", "article"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "p", "a", "strong", "em", "ul", "li", "dl", "dt", "dd"),
        *("div", "span", "pre", "code", "table", "caption", "thead", "tbody", "tr", "th", "td"),
        *("figure", "details", "summary", "svg", "line", "rect", "circle", "polygon", "polyline", "text"),
    }
).union(_VOID)
_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
# Where a page may point to: a place within itself, or a picture that it holds.
_TARGET = re.compile(r"#[A-Za-z][\w-]*|data:image/(?:png|jpeg);base64,[A-Za-z0-9+/=]+")
_TARGETS = frozenset({"href", "src"})
# Places of a curve, which may be many: a cut list of them would draw nothing at all.
_POINTS, _PLACES = "points", re.compile(r"[0-9., -]*")
# Far more than anyone reads, and little enough for a page with many of them.
_MOST_LETTERS, _MOST_IN_ATTRIBUTE = 10_000, 1_000
MOST_IN_TITLE = 200
_KEPT = "\n\t"
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class Html(str):
    """Text that is HTML already, and is not escaped again."""

    __slots__ = ()


def visible(text: object) -> str:
    """A text in which every character shows.

    Control characters, marks of writing direction, characters without width and halves of surrogate pairs
    become ``⟨U+202E⟩``; line breaks and tabs stay.

    Args:
        text: Any value; what is no text is written as one.
    """
    return "".join(
        letter if letter in _KEPT or not _is_hidden(letter) else f"⟨U+{ord(letter):04X}⟩"
        for letter in str(text).replace("\r\n", "\n")
    )


def shortened(text: object, most: int) -> str:
    """A text of at most so many characters; where it is cut, it says how long it was.

    Args:
        text: Any value.
        most: Characters that are kept, > 0.
    """
    whole = str(text)
    if len(whole) <= most:
        return whole
    return f"{whole[:most]} … (cut, {len(whole):,} characters in all)"


def tag(element: str, *children: str, **attributes: object) -> Html:
    """An HTML or SVG element.

    Args:
        element: Its name.
        *children: What it holds: :class:`Html` as it is, other texts made visible and escaped.
        **attributes: Its attributes; ``_`` at the end of a name is dropped, within it becomes ``-``. Those
            that are None are left out.

    Raises:
        ValueError: If a report does not use such an element or attribute, or it points out of the page.
    """
    if element not in _ELEMENTS:
        raise ValueError(f"element must be one that a report uses, got '{element}'.")
    written = "".join(
        _attribute(name.rstrip("_").replace("_", "-"), value)
        for name, value in attributes.items()
        if value is not None
    )
    if element in _VOID:
        return Html(f"<{element}{written}>")
    return Html(f"<{element}{written}>{joined(children)}</{element}>")


def joined(parts: Iterable[str]) -> Html:
    """Parts one after another, those that are no HTML escaped."""
    return Html("".join(map(escaped, parts)))


def escaped(part: str) -> Html:
    """A text as HTML that shows it as it is, up to 10,000 characters."""
    return part if isinstance(part, Html) else Html(html.escape(visible(shortened(part, _MOST_LETTERS))))


def _attribute(name: str, value: object) -> str:
    is_whole = name in _TARGETS or (name == _POINTS and _PLACES.fullmatch(str(value)))
    text = str(value) if is_whole else visible(shortened(value, _MOST_IN_ATTRIBUTE))
    if not _ATTRIBUTE.fullmatch(name) or name.lower().startswith("on"):
        raise ValueError(f"attribute must be one that a report uses, got '{name}'.")
    if name in _TARGETS and not _TARGET.fullmatch(text):
        raise ValueError(f"{name} must point into the page or be a picture in it, got '{text[:80]}'.")
    return f' {name}="{html.escape(text)}"'


def _is_hidden(letter: str) -> bool:
    code = ord(letter)
    if 0x20 <= code < 0x7F:
        return False
    no_character = (code & 0xFFFE) == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    return no_character or unicodedata.category(letter) in _HIDDEN
