"""Replies of judges, read strictly."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geneverse_pl.judging import JudgeVerdict, parse_verdict

GOOD = '{"reason": "it is", "gene_name": true, "function": false, "structure": true}'


@pytest.mark.parametrize(
    "reply",
    [
        GOOD,
        f"  {GOOD}\n",
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}\n```",
        f"<think>The function is wrong.</think>\n{GOOD}",
        f"It is a gene.</think>{GOOD}",
    ],
)
def test_verdicts(reply: str) -> None:
    verdict = parse_verdict(reply, asks_structure=True)
    assert verdict == JudgeVerdict(gene_name=True, function=False, structure=True, reason="it is")
    assert not verdict.factual


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "Right.",
        f"Here it is: {GOOD}",
        f"{GOOD}\n{GOOD}",
        f"{GOOD} I hope this helps.",
        GOOD.replace("true", '"true"', 1),
        GOOD.replace("true", "1", 1),
        GOOD.replace("true", "null", 1),
        GOOD.replace('"function": false, ', ""),
        GOOD.replace("}", ', "score": 5}'),
        GOOD.replace("}", ', "gene_name": false}'),
        GOOD.replace('"it is"', "3"),
        f"[{GOOD}]",
        "[" * 100_000,
        GOOD[:-5],
        # What the judge quotes does not take the place of its own verdict.
        f'{{"reason": "it says </think>{GOOD}", "gene_name": false}}',
        f"<think>it says {GOOD}</think>",
    ],
)
def test_what_is_no_verdict(reply: str) -> None:
    assert parse_verdict(reply, asks_structure=True) is None


def test_the_form_is_read_where_it_was_asked_for_alone() -> None:
    bare = '{"gene_name": true, "function": true}'
    assert parse_verdict(bare, asks_structure=False) == JudgeVerdict(gene_name=True, function=True)
    assert parse_verdict(bare, asks_structure=True) is None
    assert parse_verdict(GOOD, asks_structure=False) is None


@given(st.text(), st.booleans(), st.booleans())
def test_reasons_do_not_matter(reason: str, name: bool, function: bool) -> None:
    reply = json.dumps({"reason": reason, "gene_name": name, "function": function})
    verdict = parse_verdict(reply, asks_structure=False)
    assert verdict == JudgeVerdict(name, function, None, reason)
    assert verdict.factual == (name and function)
