"""What is asked, word for word: another wording needs another version."""

import hashlib

import pytest

from geneverse_pl.data.records import Sample
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.rephrasing.prompts import PROMPTS, find_prompt

SAMPLE = Sample("Which {part}?", "It is the {end}.", context="Gene: FBN1")
# Of the messages of version 1. Where a wording changes, its version does too, and the digest is set anew.
DIGESTS = {
    "rephrase_answer/1": "fbbf6c67eb7d",
    "rephrase_question/1": "4b4f25eaff83",
    "describe/1": "34ca4a5c11da",
    "answer_question/1": "1fb2c2013f84",
}


def test_messages_hold_what_they_are_about() -> None:
    texts = {
        name: prompt.request(SAMPLE, "Symbol: {FBN1}", 2).messages[-1]["content"]
        for name, prompt in PROMPTS.items()
    }
    assert texts["rephrase_answer"].endswith("\n\nIt is the {end}.")
    assert texts["rephrase_question"].endswith("\n\nWhich {part}?")
    assert texts["describe"].endswith("Question: Gene: FBN1\nWhich {part}?\n\nFacts:\nSymbol: {FBN1}")
    assert texts["answer_question"] == "Gene: FBN1\nWhich {part}?"
    assert {prompt.request(SAMPLE, "", 2).draw for prompt in PROMPTS.values()} == {2}


def test_another_wording_has_another_version() -> None:
    digests = {
        prompt.label: hashlib.sha256(repr(prompt.request(SAMPLE, "F", 0)).encode()).hexdigest()[:12]
        for prompt in PROMPTS.values()
    }
    assert digests == DIGESTS


def test_answers_that_are_chosen_or_listed_stay() -> None:
    samples = [
        SAMPLE,
        Sample("Is it?", "Yes", choices=("Yes", "No")),
        Sample("Which?", "a; b", gold=("a", "b")),
        Sample("Which?", " "),
    ]
    assert [PROMPTS["rephrase_answer"].suits(sample) for sample in samples] == [True, False, False, False]
    assert [PROMPTS["rephrase_question"].suits(sample) for sample in samples] == [True] * 4


def test_an_unknown_prompt_is_refused() -> None:
    with pytest.raises(ConfigError, match="Unknown prompt 'descibe'. Did you mean 'describe'?"):
        find_prompt("descibe")
