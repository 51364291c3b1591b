import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geneverse_pl.report.markup import Html, escaped, joined, shortened, tag, visible
from tests.geneverse_pl.report.page_reader import read_page


def test_text_is_escaped_and_html_is_not_escaped_twice() -> None:
    inner = tag("em", 'a < b & "c"')
    assert tag("p", "<b>", inner, class_="x") == (
        '<p class="x">&lt;b&gt;<em>a &lt; b &amp; &quot;c&quot;</em></p>'
    )
    assert joined(["<", Html("<br>")]) == "&lt;<br>"


def test_attributes_are_named_and_escaped() -> None:
    written = tag("td", aria_label='"><script>', id=None, tabindex=0)
    assert written == '<td aria-label="&quot;&gt;&lt;script&gt;" tabindex="0"></td>'
    assert tag("meta", charset="utf-8") == '<meta charset="utf-8">'


@pytest.mark.parametrize(
    ("element", "attributes", "message"),
    [
        ("script", {}, "element must be one that a report uses, got 'script'"),
        ("iframe", {}, "element must be"),
        ("p", {"onclick": "x"}, "attribute must be one that a report uses, got 'onclick'"),
        ("p", {"a b": "x"}, "attribute must be"),
        ("a", {"href": "javascript:alert(1)"}, "href must point into the page"),
        ("a", {"href": "#a b"}, "href must point"),
        ("img", {"src": "https://example.org/x.png"}, "src must point into the page or be a picture in it"),
        ("img", {"src": "data:image/svg+xml;base64,AAAA"}, "src must point"),
        ("img", {"src": "data:image/png;base64,AAAA\" onerror=\"x"}, "src must point"),
    ],
)  # fmt: skip
def test_what_could_run_or_fetch_is_refused(element: str, attributes: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tag(element, **attributes)


def test_what_does_not_show_is_spelled_out() -> None:
    assert visible("a\u202eb\x00\r\nc\td\ufffe\ud800") == "a⟨U+202E⟩b⟨U+0000⟩\nc\td⟨U+FFFE⟩⟨U+D800⟩"
    assert visible("Aortic dilation, Größe, β-globin, 遺伝子") == "Aortic dilation, Größe, β-globin, 遺伝子"


@given(st.text(st.characters()))
def test_any_text_comes_back_as_it_shows(text: str) -> None:
    assert read_page(tag("p", text)).text == visible(text)
    assert html.unescape(escaped(text)) == visible(text)


def test_long_texts_say_how_long_they_were() -> None:
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("a" * 1200, 3) == "aaa … (cut, 1,200 characters in all)"
