"""Markdown tables and numbers of the card."""

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[object]], *, num_texts: int = 1) -> str:
    """A Markdown table; numbers are written with thousands apart and stand to the right.

    Args:
        heads: Heads of the columns.
        rows: Cells of each row.
        num_texts: Columns from the left that hold texts.
    """
    rules = ["---" if place < num_texts else "---:" for place in range(len(heads))]
    lines = [_line(heads), _line(rules), *(_line(row) for row in rows)]
    return "\n".join(lines)


def cell(value: object) -> str:
    """A value as a table shows it: integers with thousands apart, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.1f}"
    return " ".join(str(value).split()).replace("|", "\\|")


def percent(part: float, whole: float) -> str:
    """A share in per cent with one digit; a share that is not nothing is never written as 0.0 %.

    Args:
        part: Number of some.
        whole: Number of all.
    """
    share = 100 * part / whole if whole else 0.0
    return "< 0.1 %" if 0 < share < 0.05 else f"{share:.1f} %"


def count(number: int, noun: str) -> str:
    """A number with its noun: ``1 sample``, ``2,000 samples``."""
    return f"{number:,} {noun if number == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """A noun's plural: ``genes``, ``entities``."""
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


def with_article(noun: str) -> str:
    """A noun with its article: ``a gene``, ``an object``."""
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


def enumeration(words: Sequence[str], last: str = "and") -> str:
    """Words as a sentence lists them: ``genes, contexts and prompts``."""
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _line(cells: Sequence[object]) -> str:
    return "| " + " | ".join(cell(value) for value in cells) + " |"
