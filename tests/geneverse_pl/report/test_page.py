import math
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.run_record import RunRecord
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.evaluation.text_report import ItemResult
from geneverse_pl.report import render_markdown, render_report
from tests.geneverse_pl.report.made_runs import HOSTILE, hostile_run, whole_run
from tests.geneverse_pl.report.page_reader import Element, read_page

ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "nav", "section", "article", "div",
    "span", "h1", "h2", "h3", "h4", "h5", "h6", "p", "a", "strong", "em", "ul", "li", "dl", "dt", "dd",
    "pre", "code",
    "table", "caption", "thead", "tbody", "tr", "th", "td", "figure", "details", "summary", "img",
    "svg", "line", "rect", "circle", "polygon", "polyline", "text",
}  # fmt: skip


@pytest.fixture(scope="module")
def page() -> Element:
    return read_page(render_report(whole_run()))


def section(page: Element, key: str) -> Element:
    (found,) = [one for one in page.all("section") if one.attributes.get("id") == key]
    return found


def rows(table: Element) -> list[list[str]]:
    return [[cell.text for cell in row.children if isinstance(cell, Element)] for row in table.all("tr")]


def check_safe(page: str) -> Element:
    """The page as elements, after a look for all that could run, fetch or hide."""
    root = read_page(page)
    elements = root.everything[1:]
    assert {element.name for element in elements} <= ALLOWED
    for element in elements:
        for name, value in element.attributes.items():
            assert not name.startswith("on")
            if name in ("href", "src"):
                assert re.match(r"#\w+$|data:image/(png|jpeg);base64,", value)
            if name == "style":
                assert re.fullmatch(r"--share: 0\.\d\d", value)
            assert name not in ("srcdoc", "action", "formaction", "xlink:href", "background", "srcset")
    [policy] = [one for one in root.all("meta") if one.attributes.get("http-equiv")]
    assert policy.attributes["content"].startswith("default-src 'none'; img-src data:;")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", page)
    page.encode()  # no half of a surrogate pair
    (style,) = root.all("style")
    assert "url(" not in style.text
    assert "@import" not in style.text
    return root


# --- what it says ---


def test_the_four_questions_are_answered_first(page: Element) -> None:
    cards = [one for one in page.all("section") if one.attributes.get("class") == "card"]
    assert [card.all("h2")[0].text for card in cards] == [
        "Is it true?",
        "Is it well-formed?",
        "Is it better than its controls?",
        "On what does it fail?",
    ]
    assert all(card.all("li") for card in cards)
    assert "better than untuned, majority and degree_prior; worse than nearest_neighbour" in cards[2].text


def test_a_control_is_told_with_its_interval_and_what_it_means(page: Element) -> None:
    scores = section(page, "scores")
    assert "it is worse than nearest_neighbour (0.970)" in scores.text
    title = "Scores of relation/disease_phenotype, held_out"
    [table] = [one for one in scores.all("table") if one.text.startswith(title)]
    heads, *body = rows(table)
    values = {row[0]: dict(zip(heads, row, strict=True)) for row in body}
    assert values["nearest_neighbour"]["accuracy"] == "0.970[0.950, 0.990]tuned below: worse"
    assert values["majority"]["accuracy"] == "0.500[0.500, 0.500]tuned above: better"
    assert values["untuned"]["loss ↓"].endswith("tuned below: better")


def test_every_section_has_its_figures_and_tables(page: Element) -> None:
    drawn = {key: len(section(page, key).all("svg")) for key in ("scores", "closed", "depends")}
    assert drawn == {"scores": 18, "closed": 2 + 3, "depends": 3 + 4}
    assert len([one for one in section(page, "closed").all("table") if "said Yes" in one.text]) == 4
    assert section(page, "settings").text.count("model.adapter.rank") == 1
    assert "versions.torch" in section(page, "facts").text


