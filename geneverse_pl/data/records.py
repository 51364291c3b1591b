"""The sample: what a data module hands to the machinery, before any template or token."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

IMAGE_MARK = "<image>"  # stands in a text where a picture is shown


@dataclass(frozen=True, slots=True)
class Sample:
    """One question and its answer.

    Args:
        question: What is asked, without any template markup.
        answer: The text the model learns to give.
        context: Text that comes before the question and may be shared by many samples (a disease, a
            record, a picture). Samples with the same non-empty context can share its computation.
        kind: Question kind, ``task/relation`` (``relation/disease_phenotype``); scores are told apart by it.
        group: Split group; samples of one group never lie in two splits.
        choices: Closed list of possible answers, for scoring by likelihood; empty for free text.
        gold: True items of a list answer; empty elsewhere.
        images: Image files, one for each ``<image>`` mark of context and question, in their order.
        metadata: Anything evaluation needs (entity ids, names, source file and line); JSON-able.
    """

    question: str
    answer: str
    context: str = ""
    kind: str = ""
    group: str = ""
    choices: tuple[str, ...] = ()
    gold: tuple[str, ...] = ()
    images: tuple[Path, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)
