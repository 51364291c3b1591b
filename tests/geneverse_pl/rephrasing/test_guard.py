"""What the guard lets through, and what it does not."""

import random
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from geneverse_pl.data.records import Sample
from geneverse_pl.rephrasing.guard import Rejection, check, cleaned
from geneverse_pl.rephrasing.prompts import PROMPTS
from geneverse_pl.rephrasing.tokens import denies, fixed_tokens, normalised

OLD = (
    "FBN1 is a protein-coding gene on chromosome 15, at 15q21.1. Its product, fibrillin-1, takes part in 10 "
    "processes. Marfan syndrome (OMIM:154700) and ectopia lentis are linked to it. Its ids are HGNC:3603 and "
    "ENSG00000166147. RNA of it is seen in the aorta."
)
NEW = (
    "On chromosome 15 (15q21.1) lies the protein-coding gene FBN1, whose RNAs the aorta shows. It gives "
    "fibrillin-1 and acts in 10 processes; Marfan syndrome (OMIM:154700) and ectopia lentis go with it. In "
    "databases it is HGNC:3603 and ENSG00000166147."
)
SAMPLE = Sample(
    "Describe the gene FBN1.",
    OLD,
    context="Tissue: TB12",
    kind="text/gene_function",
    metadata={"subject_name": "FBN1", "disease": "Marfan syndrome", "absent": "Loeys-Dietz"},
)
ANSWER, QUESTION = PROMPTS["rephrase_answer"], PROMPTS["rephrase_question"]
DESCRIBE = PROMPTS["describe"]


def test_other_words_for_the_same_facts_pass() -> None:
    assert check(SAMPLE, ANSWER, "", NEW) is None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("ENSG00000166147", "an id"), Rejection("missing_symbol", "ENSG00000166147")),
        (("HGNC:3603", "HGNC:3604"), Rejection("missing_identifier", "HGNC:3603")),
        (("15q21.1", "15q21"), Rejection("missing_symbol", "15q21.1")),
        (("10 processes", "ten processes"), Rejection("missing_number", "10")),
        (("RNAs", "transcripts"), Rejection("missing_symbol", "RNA")),
        (("OMIM:154700", "154700"), Rejection("missing_identifier", "OMIM:154700")),
        (("ectopia lentis", "ectopia lentis (HP:0001083)"), Rejection("new_identifier", "HP:0001083")),
        (("the aorta", "the aorta with TGFB1"), Rejection("new_symbol", "TGFB1")),
        (("the aorta", "the aorta as mRNA"), Rejection("new_symbol", "mRNA")),
        (("the aorta", "the aorta in 3 layers"), Rejection("new_number", "3")),
        (("Marfan syndrome", "A syndrome"), Rejection("missing_name", "Marfan syndrome")),
        (("acts in", "does not act in"), Rejection("negation")),
    ],
)
def test_a_change_of_a_fact_does_not(change: tuple[str, str], expected: Rejection) -> None:
    assert change[0] in NEW
    assert check(SAMPLE, ANSWER, "", NEW.replace(*change)) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" \n", "empty"),
        (OLD.upper(), "same"),
        (OLD.replace(" ", "\n"), "same"),
        (OLD.replace("-", "\u2010"), "same"),
        (NEW + " <image>", "image_mark"),
        ("<think> " + NEW, "thoughts"),
        (NEW + "</think>", "thoughts"),
        (NEW + " \ud83d", "half_character"),
        (NEW + " It is a gene of great interest." * 20, "too_long"),
    ],
)
def test_what_is_no_rewording_does_not_pass(text: str, reason: str) -> None:
    found = check(SAMPLE, ANSWER, "", text)
    assert found is not None
    assert found.reason == reason


def test_a_long_text_cut_short_does_not_pass() -> None:
    sample = replace(SAMPLE, answer="FBN1 acts. " + "Much is known of this gene and of what it does. " * 10)
    assert check(sample, ANSWER, "", "It is FBN1 that acts.") == Rejection(
        "too_short", f"21 characters instead of {len(normalised(sample.answer))}"
    )


def test_what_the_question_names_may_come() -> None:
    assert check(SAMPLE, ANSWER, "", f"{NEW} In TB12 too.") is None


def test_a_question_keeps_its_choices_and_names() -> None:
    sample = Sample(
        "Does FBN1 cause Marfan syndrome? Answer Yes or No.",
        "Yes",
        choices=("Yes", "No"),
        metadata={"subject_name": "Marfan syndrome"},
    )
    assert check(sample, QUESTION, "", "Is Marfan syndrome caused by FBN1? Say yes or no.") is None
    found = check(sample, QUESTION, "", "Is Marfan syndrome caused by FBN1?")
    assert found == Rejection("missing_name", "Yes")


