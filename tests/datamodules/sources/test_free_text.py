"""Paragraphs and their sentences."""

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
