"""Sentences."""

from hypothesis import given
from hypothesis import strategies as st

from geneverse_pl.evaluation.sentences import sentence_spans, sentences


def test_abbreviations_end_no_sentence_and_symbols_may() -> None:
    text = "It is seen in E. coli.  Smith et al. 2000 saw TP53. It binds DNA. (See Fig. 1.) Then more"
    assert sentences(text) == [
        "It is seen in E. coli.",
        "Smith et al. 2000 saw TP53.",
        "It binds DNA.",
        "(See Fig. 1.)",
        "Then more",
    ]
    assert sentences("Known as HOX1F. Then more") == ["Known as HOX1F.", "Then more"]
    assert sentences("One\n\ntwo") == ["One", "two"]
    assert sentences(" \n ") == []


@given(st.text(alphabet='aAbB .!?()\n"', max_size=60))
def test_nothing_is_lost(text: str) -> None:
    spans = sentence_spans(text)
    assert all(text[start:end].strip() == text[start:end] != "" for start, end in spans)
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())
