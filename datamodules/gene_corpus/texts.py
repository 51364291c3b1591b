"""Running text in records: whole sentences within a budget, each with the lines it comes from."""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from datamodules.corpus.identifiers import TextTopic
from datamodules.gene_corpus.held_back import HeldBackNames
from datamodules.gene_corpus.workspace import Workspace
from datamodules.sources.free_text import split_sentences
from datamodules.sources.names import normalised_name
from geneverse_pl.data.datamodule import TRAIN

logger = logging.getLogger(__name__)

#: Names of the fields, in their order in a record.
TITLES: Mapping[TextTopic, str] = {"summary": "Summary", "function": "Function", "finding": "Findings"}
# The newest findings; of a protein's functions those that are not of one isoform alone.
_TEXTS = """
SELECT split, place, topic, text, evidence FROM (
    SELECT n.split, n.place, t.topic, t.text, max(t.updated) AS updated, min(t.line) AS line,
        list(t.source || ' ' || t.file || ':' || t.line ORDER BY t.source, t.file, t.line) AS evidence
    FROM corpus.texts t JOIN members m ON m.kind = t.kind AND m.id = t.entity
    JOIN nodes n ON n.kind = m.kind AND n.node = m.node
    WHERE n.kind = $kind AND n.split IS NOT NULL
        AND (t.topic <> 'finding' OR length(t.text) <= $characters)
    GROUP BY n.split, n.place, t.topic, t.text
)
QUALIFY row_number() OVER (
    PARTITION BY place, topic ORDER BY updated DESC NULLS LAST, starts_with(text, '['), line, text
) <= $most
ORDER BY split, place, topic, updated DESC NULLS LAST, starts_with(text, '['), line, text
"""
_COLUMNS = "place, topic, text, evidence"


@dataclass(frozen=True, slots=True)
class ToldSentence:
    """A sentence of a record.

    Args:
        topic: What it is part of.
        text: The sentence.
        evidence: Where it is said: key, file and line, ``key file:line``.
    """

    topic: TextTopic
    text: str
    evidence: tuple[str, ...]


class RecordTexts:
    """What records tell in running text.

    Sentences are never cut. Of a summary, or a text on function, the first ones stay, as the later ones lean
    on them. Training records say nothing that names a gene, protein or disease of another split.

    Args:
        work: The workspace, with its nodes.
        characters: Most characters in a record, >= 0; 0 tells nothing.
        most: Most texts of a topic, > 0.
        kinds: Kinds of the entities that have records.
    """

    def __init__(self, work: Workspace, characters: int, most: int, kinds: Iterable[str]) -> None:
        self._work = work
        self._characters = characters
        for kind in kinds if characters else ():
            work.sort(_table(kind), _TEXTS, {"kind": kind, "characters": characters, "most": most})
        self._held_back: HeldBackNames | None = None
        self._is_counted: set[str] = set()

    def told(self, kind: str, split: str) -> Iterator[tuple[int, tuple[ToldSentence, ...]]]:
        """The sentences on the entities of a kind in a split, by their places, in order.

        Args:
            kind: Kind of the entities.
            split: The split.
        """
        if not self._characters:
            return
        rows = self._work.in_order(_table(kind), _COLUMNS, split)
        num_stopped = 0
        for place, group in groupby(rows, key=lambda row: row[0]):
            texts = sorted(
                ((topic, text, tuple(said)) for _, topic, text, said in group),
                key=lambda one: list(TITLES).index(one[0]),
            )
            told = [
                [ToldSentence(topic, part, said) for part in split_sentences(text)]
                for topic, text, said in texts
            ]
            if split == TRAIN:
                open_parts = [self._open(sentences) for sentences in told]
                num_stopped += sum(
                    len(part) < len(whole) for part, whole in zip(open_parts, told, strict=True)
                )
                told = open_parts
            if sentences := fitting(told, self._characters):
                yield place, tuple(sentences)
        if num_stopped and kind not in self._is_counted:
            self._is_counted.add(kind)
            logger.info(
                "%s texts of training records on a %s end before a sentence that names what is held out",
                f"{num_stopped:,}",
                kind,
            )

    def _open(self, sentences: list[ToldSentence]) -> list[ToldSentence]:
        """The sentences before the first that names what is held back."""
        if self._held_back is None:
            self._held_back = HeldBackNames(self._work)
        names = self._held_back
        stop = next((number for number, one in enumerate(sentences) if names.are_in(one.text)), None)
        return sentences[:stop]


def _table(kind: str) -> str:
    return f"texts_on_{kind}"


def fitting(texts: Iterable[Sequence[ToldSentence]], characters: int) -> list[ToldSentence]:
    """The sentences that have room together, none twice.

    Args:
        texts: Sentences of each text, the most important text first; of each the first ones stay.
        characters: Most characters, with a space between two sentences.
    """
    kept: list[ToldSentence] = []
    seen: set[str] = set()
    room = characters + 1  # the last has no space behind it
    for sentences in texts:
        for sentence in sentences:
            plain = normalised_name(sentence.text)
            if plain in seen:
                continue
            if len(sentence.text) + 1 > room:
                break
            seen.add(plain)
            kept.append(sentence)
            room -= len(sentence.text) + 1
    return kept


def told_lines(
    sentences: Sequence[ToldSentence], hidden: Sequence[str], start: int
) -> tuple[str, list[dict[str, object]]]:
    """The lines that are added to a record, and where each sentence stands; JSON-able.

    What is masked in the record is masked in the sentences as well, under the same number.

    Args:
        sentences: The sentences.
        hidden: What is masked, in the order of the masks.
        start: Characters before the lines.
    """
    masks = _Masks(hidden)
    text = ""
    spans: list[dict[str, object]] = []
    by_topic = {topic: [one for one in sentences if one.topic == topic] for topic in TITLES}
    for topic, found in by_topic.items():
        text += f"\n{TITLES[topic]}:" if found else ""
        for one in found:
            shown = masks.put(one.text)
            place = start + len(text) + 1
            spans.append(
                {"kind": topic, "start": place, "end": place + len(shown), "sources": [*one.evidence]}
            )
            text += f" {shown}"
    return text, spans


class _Masks:
    """Puts the masks of a record where a sentence has what they hide.

    Args:
        hidden: What is masked, in the order of the masks.
    """

    def __init__(self, hidden: Sequence[str]) -> None:
        self._hidden = hidden
        self._pattern: re.Pattern[str] | None = None

    def put(self, sentence: str) -> str:
        if self._pattern is None:
            self._pattern = _mentions(self._hidden)
        return self._pattern.sub(lambda match: f"[MASK{(match.lastgroup or '')[1:]}]", sentence)


def _mentions(hidden: Sequence[str]) -> re.Pattern[str]:
    """What finds each of some entities as a whole; the group ``_3`` is the third of them.

    Names are found in any case, with any punctuation; symbols (one word without two small letters in a row)
    only as they are, as many are words when they are written small.
    """
    forms: list[tuple[int, str]] = []
    for number, entity in enumerate(hidden, start=1):
        words = re.findall(r"[^\W_]+", entity)
        if len("".join(words)) < 2:
            continue
        form = r"[\W_]*".join(map(re.escape, words))
        is_symbol = len(words) == 1 and not re.search(r"[a-z]{2}", entity)
        forms.append((len(entity), f"(?P<_{number}>{form if is_symbol else f'(?i:{form})'})"))
    longest_first = [form for _, form in sorted(forms, key=lambda one: -one[0])]
    found = "|".join(longest_first) or r"(?!)"
    return re.compile(rf"(?<![^\W_])(?:{found})(?![^\W_])")