def test_a_description_may_leave_out_and_not_add() -> None:
    facts = "Symbol: FBN1\nLocation: 15q21.1\nAliases: MFS1"
    assert check(SAMPLE, DESCRIBE, facts, "FBN1, or MFS1, is a gene.") is None
    assert check(SAMPLE, DESCRIBE, facts, "FBN1 lies at 15q21.2.") == Rejection("new_symbol", "15q21.2")
    assert check(SAMPLE, DESCRIBE, facts, "The gene is known.") == Rejection("missing_name", "FBN1")


def test_an_answer_from_nothing_is_held_to_what_is_known() -> None:
    prompt = PROMPTS["answer_question"]
    assert check(SAMPLE, prompt, "Symbol: FBN1", "FBN1 makes fibrillin-1 of the matrix.") is None
    found = check(SAMPLE, prompt, "Symbol: FBN1", "FBN1 lies on chromosome 7.")
    assert found == Rejection("new_number", "7")


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        ("  A text.\n", "A text."),
        ('"A text."', "A text."),
        ("\u201cA text.\u201d", "A text."),
        ('"A" is not "B"', '"A" is not "B"'),
        ("<think>What is\nmeant?</think>\n\nA text.", "A text."),
        ("What is\nmeant?</think>\n\nA text.", "A text."),
        ('"', '"'),
        ("", ""),
    ],
)
def test_thoughts_and_quotation_marks_are_taken_off(reply: str, text: str) -> None:
    assert cleaned(reply) == text


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        (
            "HP:0001250, GO:0005515 and OMIM:154700.",
            {"HP:0001250": "identifier", "GO:0005515": "identifier", "OMIM:154700": "identifier"},
        ),
        ("NM_000138.5 (NP_000129.3)", {"NM_000138.5": "symbol", "NP_000129.3": "symbol"}),
        ("HLA-B27, HLA-DRB, mTOR, p53", dict.fromkeys(("HLA-B27", "HLA-DRB", "mTOR", "p53"), "symbol")),
        (
            "TGF\u03b21 of E. coli at 0.5 to 1,500",
            {"TGF\u03b21": "symbol", "0.5": "number", "1,500": "number"},
        ),
        ("The gene acts. It is known: it binds.", {}),
        ("RNA-binding in X-linked cases", {"RNA": "symbol"}),
        ("rs334 of chr11:5227002", {"rs334": "symbol", "chr11:5227002": "identifier"}),
    ],
)
def test_parts_of_a_fixed_form(text: str, tokens: dict[str, str]) -> None:
    assert fixed_tokens(text) == tokens


@pytest.mark.parametrize(
    "word", ["not", "No", "never", "without", "doesn't", "doesn\u2019t", "lacks", "absence"]
)
def test_words_that_deny(word: str) -> None:
    assert denies(normalised(f"it {word} acts"))
    assert not denies("notable nodes know nothing")


_FORMS = r"(HP|GO|MIM|HGNC):[0-9]{4,7}|ENSG[0-9]{11}|[A-Z]{2,5}[0-9]{1,2}|[0-9]{1,4}"
IDENTIFIERS = st.from_regex(_FORMS, fullmatch=True)
WORDS = st.sampled_from(["the", "gene", "acts", "in", "cells", "of", "a", "tissue", "and", "binds", "other"])


@given(st.lists(st.one_of(IDENTIFIERS, WORDS), min_size=4, max_size=30), st.randoms(), IDENTIFIERS)
def test_any_order_passes_and_any_loss_or_gain_does_not(
    parts: list[str], rng: random.Random, other: str
) -> None:
    assume(other not in parts)
    sample = Sample("Say it.", " ".join(parts))
    mixed = rng.sample(parts, len(parts))
    found = check(sample, ANSWER, "", " ".join(["well,", *mixed]))
    assert found is None
    fixed = [part for part in dict.fromkeys(parts) if fixed_tokens(part)]
    for lost in fixed:
        kept = [part for part in mixed if part != lost]
        rejection = check(sample, ANSWER, "", " ".join(["well,", *kept]))
        assert rejection is not None
        assert rejection.detail == lost
    rejection = check(sample, ANSWER, "", " ".join([*mixed, other]))
    assert rejection is not None
    assert (rejection.reason[:4], rejection.detail) == ("new_", other)
