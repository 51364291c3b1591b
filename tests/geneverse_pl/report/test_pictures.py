from geneverse_pl.report.pictures import PictureBudget
from tests.geneverse_pl.report.made_runs import png
from tests.geneverse_pl.report.page_reader import read_page

PICTURE = png(1, 2, 3)


def test_a_picture_is_within_the_page() -> None:
    shown = PictureBudget(lambda number: PICTURE).picture(3, 'a "picture"')
    (image,) = read_page(shown).all("img")
    assert image.attributes["src"].startswith("data:image/png;base64,iVBOR")
    assert image.attributes["alt"] == 'a "picture"'
    jpeg = PictureBudget(lambda number: b"\xff\xd8\xff\xe0rest").picture(0, "")
    assert 'src="data:image/jpeg;base64,' in jpeg


def test_the_page_bears_so_many_bytes() -> None:
    budget = PictureBudget(lambda number: PICTURE, most_in_all=2 * len(PICTURE))
    shown = [budget.picture(number, "x") for number in range(3)]
    assert [bool(read_page(one).all("img")) for one in shown] == [True, True, False]
    assert "the page has its" in shown[2]
    assert "and 10 are the most" in PictureBudget(lambda number: PICTURE, most_bytes=10).picture(1, "x")


def test_why_a_picture_is_missing() -> None:
    def fail(number: int) -> bytes:
        raise IndexError("no <image> 9")

    assert "are not at hand" in PictureBudget(None).picture(1, "x")
    assert "is not in the store" in PictureBudget(lambda number: None).picture(1, "x")
    assert "cannot be read (no &lt;image&gt; 9)" in PictureBudget(fail).picture(9, "x")
    assert "neither PNG nor JPEG" in PictureBudget(lambda number: b"<svg onload=x>").picture(1, "x")
    assert "it has no number" in PictureBudget(lambda number: PICTURE).picture("../x", "x")
