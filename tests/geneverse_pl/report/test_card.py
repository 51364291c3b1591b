from hypothesis import given
from hypothesis import strategies as st

from geneverse_pl.report.card import card_html
from tests.geneverse_pl.report.made_runs import CARD, HOSTILE
from tests.geneverse_pl.report.page_reader import read_page


def test_headings_lists_tables_and_code_are_kept() -> None:
    root = read_page(card_html(CARD))
    assert root.all("h3")[0].text == "Data card of a made data set"
    assert root.all("h4")[0].text == "Splits and lengths"
    assert [cell.text for cell in root.all("td")] == ["train", "200", "4,807", "held_out", "100", "2,349"]
    assert [cell.attributes.get("class") for cell in root.all("td")][:3] == [None, "number", "number"]
    assert root.all("li")[0].text == "train: to train on"
    assert root.all("strong")[0].text == "3"
    assert [em.text for em in root.all("em")] == ["300", "[figure beside the card: Lengths by split]"]
    assert root.all("pre")[0].text == '{"stage": "qa"}'


def test_html_links_and_pictures_are_text() -> None:
    root = read_page(card_html(CARD))
    assert "<b>No HTML.</b>" in root.text
    assert not root.all("a")
    assert not root.all("img")


@given(
    st.lists(
        st.sampled_from([*HOSTILE, "# a", "| a |", "| --- |", "```", "- x", "", "`a`", "**"]), max_size=12
    )
)
def test_any_lines_give_whole_elements(lines: list[str]) -> None:
    names = {element.name for element in read_page(card_html("\n".join(lines))).everything}
    assert names <= {
        "", "h3", "p", "ul", "li", "div", "table", "thead", "tbody", "tr", "th", "td", "pre", "code",
        "em", "strong",
    }  # fmt: skip


def test_an_endless_card_is_cut() -> None:
    assert "The card is cut here; it has 500,000 letters." in card_html("a" * 500_000)
