"""Reads a page as a browser does, as far as tests need it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = frozenset({"meta", "img", "br", "hr", "link", "input", "col", "source", "embed", "base"})


@dataclass
class Element:
    """An element of a page."""

    name: str
    attributes: dict[str, str]
    children: "list[Element | str]" = field(default_factory=list)

    def all(self, name: str) -> "list[Element]":
        """Elements of a name within this one, in the order of the page."""
        found: list[Element] = []
        for child in self.children:
            if isinstance(child, Element):
                found += [child] * (child.name == name) + child.all(name)
        return found

    @property
    def text(self) -> str:
        """All text within."""
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    @property
    def everything(self) -> "list[Element]":
        """This element and all within it."""
        inner = [child for child in self.children if isinstance(child, Element)]
        return [self, *(element for child in inner for element in child.everything)]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].name == tag, f"</{tag}> closes <{self.open[-1].name}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"the page has a comment: {data[:80]}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"the page has a declaration: {data[:80]}")


def read_page(page: str) -> Element:
    """The elements of a page, every one of which must be closed in its turn."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == [reader.root], "elements are left open"
    return reader.root
