"""The page in a real browser: nothing fetched or run, nothing cut off, all legible, in light and in dark."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import pytest

from geneverse_pl.evaluation.run_record import RunRecord
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.report import write_report
from tests.geneverse_pl.report.made_runs import hostile_run, whole_run

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
PATIENCE = 120_000  # milliseconds, for a machine that has other things to do
NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = [
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Colours as numbers; what is painted behind an element is laid together from its ancestors.
LEGIBILITY = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const behind = (element) => {
    const layers = [];
    for (let one = element; one; one = one.parentElement)
      layers.push(rgba(getComputedStyle(one).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
  };
  const light = (colour) => colour.slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const contrast = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const below = behind(element);
    const ink = over(rgba(element.closest('svg') ? style.fill : style.color), below);
    found.push([contrast(light(ink), light(below)), walker.currentNode.textContent.trim().slice(0, 60)]);
  }
  const page = light(behind(document.body));
  const marks = [...document.querySelectorAll('svg .mark, svg .curve, svg .whisker')]
    .map(one => [contrast(light(rgba(getComputedStyle(one).color)), page), one.getAttribute('class')]);
  return {texts: found, marks: marks, page: getComputedStyle(document.body).backgroundColor};
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright, of the extra dev")
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip(f"needs a browser on the path, one of {', '.join(NAMES)}: apt-get install chromium")
    options = [*OPTIONS, "--no-sandbox"] if os.geteuid() == 0 else OPTIONS
    with playwright.sync_playwright() as library:  # with a new profile, which it removes
        started = library.chromium.launch(executable_path=program, args=options, timeout=PATIENCE)
        yield started
        started.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    runs = {"whole": whole_run(12), "hostile": hostile_run(), "empty": RunRecord("empty", [], [])}
    return {name: write_report(tmp_path_factory.mktemp(name), run) for name, run in runs.items()}


class Opened:
    """A page of the browser with all that it asked for and complained of."""

    def __init__(self, browser: "Browser", path: Path, theme: Theme = "light") -> None:
        self.path = path
        self.context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme=theme)
        self.context.set_default_timeout(PATIENCE)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri(), wait_until="load")
        self.page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")

    def ask(self, code: str) -> Any:
        """The value of an expression in the page."""
        return self.page.evaluate(code)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()


@pytest.fixture(
    scope="module",
    params=[
        ("whole", "light"),
        ("whole", "dark"),
        ("hostile", "light"),
        ("hostile", "dark"),
        ("empty", "light"),
    ],
    ids="-".join,
)
def opened(browser: "Browser", pages: dict[str, Path], request: pytest.FixtureRequest) -> Iterator[Opened]:
    name, theme = request.param
    with Opened(browser, pages[name], theme) as one:
        yield one


def test_nothing_is_fetched_run_or_complained_of(opened: Opened) -> None:
    assert opened.ask("document.title").startswith("Test report: ")
    assert [url for url in opened.requests if not url.startswith("data:")] == [opened.path.as_uri()]
    assert opened.complaints == []
    assert opened.ask("[...document.images].filter(one => !one.naturalWidth).length") == 0
    assert opened.ask("document.images.length > 0") == opened.path.parent.name.startswith("whole")


@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_is_no_wider_than_the_screen(opened: Opened, width: int) -> None:
    opened.page.set_viewport_size({"width": width, "height": 800})
    assert opened.ask("document.documentElement.scrollWidth") <= width
    # Nor is anything cut off: what is wider than the screen lies in a box that scrolls.
    outside = """[...document.body.querySelectorAll('*')].filter(one => !one.closest('.scroll') &&
        one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 1).length"""
    assert opened.ask(outside) == 0
    smallest = """Math.min(...[...document.querySelectorAll('svg')].map(
        one => one.getBoundingClientRect().width / one.viewBox.baseVal.width * 11), 99)"""
    assert opened.ask(smallest) >= 9  # pixels of letters in figures
    unreachable = """[...document.querySelectorAll('*')].filter(one =>
        one.scrollWidth > one.clientWidth + 1 && one.tabIndex < 0
        && getComputedStyle(one).overflowX === 'auto').length"""
    assert opened.ask(unreachable) == 0


def test_tables_of_scores_fit_a_window_of_1200_pixels(browser: "Browser", tmp_path: Path) -> None:
    metrics = ("accuracy", "auroc", "f1", "mcc", "loss", "perplexity")
    models = (("tuned", 0.0), ("untuned", -0.5), ("nearest_neighbour", 0.5))
    scores = [
        Score("relation/disease_phenotype", "held_out", metric, model, value, value - 0.1, value + 0.1, 120)
        for metric in metrics
        for model, value in models
    ]
    with Opened(browser, write_report(tmp_path, RunRecord("wide", scores, []))) as opened:
        opened.page.set_viewport_size({"width": 1200, "height": 800})
        [[shown, whole]] = opened.ask(
            "[...document.querySelectorAll('#scores .scroll')].map(one => [one.clientWidth, one.scrollWidth])"
        )
        assert whole <= shown
        lines = "[...document.querySelectorAll('#scores .bounds')].map(one => one.getClientRects().length)"
        assert set(opened.ask(lines)) == {1}


def test_everything_is_legible(opened: Opened) -> None:
    found = opened.ask(LEGIBILITY)
    assert len(found["texts"]) > 20
    assert [pair for pair in found["texts"] if pair[0] < 4.5] == []
    assert [pair for pair in found["marks"] if pair[0] < 3.0] == []


def test_the_two_themes_differ_and_paper_is_white(browser: "Browser", pages: dict[str, Path]) -> None:
    shots, colours = [], []
    ground = "getComputedStyle(document.body).backgroundColor"
    with Opened(browser, pages["whole"]) as opened:
        for theme in THEMES:
            opened.page.emulate_media(color_scheme=theme)
            shots.append(opened.page.screenshot())
            colours.append(opened.ask(ground))
        assert shots[0] != shots[1]
        assert colours == ["rgb(255, 255, 255)", "rgb(20, 24, 29)"]
        opened.page.emulate_media(media="print", color_scheme="dark")
        assert opened.ask(ground) == "rgb(255, 255, 255)"
        assert opened.ask("getComputedStyle(document.querySelector('nav')).display") == "none"
        assert len(opened.page.pdf(format="A4")) > 10_000
