"""The card as a page of Markdown: its order, splits, kinds and answers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from geneverse_pl.data.card.lengths import QUANTILES
from geneverse_pl.data.card.page_checks import duplicates, overlaps
from geneverse_pl.data.card.page_entities import entities, pictures, sources
from geneverse_pl.data.card.page_origin import citing, origin
from geneverse_pl.data.card.page_use import use_and_limits
from geneverse_pl.data.card.tables import cell, count, percent, table

if TYPE_CHECKING:
    from geneverse_pl.data.card.card import DataCard

LENGTHS, DEGREES = "lengths", "degrees"  # names of the figures
_CAPTIONS = {
    LENGTHS: "Share of each split's samples by length in tokens",
    DEGREES: "Share of entities with at least so many samples or partners in train, on logarithmic axes",
}
_TRAIN = "train"
_NO_KIND = "(none)"
_QUANTILE_HEADS = {"p05": "5 %", "p50": "median", "p90": "90 %", "p99": "99 %", "max": "longest"}


def card_page(card: "DataCard", figures: Mapping[str, str], note: str) -> str:
    """The page.

    Args:
        card: The card.
        figures: File names of the figures ``lengths`` and ``degrees``, as far as there are any.
        note: Said once in place of missing figures.
    """
    name = card.origin.data_module.rpartition(".")[2] or card.origin.store
    made = f"made by geneverse_pl {card.origin.version}" if card.origin.version else "a token store"
    num_samples = sum(split.num_samples for split in card.splits.values())
    opening = (
        f"`{card.origin.store}`, {made}: {count(num_samples, 'sample')} in "
        f"{count(len(card.splits), 'split')}. A sample is one question with its answer, as tokens. All "
        "numbers are counted from this file."
    )
    sections = [
        f"# Data card of {name}",
        opening,
        note,
        use_and_limits(card),
        _splits(card),
        _figure(LENGTHS, figures),
        _kinds(card),
        _answers(card),
        entities(card),
        _figure(DEGREES, figures),
        sources(card),
        pictures(card),
        duplicates(card),
        overlaps(card),
        origin(card),
        citing(card),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _figure(name: str, figures: Mapping[str, str]) -> str:
    return f"![{_CAPTIONS[name]}]({figures[name]})\n\n*{_CAPTIONS[name]}.*" if name in figures else ""


def _splits(card: "DataCard") -> str:
    quantiles = [_QUANTILE_HEADS[key] for key in QUANTILES]
    heads = ["split", "samples", "tokens", "learned", "mean", *quantiles, "shortened"]
    rows = [
        [
            name,
            split.num_samples,
            split.num_tokens,
            split.num_trained,
            split.mean,
            *split.quantiles.values(),
            split.num_truncated,
        ]
        for name, split in card.splits.items()
    ]
    limit = card.origin.settings.get("max_length")
    told = f" to fit the limit of {limit:,} tokens (`max_length`)" if isinstance(limit, int) else ""
    return (
        f"## Splits and lengths\n\n{table(heads, rows)}\n\n"
        "*tokens* are all of a split, *learned* those that count in the loss: as a rule, the answers. From "
        f"*mean* to *longest* the length of a sample in tokens. *shortened* samples lost some of their "
        f"prompt{told}."
    )


def _kinds(card: "DataCard") -> str:
    names, splits = sorted({one.kind for one in card.kinds}), list(card.splits)
    sizes = {(one.kind, one.split): one.lengths.num_samples for one in card.kinds}
    in_train = [one for one in card.kinds if one.split == _TRAIN]
    counts = table(
        ["kind", *splits],
        [[name or _NO_KIND, *(sizes.get((name, split), 0) for split in splits)] for name in names],
    )
    text = (
        "## Kinds of questions\n\nSamples of each kind, by split. A kind is written as form and relation: "
        "`relation/…` asks whether something is true, `list/…` for all, `fact/…` for the only one, "
        f"`choice/…` for one of a few answers, `text/…` for a text.\n\n{counts}"
    )
    if not in_train:
        return text
    firsts = "\n".join(f"- `{one.kind or _NO_KIND}`: {cell(str(one.example))}" for one in in_train)
    heads = ["kind", "learned", "mean", *(_QUANTILE_HEADS[key] for key in QUANTILES), "at the limit"]
    rows = [
        [
            one.kind or _NO_KIND,
            one.lengths.num_trained,
            one.lengths.mean,
            *one.lengths.quantiles.values(),
            one.lengths.num_at_limit,
        ]
        for one in in_train
    ]
    return (
        f"{text}\n\nThe first sample of each in train, what it is about and its answer:\n\n{firsts}\n\n"
        f"Their lengths in train:\n\n{table(heads, rows)}\n\n"
        "Samples *at the limit* have as many tokens as are allowed, as shortened ones have."
    )


def _answers(card: "DataCard") -> str:
    rows = []
    for one in card.kinds:
        if one.split == _TRAIN:
            listed = "; ".join(f"{text} ({number:,})" for text, number in one.common_answers[:3])
            labels = f"{one.num_true:,} / {one.num_false:,}" if one.num_true + one.num_false else ""
            form = "closed list" if one.is_closed else "free text"
            share = percent(one.top_share, 1)
            rows.append([one.kind or _NO_KIND, form, listed, one.num_answers, share, labels])
    if not rows:
        return ""
    heads = ["kind", "answers", "commonest (samples)", "distinct", "share of the commonest", "true / false"]
    return (
        f"## Answers\n\nIn train:\n\n{table(heads, rows, num_texts=3)}\n\n"
        "A model that always gives the commonest answer is right in that share of the questions. "
        "*true / false* counts statements that hold and that do not."
    )
