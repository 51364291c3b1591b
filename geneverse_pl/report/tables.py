"""Tables of a page."""

from collections.abc import Iterable, Mapping, Sequence

from geneverse_pl.report.markup import Html, shortened, tag

_MOST_LETTERS = 400


def table(
    caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Iterable[int] = ()
) -> Html:
    """A table with a caption; the first cell of each row is its head. It scrolls by itself where it is wide.

    Args:
        caption: What it holds.
        heads: Heads of the columns.
        rows: Cells of each row; HTML or text.
        numbers: Columns that hold numbers, which stand to the right.
    """
    right = frozenset(numbers)
    top = tag("tr", *(tag("th", head, scope="col", class_=_side(i, right)) for i, head in enumerate(heads)))
    body = (
        tag(
            "tr",
            tag("th", row[0], scope="row"),
            *(tag("td", cell, class_=_side(i, right)) for i, cell in enumerate(row[1:], start=1)),
        )
        for row in rows
    )
    whole = tag("table", tag("caption", caption), tag("thead", top), tag("tbody", *body))
    return scrolling(caption, whole)


def scrolling(label: str, content: Html) -> Html:
    """Content that scrolls sideways within the page, by keyboard too.

    Args:
        label: What it is, for those who do not see it.
        content: The content.
    """
    return tag("div", content, class_="scroll", role="region", aria_label=label, tabindex=0)


def named_values(caption: str, heads: tuple[str, str], values: Mapping[str, object]) -> Html:
    """A table of names and values, in the order of the names; long values are cut.

    Args:
        caption: What it holds.
        heads: Heads of the two columns.
        values: Name -> value; mappings within are flattened, ``a.b``.
    """
    flat = sorted(flattened(values).items())
    if not flat:
        return tag("p", "None were noted.", class_="soft")
    top = tag("tr", *(tag("th", head, scope="col") for head in heads))
    body = (
        tag(
            "tr",
            tag("th", tag("code", shortened(name, _MOST_LETTERS)), scope="row", class_="wide"),
            tag("td", plain(value), class_="wide"),
        )
        for name, value in flat
    )
    return scrolling(caption, tag("table", tag("caption", caption), tag("thead", top), tag("tbody", *body)))


def flattened(values: Mapping[str, object], before: str = "") -> dict[str, object]:
    """Mappings within mappings as one, with dotted names."""
    flat: dict[str, object] = {}
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            flat |= flattened({str(key): one for key, one in value.items()}, f"{before}{name}.")
        else:
            flat[f"{before}{name}"] = value
    return flat


def plain(value: object) -> str:
    """A value as a configuration writes it: ``none``, ``true``, ``128``, text as it is."""
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return shortened(f"{value:,.6g}" if isinstance(value, float) else value, _MOST_LETTERS)


def _side(place: int, right: frozenset[int]) -> str | None:
    return "number" if place in right else None
