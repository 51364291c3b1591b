"""What the page says, and where it is silent."""

from collections.abc import Callable

import pytest

from geneverse_pl.data.card import DataFacts, SourceTerms, data_card
from geneverse_pl.data.card.tables import cell, count, enumeration, percent, plural, table
from geneverse_pl.data.store import TokenStore
from tests.geneverse_pl.data.card.conftest import asked


def test_limits_are_told_from_the_numbers(store: TokenStore) -> None:
    page = data_card(store).to_markdown()
    assert (
        "`held_out` shares 1 of its 2 split groups (1 sample) and 1 of its 2 prompts (1 sample) with train"
        in page
    )
    assert (
        "`val` shares no split groups, subjects, contexts or prompts with train; "
        "train has 1 of its 2 objects." in page
    )
    assert "“Yes” is right in 71.4 % of the questions of train" in page
    assert "14.3 % of the samples of train repeat an earlier one." in page
    assert "In train, 1 prompt (2 samples) with several answers" in page
    assert "50.0 % of the samples of `val` do not show their whole prompt" in page
    assert "subject gene B (B), object HP:2: “Yes” / “No”" in page


def test_a_clean_store_has_no_warnings(write_store: Callable[..., TokenStore]) -> None:
    balanced = [asked("A", item, label=bool(item % 2)) for item in range(4)]
    page = data_card(write_store({"train": balanced})).to_markdown()
    for word in ("repeat an", "is unbalanced", "with several answers cannot", "shares"):
        assert word not in page


def test_no_folder_is_shown(store: TokenStore) -> None:
    page = data_card(store, DataFacts(settings={"tokenizer": "/home/somebody/models/tiny"})).to_markdown()
    assert "/home" not in page
    assert "| tokenizer | tiny |" in page
    assert str(store.path.parent) not in page


def test_terms_and_citations(store: TokenStore) -> None:
    unknown = data_card(store).to_markdown()
    assert "not known here" in unknown
    terms = SourceTerms("HPO", ("hp.obo", "own.txt"), "own | licence", "https://example.org", "Somebody 2024")
    known = data_card(store, DataFacts(terms=(terms,))).to_markdown()
    assert "| HPO | own \\| licence | <https://example.org> |" in known
    assert "- HPO: Somebody 2024" in known
    assert "not known here" not in known


def test_pictures_have_a_section(picture_store: TokenStore) -> None:
    page = data_card(picture_store).to_markdown()
    assert "3 distinct pictures" in page
    assert "| pictures | 1 of 2 |" in page


def test_no_pictures_have_none(store: TokenStore) -> None:
    page = data_card(store).to_markdown()
    assert "## Pictures" not in page
    assert "| pictures |" not in page


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 10, "0.0 %"), (1, 10_000, "< 0.1 %"), (1, 3, "33.3 %"), (3, 3, "100.0 %"), (0, 0, "0.0 %")],
)
def test_percent(part: int, whole: int, text: str) -> None:
    assert percent(part, whole) == text


def test_words() -> None:
    assert [count(1, "entity"), count(2_000, "entity")] == ["1 entity", "2,000 entities"]
    assert plural("key") == "keys"
    assert [enumeration(list("abc")), enumeration(["a"]), enumeration([])] == ["a, b and c", "a", ""]
    assert table(["a", "b"], [["x\ny|z", 1_234]]).splitlines()[-1] == "| x y\\|z | 1,234 |"
    assert [cell(None), cell(1.25)] == ["", "1.2"]
