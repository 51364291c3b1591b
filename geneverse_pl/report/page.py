"""A test run as one page of HTML that needs nothing else."""

from geneverse_pl.evaluation.bootstrap import DEFAULT_BOOTSTRAP
from geneverse_pl.evaluation.run_record import RunRecord
from geneverse_pl.report.answer_sections import closed_section, dependence_section
from geneverse_pl.report.card import card_html
from geneverse_pl.report.examples import example_section
from geneverse_pl.report.failure_sections import failure_section, form_section
from geneverse_pl.report.findings import Findings
from geneverse_pl.report.markup import MOST_IN_TITLE, Html, joined, shortened, tag
from geneverse_pl.report.overview import overview
from geneverse_pl.report.pictures import PictureBudget
from geneverse_pl.report.score_section import score_section
from geneverse_pl.report.style import STYLE
from geneverse_pl.report.tables import named_values
from geneverse_pl.report.wording import counted

# Nothing may be fetched and no script run, whatever the page holds.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_HOW_TO_READ = (
    "Brackets: {:g} % bootstrap interval. Better, worse: the two intervals are apart. Overlaps: they are "
    "not, so no difference is shown, though a paired test may find one. ↓: lower is better."
)
_KEPT = (
    " Scores of retrieval, of grounding and by a rule of the data module are those that the test wrote, with "
    "its {:g} % intervals."
)
_HOW_CHOSEN = (
    "Chosen by the margin of the true answer: its log-likelihood less that of the likeliest other choice; "
    "for answers in words its log-likelihood for each token."
)


def render_report(run: RunRecord) -> str:
    """The report of a test run: is it true, well-formed, better than its controls, and where does it fail.

    One HTML document without script that fetches nothing; everything that comes from a model, a file or a
    user is escaped, and characters that do not show are spelled out.

    Args:
        run: The run; any part of it may be empty.
    """
    found = Findings.of(run)
    sections = [
        ("scores", "Scores beside their controls", _scores(run, found)),
        ("closed", "Closed questions", closed_section(found.sets)),
        ("depends", "What the answers depend on", dependence_section(found.sets)),
        ("form", "Form of the answers in words", form_section(found.forms)),
        ("failures", "Failures by kind of question", failure_section(found.failed)),
        ("examples", "Worst and best examples", _examples(run, found)),
        ("settings", "Settings", named_values("Settings of the run", ("setting", "value"), run.settings)),
        ("data", "Data card", _card(run)),
        ("facts", "Facts of the run", named_values("Facts of the run", ("fact", "value"), run.facts)),
    ]
    title = f"Test report: {shortened(run.name, MOST_IN_TITLE)}"
    links = (tag("li", tag("a", heading, href=f"#{key}")) for key, heading, _ in sections)
    body = tag(
        "body",
        tag("header", tag("h1", title), tag("p", _about(run), class_="soft")),
        tag(
            "main",
            _cards(found),
            tag("nav", tag("ul", *links), aria_label="Sections"),
            *(tag("section", tag("h2", heading), content, id=key) for key, heading, content in sections),
        ),
    )
    return f"<!DOCTYPE html>\n{tag('html', _head(title), body, lang='en')}\n"


def _head(title: str) -> Html:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", Html(STYLE)),
    )


def _about(run: RunRecord) -> str:
    splits = list(dict.fromkeys([*(item.split for item in run.items), *(one.split for one in run.scores)]))
    models = list(dict.fromkeys(score.model for score in run.scores))
    parts = [counted(len(run.items), "answered question"), counted(len(run.scores), "score")]
    parts += [f"splits: {shortened(', '.join(splits), MOST_IN_TITLE)}"] if splits else []
    parts += [f"models and controls: {shortened(', '.join(models), MOST_IN_TITLE)}"] if models else []
    return "; ".join(parts) + "."


def _cards(found: Findings) -> Html:
    """The four questions with their answers."""
    cards = (
        tag("section", tag("h2", question), tag("ul", *(tag("li", line) for line in lines)), class_="card")
        for question, lines in overview(found)
    )
    return tag("div", *cards, class_="cards")


def _scores(run: RunRecord, found: Findings) -> Html:
    if not found.blocks:
        return tag("p", "The run has no scores.", class_="soft")
    told = _HOW_TO_READ.format(100 * run.bootstrap.confidence)
    if run.bootstrap.confidence != DEFAULT_BOOTSTRAP.confidence:
        told += _KEPT.format(100 * DEFAULT_BOOTSTRAP.confidence)
    return joined([tag("p", told, class_="soft"), *map(score_section, found.blocks)])


def _examples(run: RunRecord, found: Findings) -> Html:
    pictures = PictureBudget(run.pictures)
    shown = [section for one in found.sets if (section := example_section(one, pictures))]
    if not shown:
        return tag("p", "The run kept no answers of a tuned model.", class_="soft")
    return joined([tag("p", _HOW_CHOSEN, class_="soft"), *shown])


def _card(run: RunRecord) -> Html:
    if not run.data_card:
        return tag("p", "There is no data card; prepare writes one beside the store.", class_="soft")
    return tag("details", tag("summary", "The card of the data set"), card_html(run.data_card))
