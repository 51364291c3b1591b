"""Passages before questions, and the sources of an answer."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from geneverse_pl.data.retrieved import PassageContext
from geneverse_pl.generation.questions import Question
from geneverse_pl.retrieval.retriever import Found

SOURCES = "sources"


def with_sources(
    questions: Iterable[tuple[int, Question]], passages: PassageContext, noted: dict[int, Question]
) -> Iterator[tuple[int, Question]]:
    """Questions with their passages, one by one.

    Args:
        questions: Number and question.
        passages: Finds and writes passages.
        noted: Takes each question as it was asked, with ``sources`` among its fields; a field of the record
            that has this name is kept as ``given_sources``.
    """
    for number, question in questions:
        context, found = passages.add(question.question, question.context)
        fields = {f"given_{SOURCES}" if key == SOURCES else key: one for key, one in question.fields.items()}
        noted[number] = replace(question, fields={**fields, SOURCES: source_rows(found)})
        yield number, replace(question, context=context)


def source_rows(found: Sequence[Found]) -> list[dict[str, object]]:
    """What an answer rests on, JSON-able, numbered as the model read it.

    Args:
        found: The passages.
    """
    return [
        {
            "number": number,
            "id": one.passage.id,
            "title": one.passage.title,
            "source": one.passage.source,
            "found_by": list(one.why),
        }
        for number, one in enumerate(found, 1)
    ]


def citation(found: Sequence[Found]) -> str:
    """The sources of an answer in a line; empty where there are none.

    Args:
        found: The passages.
    """
    cited = [f"[{number}] {one.passage.title} ({one.passage.id})" for number, one in enumerate(found, 1)]
    return f"Sources: {'; '.join(cited)}" if cited else ""
