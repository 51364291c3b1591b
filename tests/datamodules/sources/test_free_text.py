"""Paragraphs and their sentences."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamodules.sources.free_text import paragraph, split_sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It binds DNA. [provided by RefSeq, Jul 2008].", "It binds DNA."),
        ("It binds\n  DNA [supplied by OMIM]", "It binds DNA."),
        ("Does it bind DNA?", "Does it bind DNA?"),
        ("It is [provided by nobody] here", "It is [provided by nobody] here."),
        (" [provided by RefSeq, Jul 2008] ", ""),
        ("", ""),
    ],
)
def test_a_paragraph_is_one_line_that_ends(text: str, expected: str) -> None:
    assert paragraph(text) == expected


def test_a_long_gap_is_passed_at_once() -> None:
    start = process_time()
    assert paragraph(f"It binds{' ' * 50_000}DNA") == "It binds DNA."
    assert process_time() - start < 2  # seconds; it took more than ten when each space was looked at anew


@given(st.text(alphabet="aB1 .!?)]([\n", max_size=80))
def test_no_word_is_lost_or_added(text: str) -> None:
    found = paragraph(text)
    assert found.rstrip(".") == " ".join(text.split()).rstrip(".")
    sentences = split_sentences(found)
    assert " ".join(sentences) == found
    assert all(sentence == sentence.strip() for sentence in sentences)


def test_sentences_are_parted_only_where_one_surely_ends() -> None:
    text = (
        "It acts in E. coli (Smith et al. 2008). See Fig. 2 of no. 3. It was found by Dr. No. Two forms. p53 "
        "is old."
    )
    assert split_sentences(text) == [
        "It acts in E. coli (Smith et al. 2008).",
        "See Fig. 2 of no. 3.",
        "It was found by Dr. No. Two forms. p53 is old.",
    ]
    assert " ".join(split_sentences(text)) == text
