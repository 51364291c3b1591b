"""The card as a page: what the data can be used for, and their limits, told from the numbers alone."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from geneverse_pl.data.card.degrees import SAMPLES
from geneverse_pl.data.card.overlap import CONTEXT, IMAGE, PROMPT, SAMPLE
from geneverse_pl.data.card.tables import count, enumeration, percent, plural, with_article

if TYPE_CHECKING:
    from geneverse_pl.data.card.card import DataCard

_TRAIN, _MEMORISED = "train", "memorised"
_PURPOSES = {
    "train": "to train on",
    "val": "to choose checkpoints and settings",
    "held_out": "to test on what was not trained on",
    "memorised": "to test what was kept of the training data; its scores say nothing of new questions",
}
_KEPT_APART = ("group", PROMPT)
_UNBALANCED = 0.6
_SKEWED, _FEWEST_ENTITIES = 0.1, 100


def use_and_limits(card: "DataCard") -> str:
    """Sentences on use and limits, each of which a number of the card bears out.

    Args:
        card: The card.
    """
    uses = [
        f"- `{name}` ({count(split.num_samples, 'sample')}): {_PURPOSES[name]}"
        for name, split in card.splits.items()
        if name in _PURPOSES
    ]
    told = (*_leaks(card), *_unbalanced(card), *_duplicated(card), *_shortened(card), *_skewed(card))
    parts = [
        "## Intended use and limits",
        "\n".join(uses),
        "What the numbers say of the limits:\n\n" + "\n".join(f"- {line}" for line in told) if told else "",
        "For research. That a statement is not in the sources does not make it false, and answers of a model "
        "that learned from them are no medical advice.",
    ]
    return "\n\n".join(part for part in parts if part)


def _leaks(card: "DataCard") -> Iterator[str]:
    for name in card.splits:
        respects = [one for one in card.overlaps if one.split == name and one.what != SAMPLE]
        if name == _MEMORISED or not respects:
            continue
        leaks = [
            f"{one.num_shared:,} of its {count(one.num_distinct, _noun(one.what))} "
            f"({count(one.num_samples, 'sample')})"
            for one in respects
            if one.what in _KEPT_APART and one.num_shared
        ]
        if leaks:
            yield f"`{name}` shares {enumeration(leaks)} with train: its scores count what was trained on."
        free = [plural(_noun(one.what)) for one in respects if not one.num_shared]
        partly = [
            f"all of its {plural(_noun(one.what))}"
            if one.num_shared == one.num_distinct
            else f"{one.num_shared:,} of its {count(one.num_distinct, _noun(one.what))}"
            for one in respects
            if one.num_shared and one.what not in _KEPT_APART
        ]
        told = [
            f"shares no {enumeration(free, 'or')} with train" if free else "",
            f"train has {enumeration(partly)}" if partly else "",
        ]
        yield f"`{name}` {'; '.join(part for part in told if part)}."


def _noun(what: str) -> str:
    return {"group": "split group", CONTEXT: "context", IMAGE: "picture"}.get(what, what)


def _unbalanced(card: "DataCard") -> Iterator[str]:
    for one in card.kinds:
        if one.split != _TRAIN or not one.is_closed:
            continue
        answer = one.common_answers[0][0]
        if one.num_answers == 1:
            yield f"All `{one.kind}` questions of train have one answer, “{answer}”."
        elif one.top_share > _UNBALANCED:
            yield (
                f"`{one.kind}` is unbalanced: “{answer}” is right in {percent(one.top_share, 1)} of the "
                "questions of train. Compare accuracies with that."
            )


def _duplicated(card: "DataCard") -> Iterator[str]:
    for one in card.duplicates:
        if one.split != _TRAIN:
            continue
        if one.num_repeats:
            share = percent(one.num_repeats, one.num_distinct + one.num_repeats)
            yield f"{share} of the samples of train repeat an earlier one."
        if one.num_contradicted:
            yield (
                f"In train, {count(one.num_contradicted, 'prompt')} "
                f"({count(one.num_in_contradictions or 0, 'sample')}) with several answers cannot be "
                "answered right every time."
            )


def _shortened(card: "DataCard") -> Iterator[str]:
    for name, split in card.splits.items():
        if split.num_truncated:
            share = percent(split.num_truncated, split.num_samples)
            yield f"{share} of the samples of `{name}` do not show their whole prompt (see *shortened*)."


def _skewed(card: "DataCard") -> Iterator[str]:
    for one in card.degrees:
        if one.counted == SAMPLES and one.top_share >= _SKEWED and one.num_entities >= _FEWEST_ENTITIES:
            yield (
                f"{percent(one.top_share, 1)} of the samples of train that name {with_article(one.field)} "
                f"name one of the commonest 1 % of {plural(one.field)}: how common it is may hint at the "
                "answer."
            )
