"""Stage ``relations``: how questions are asked, and those for lists, facts and kinds of relations."""

import random
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from datamodules.gene_corpus.giveaways import without_giveaways
from datamodules.gene_corpus.links import AFFIRMED, DENIED, Link, SubjectLinks
from datamodules.gene_corpus.namesakes import NamePair, told_apart
from datamodules.gene_corpus.templates import CONTEXTS, RELATION_TYPE, WORDINGS, drawn
from datamodules.gene_corpus.views import View
from datamodules.sources.names import normalised_name
from geneverse_pl.data.datamodule import TRAIN
from geneverse_pl.data.records import Sample

RELATION_TYPE_NAME = "relation_type"
NOT_STATED = "not stated"

Placed = tuple[int, Sample]
Ancestors = Callable[[str], frozenset[str]]


@dataclass(frozen=True, slots=True)
class Asking:
    """How much is asked, and how.

    Args:
        split: The split; in training wordings are drawn, elsewhere the first one is taken.
        seed: Seed of what is drawn.
        positives_per_subject: Most true pairs of a subject asked about; as many false ones are added.
        max_list_items: Most items of a list answer.
        max_answer_characters: Most characters of a list answer that has more than one item.
    """

    split: str
    seed: int
    positives_per_subject: int
    max_list_items: int
    max_answer_characters: int

    def wording(self, *parts: object) -> int:
        """Number of the wording for something."""
        return drawn(self.seed, *parts) if self.split == TRAIN else 0

    def context(self, view: View, subject: SubjectLinks) -> str:
        """What stands before all questions about a subject."""
        wordings = CONTEXTS[view.subject_kind]
        return wordings[self.wording("context", subject.id)].format(subject=subject.name)

    def bounded(self, links: Sequence[Link]) -> list[Link]:
        """The links that a list answer has room for, at least one."""
        kept: list[Link] = []
        room = self.max_answer_characters
        for link in links[: self.max_list_items]:
            room -= len(link.name) + 2
            if kept and room < 0:
                break
            kept.append(link)
        return kept


def list_samples(view: View, subjects: Iterable[SubjectLinks], asking: Asking) -> Iterator[Placed]:
    """One question a subject for its objects; the answer is bounded, ``gold`` has all.

    Not asked for are diseases whose names have the gene, nor anything of a disease whose name has its gene.

    Args:
        view: What is asked about.
        subjects: Subjects of the split, in order.
        asking: How much is asked, and how.
    """
    for subject in told_apart((without_giveaways(view, one) for one in subjects), SubjectLinks.named):
        links = subject.named()
        if not links:
            continue
        listed = asking.bounded(links)
        number = asking.wording("list", view.name, subject.id)
        yield (
            subject.place,
            Sample(
                question=WORDINGS[view.name].listing[number],
                answer="; ".join(link.name for link in listed),
                context=asking.context(view, subject),
                kind=f"list/{view.name}",
                group=subject.group,
                gold=tuple(link.name for link in links),
                metadata=about(subject.id, subject.name, listed, number),
            ),
        )


def fact_samples(view: View, subjects: Iterable[SubjectLinks], asking: Asking) -> Iterator[Placed]:
    """One question for each subject that has exactly one object, about which no source disagrees.

    Args:
        view: What is asked about.
        subjects: Subjects of the split, in order.
        asking: How it is asked.
    """
    for subject in told_apart((without_giveaways(view, one) for one in subjects), _stated):
        stated = _stated(subject)
        if len(stated) != 1 or stated[0].status != AFFIRMED:
            continue
        number = asking.wording("fact", view.name, subject.id)
        yield (
            subject.place,
            Sample(
                question=WORDINGS[view.name].fact[number],
                answer=stated[0].name,
                context=asking.context(view, subject),
                kind=f"fact/{view.name}",
                group=subject.group,
                metadata=about(subject.id, subject.name, stated, number),
            ),
        )


def _stated(subject: SubjectLinks) -> list[Link]:
    """The links that some source affirms, or that two others make likely."""
    return [link for link in subject.links if link.status != DENIED]


def type_samples(
    view: View,
    subjects: Iterable[SubjectLinks],
    asking: Asking,
    twofold: Collection[NamePair] = frozenset(),
) -> Iterator[Placed]:
    """One question a subject for the relation that it has with one of its objects, drawn by the seed.

    Args:
        view: The relation.
        subjects: Subjects of the split, in order.
        asking: How it is asked.
        twofold: Pairs of normalised names that are linked in another way as well; they are not asked about.
    """
    for subject in subjects:
        name = normalised_name(subject.name)
        links = [link for link in subject.affirmed() if (name, normalised_name(link.name)) not in twofold]
        if not links:
            continue
        link = random.Random(f"{asking.seed}/type/{view.name}/{subject.id}").choice(links)
        number = asking.wording("type", view.name, subject.id)
        pair, title = type_pair(subject, link)
        question = RELATION_TYPE[number].format(subject=subject.name, object=link.name)
        metadata = about(pair, title, [link], number) | {"pair": [subject.id, link.object]}
        yield (
            subject.place,
            Sample(
                question=question,
                answer=view.phrase,
                kind=f"fact/{RELATION_TYPE_NAME}",
                group=subject.group,
                metadata=metadata,
            ),
        )


def type_pair(subject: SubjectLinks, link: Link) -> tuple[str, str]:
    """Id and name of a pair, which is the subject of questions on types."""
    return f"{subject.id}>{link.object}", f"{subject.name} and {link.name}"


def about(
    subject: str, name: str, links: Sequence[Link], template: int, told: Sequence[str] = ()
) -> dict[str, object]:
    """What a sample tells of its origin.

    Args:
        subject: Id of the subject.
        name: Its name.
        links: What the sample says of it, or denies.
        template: Number of the wording.
        told: Where the subject itself is told of, ``key file:line``.
    """
    said = {link.object: list(link.evidence) for link in links}
    if told:
        said[subject] = list(told)
    keys = {line.partition(" ")[0] for lines in said.values() for line in lines}
    return {
        "subject": subject,
        "subject_name": name,
        "sources": sorted(keys),
        "evidence": said,
        "template": template,
    }