def test_examples_show_the_question_every_answer_and_the_picture(page: Element) -> None:
    shown = section(page, "examples").all("article")
    assert len(shown) == 4 * 5
    first = shown[0]
    assert first.all("h4")[0].text.startswith("Worst 1, Protein")
    assert "Which secondary structure" in first.text
    [table] = first.all("table")
    assert [row[0] for row in rows(table)[1:]] == [
        "tuned",
        "untuned",
        "text_only",
        "shuffled_image",
        "majority",
    ]
    shares = [row[2:5] for row in rows(table)[1:]]
    assert all("-" not in row for row in shares[:4])
    assert shares[4] == ["-"] * 3  # the majority has no likelihoods
    pictures = section(page, "examples").all("img")
    assert pictures
    assert all(one.attributes["alt"] for one in pictures)


def test_a_reader_without_eyes_finds_everything(page: Element) -> None:
    assert page.all("html")[0].attributes["lang"] == "en"
    assert all(one.attributes["aria-label"] and one.attributes["role"] == "img" for one in page.all("svg"))
    assert all(one.attributes.get("scope") in ("col", "row") for one in page.all("th"))
    levels = [int(one.name[1]) for one in page.everything if re.fullmatch("h[1-6]", one.name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    keys = [one.attributes["id"] for one in page.everything if "id" in one.attributes]
    assert len(set(keys)) == len(keys)
    targets = [one.attributes["href"].removeprefix("#") for one in page.all("a")]
    assert targets
    assert set(targets) <= set(keys)


def test_the_same_run_gives_the_same_page() -> None:
    assert render_report(whole_run(4)) == render_report(whole_run(4))


# --- what it withstands ---


def test_hostile_texts_are_shown_and_nothing_else() -> None:
    root = check_safe(render_report(hostile_run()))
    assert "<script>document.title='taken'</script>" in root.all("body")[0].text
    assert "⟨U+202E⟩" in root.text
    assert "⟨U+0000⟩" in root.text
    assert "⟨U+D800⟩" in root.text
    assert root.all("title")[0].text.startswith("Test report: <script>")
    assert not root.all("img")


@settings(max_examples=8, deadline=None)
@given(st.lists(st.text(st.characters(), min_size=1, max_size=30), min_size=1, max_size=2))
def test_any_texts_are_safe(texts: Sequence[str]) -> None:
    check_safe(render_report(hostile_run([*texts, HOSTILE[1]])))


def test_an_empty_run_says_so() -> None:
    root = check_safe(render_report(RunRecord("", [], [])))
    assert "The run has no scores." in root.text
    assert root.text.count("Nothing was noted that could tell.") == 4


def test_scores_without_answers_and_answers_without_scores() -> None:
    run = whole_run(8)
    without_items = check_safe(render_report(replace(run, items=[])))
    assert "The run kept no answers, only scores." in without_items.text
    without_scores = check_safe(render_report(replace(run, scores=[])))
    assert "The run has no scores." in without_scores.text
    assert without_scores.all("article")


def test_answers_of_a_megabyte_are_cut() -> None:
    item = ItemResult(
        "held_out", {"kind": "text/gene", "answer": "a " * 500_000, "subject_name": "b" * 1_000_000}, 3,
        "c" * 1_000_000, "d" * 1_000_000, {"tuned": 1.0}, texts={"tuned": "<e>" * 400_000},
    )  # fmt: skip
    settings = {"long": "f" * 1_000_000, "g" * 1_000_000: 1}
    page = render_report(RunRecord("h" * 1_000_000, [], [item], settings, {}, "i" * 1_000_000))
    check_safe(page)
    assert len(page) < 600_000
    assert "characters in all)" in page
    assert "far too long (1)" in page


def test_numbers_that_are_none_leave_the_page_whole() -> None:
    odd = (math.nan, math.inf, -math.inf, 1e308, -1e308, 0.0)
    scores = [
        Score("relation/x", "held_out", metric, model, value, low, high, 3)
        for metric in ("accuracy", "loss")
        for model in ("tuned", "untuned")
        for value in odd
        for low, high in ((math.nan, math.nan), (-math.inf, math.inf), (value, value))
    ]
    items = [
        ItemResult("held_out", {"kind": "relation/x", "label": bool(place % 2), "degree": value}, 1,
                   nll={"tuned": value}, choices={"tuned": [value, 0.0], "untuned": [0.0, -value]})
        for place, value in enumerate(odd * 2)
    ]  # fmt: skip
    root = check_safe(render_report(RunRecord("odd", scores, items, {}, {"seconds": math.nan})))
    drawn = [
        value
        for svg in root.all("svg")
        for element in svg.everything
        for name, value in element.attributes.items()
        if name in ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "points", "width", "height")
    ]
    assert drawn
    assert not [value for value in drawn if "nan" in value or "inf" in value]
    places = [float(number) for value in drawn for number in re.findall(r"-?[\d.]+", value)]
    assert max(map(abs, places)) < 1000


def test_a_run_without_a_tuned_model_is_shown() -> None:
    items = [ItemResult("s", {"kind": "relation/x", "label": True}, 1, choices={"api": [-0.1, -2.0]})]
    scores = [Score("relation/x", "s", "accuracy", "api", 1.0, math.nan, math.nan, 1)]
    root = check_safe(render_report(RunRecord("other", scores, items)))
    assert "There is no accuracy of a tuned model." in root.text
    assert "The run kept no answers of a tuned model." in root.text


def test_the_page_tells_the_coverage_of_its_intervals() -> None:
    assert "Brackets: 95 % bootstrap interval." in render_report(whole_run(4))
    page = render_report(replace(whole_run(4), bootstrap=BootstrapSettings(50, 0.99)))
    assert "Brackets: 99 % bootstrap interval." in page
    assert "those that the test wrote, with its 95 % intervals" in page


def test_what_a_rule_grades_is_told_by_its_score() -> None:
    scores = [
        Score("graded/alias", "held_out", metric, model, value, value - 0.1, value + 0.1, 50)
        for model, values in (("tuned", (0.3, 0.6, 1.0)), ("constant", (0.5, 0.1, 2.0)))
        for metric, value in zip(("score", "no_answer", "loss"), values, strict=True)
    ]
    page = read_page(render_report(RunRecord("x", scores, [])))
    cards = [one.text for one in page.all("section") if one.attributes.get("class") == "card"]
    assert "graded/alias, held_out: score 0.300" in cards[0]
    # To say more often that it does not know is neither better nor worse.
    heads, *body = rows(section(page, "scores").all("table")[0])
    [constant] = [dict(zip(heads, row, strict=True)) for row in body if row[0] == "constant"]
    assert constant["no_answer"] == "0.100[0.000, 0.200]tuned above"


def graded_run(score: float, unparsable: float, grades: dict[str, float] | None = None) -> RunRecord:
    about = {"kind": "graded/alias", "answer": "PSMB10"}
    item = ItemResult("held_out", about, 1, nll={"tuned": 9.0}, texts={"tuned": "No"})
    if grades:
        item = replace(item, grades={"tuned": grades})
    scores = [
        Score("graded/alias", "held_out", metric, "tuned", value, math.nan, math.nan, 2)
        for metric, value in (("score", score), ("unparsable", unparsable))
    ]
    return RunRecord("graded", scores, [item, item])


@pytest.mark.parametrize(
    ("run", "formed", "failed"),
    [
        (
            graded_run(0.0, 1.0, {"score": 0.0, "unparsable": 1.0}),
            "0 of 2 (0 %) well-formed; commonest fault: nothing that the rule can read",
            "2 of 2 (100 %) wrong; most often it says “No” (2)",
        ),
        (graded_run(0.0, 1.0), "0 of 2 (0 %) well-formed", "2 of 2 (100 %) wrong"),
        (
            graded_run(0.25, 0.5),
            "1 of 2 (50 %) well-formed",
            "mean score 0.250 of 2 answers; which of them are wrong was not noted",
        ),
    ],
)
def test_what_a_rule_cannot_read_is_told_as_ill_formed_and_failed(
    run: RunRecord, formed: str, failed: str
) -> None:
    page = read_page(render_report(run))
    cards = [one.text for one in page.all("section") if one.attributes.get("class") == "card"]
    assert f"graded/alias, held_out: {formed}" in cards[1]
    assert f"graded/alias, held_out: {failed}" in cards[3]
    text = render_markdown(run).replace("\\", "")
    assert formed in text
    assert failed in text


def test_curves_of_many_points_are_drawn_whole(page: Element) -> None:
    drawn = [line.attributes["points"] for line in page.all("polyline")]
    assert max(map(len, drawn)) > 1000
    for points in drawn:
        assert all(len([float(one) for one in point.split(",")]) == 2 for point in points.split())
