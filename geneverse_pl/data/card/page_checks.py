"""The card as a page: what is there twice, and what splits share."""

from typing import TYPE_CHECKING

from geneverse_pl.data.card.overlap import CONTEXT, IMAGE, PROMPT, SAMPLE
from geneverse_pl.data.card.tables import plural, table

if TYPE_CHECKING:
    from geneverse_pl.data.card.card import DataCard

_TRAIN = "train"
_NAMES = {
    "group": "split groups",
    CONTEXT: "contexts",
    PROMPT: "prompts",
    SAMPLE: "prompts with their answer",
    IMAGE: "pictures",
}


def duplicates(card: "DataCard") -> str:
    """Equal samples, and prompts with several answers.

    Args:
        card: The card.
    """
    heads = ["split", "samples", "repeats", "prompts", "with several answers", "samples with these"]
    rows = [
        [
            one.split,
            one.num_distinct + one.num_repeats,
            one.num_repeats,
            one.num_prompts,
            "-" if one.num_contradicted is None else one.num_contradicted,
            "-" if one.num_in_contradictions is None else one.num_in_contradictions,
        ]
        for one in card.duplicates
    ]
    text = (
        f"## Duplicates\n\n{table(heads, rows)}\n\n"
        "*repeats* equal an earlier sample of their split: prompt, answer and pictures. *prompts* are the "
        "distinct ones; those *with several answers* contradict themselves, unless several answers are right."
    )
    examples = [
        f"- `{example.kind}`: {example}"
        for one in card.duplicates
        if one.split == _TRAIN
        for example in one.examples
    ]
    return text + ("\n\nFor example, in train:\n\n" + "\n".join(examples) if examples else "")


def overlaps(card: "DataCard") -> str:
    """What the other splits share with the training split.

    Args:
        card: The card.
    """
    others = [name for name in card.splits if any(one.split == name for one in card.overlaps)]
    if not others:
        return ""
    rows = []
    for what in dict.fromkeys(one.what for one in card.overlaps):
        found = [card.overlap(split, what) for split in others]
        cells = ["-" if one is None else f"{one.num_shared:,} of {one.num_distinct:,}" for one in found]
        rows.append([_NAMES.get(what, plural(what)), *cells])
    return (
        "## What the other splits share with train\n\nDistinct ones that are in train too:\n\n"
        f"{table(['', *others], rows)}\n\n"
        "A *split group* is what must not be torn apart, such as all that hangs together by one gene: no "
        "group may be in train and in val or held_out. What else a question names may well be in every "
        "split. *contexts* are texts or pictures that several questions share. `memorised` asks "
        "questions of train again, on purpose."
    )
