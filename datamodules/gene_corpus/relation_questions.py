"""Yes/no questions about the relations of one split: which are true, and the false ones dealt among them."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from datamodules.gene_corpus.giveaways import asked_links, gives_away
from datamodules.gene_corpus.links import DENIED, Link, SubjectLinks
from datamodules.gene_corpus.questions import NOT_STATED, Ancestors, Asking, Placed, about
from datamodules.gene_corpus.templates import NEUTRAL, WORDINGS
from datamodules.gene_corpus.views import View
from datamodules.gene_phenotype.knowledge import name_series
from datamodules.gene_phenotype.negatives import balanced_pairs
from datamodules.gene_phenotype.questions import NO, YES
from datamodules.gene_phenotype.relations import Relation
from datamodules.sources.names import normalised_name
from geneverse_pl.data.records import Sample

BLOCK = 20_000  # questions that false pairs are dealt among
_SMALL_BLOCK = 200  # the same where few are asked and none is found among themselves
_ROUNDS = 8  # of choosing more true pairs, until enough find a false one
_NEAREST_GENE = {"phegeni_associations"}
_ENCODING = {"uniprot_human_reviewed"}


def relation_samples(
    view: View,
    subjects: Iterable[SubjectLinks],
    asking: Asking,
    ancestors: Ancestors,
    block_size: int = BLOCK,
) -> Iterator[Placed]:
    """Yes/no questions: in each block, as many true as false about every subject and every object.

    Args:
        view: What is asked about.
        subjects: Subjects of the split, in order.
        asking: How much is asked, and how.
        ancestors: For an object, those that follow from it.
        block_size: Questions among which false pairs are dealt, > 0; memory holds one block.
    """
    for number, block in enumerate(_blocks(view, subjects, asking.positives_per_subject, block_size)):
        yield from _samples(view, block, asking, *_deal(view, block, asking, ancestors, number))


def capped_relation_samples(
    view: View,
    read: Callable[[], Iterable[SubjectLinks]],
    asking: Asking,
    ancestors: Ancestors,
    most: int,
) -> Iterator[Placed]:
    """The same, at most so many: true pairs are chosen first, and false ones dealt among them alone.

    Pairs for which no false one is found are replaced by some of further subjects. Where that gives none at
    all, as for a single pair, the first of a block of 200 are asked, which are even about subjects alone.

    Args:
        view: What is asked about.
        read: Reads the subjects of the split in order, anew each time.
        asking: How much is asked, and how.
        ancestors: For an object, those that follow from it.
        most: Most questions, > 0; memory holds somewhat more.
    """
    wanted = num_pairs = most // 2
    best: list[Placed] = []
    for _ in range(_ROUNDS if wanted else 0):
        block = next(_blocks(view, read(), asking.positives_per_subject, 2 * num_pairs), [])
        relation, asked = _deal(view, block, asking, ancestors, 0, num_pairs)
        found = sum(map(len, asked.values())) // 2
        if len(best) // 2 <= found <= wanted:
            best = list(_samples(view, block, asking, relation, asked))
        num_chosen = sum(min(len(asked_links(view, s)), asking.positives_per_subject) for s in block)
        if found == wanted or num_chosen < num_pairs:  # enough, or all that there are
            break
        num_pairs += wanted - found
    few = relation_samples(view, read(), asking, ancestors, _SMALL_BLOCK)
    return iter(best) if best else islice(few, most)


def _deal(
    view: View,
    block: Sequence[SubjectLinks],
    asking: Asking,
    ancestors: Ancestors,
    number: int,
    num_pairs: int | None = None,
) -> tuple[Relation, dict[str, list[tuple[str, bool]]]]:
    """The relation of a block, and the objects that are asked about of each subject, true or not."""
    # A string seed is hashed the same way on every machine.
    rng = random.Random(f"{asking.seed}/{view.name}/{asking.split}/{number}")
    relation = block_relation(view, block, ancestors)
    positives: list[tuple[str, str]] = []
    for subject in block:
        objects = relation.pairs.get(subject.id, ())
        chosen = rng.sample(list(objects), min(len(objects), asking.positives_per_subject))
        positives += [(subject.id, item) for item in chosen]
    denied = [(s.id, link.object) for s in block for link in s.links if link.status == DENIED]
    return relation, balanced_pairs(relation, positives[:num_pairs], rng, denied)


def _samples(
    view: View,
    block: Sequence[SubjectLinks],
    asking: Asking,
    relation: Relation,
    asked: Mapping[str, Sequence[tuple[str, bool]]],
) -> Iterator[Placed]:
    hits = _hits(view, block)
    for subject in block:
        links = {link.object: link for link in subject.links}
        for item, label in asked.get(subject.id, ()):
            number = asking.wording("relation", view.name, subject.id, item)
            number = NEUTRAL[number] if item in hits else number
            yield (
                subject.place,
                _yes_no(view, subject, item, label, links.get(item), relation, asking, number),
            )


def _hits(view: View, block: Iterable[SubjectLinks]) -> set[str]:
    """Phenotypes that some gene of a block has for no other reason than lying nearest to a variant.

    Wordings go by the object, as those of true pairs alone would tell the answer.
    """
    if view.object_kind != "phenotype" or view.subject_kind == "disease":
        return set()
    # The evidence of a gene and its protein has that of the protein too, which says nothing of phenotypes.
    return {
        link.object
        for subject in block
        for link in subject.affirmed()
        if {line.partition(" ")[0] for line in link.evidence} - _ENCODING == _NEAREST_GENE
    }


def _blocks(
    view: View, subjects: Iterable[SubjectLinks], most: int, size: int
) -> Iterator[list[SubjectLinks]]:
    """Subjects of about ``size`` questions; those of one name, which follow each other, share a block."""
    block: list[SubjectLinks] = []
    num_questions = 0
    for subject in subjects:
        if num_questions >= size and normalised_name(subject.name) != normalised_name(block[-1].name):
            yield block
            block, num_questions = [], 0
        block.append(subject)
        num_questions += 2 * min(len(asked_links(view, subject)), most)
    if block:
        yield block


def block_relation(view: View, block: Sequence[SubjectLinks], ancestors: Ancestors) -> Relation:
    """The relation between the subjects of a block and their objects.

    No false pair is an object that the subject may have: one that some source affirms, one that two links
    together make likely, one that is implied by such a one or implies it, or another form of a disease that
    it has (``… type 2``). A question shows names
    alone, so what holds for a subject holds for all of its name, and for all objects of that name. Pairs that
    the name of a disease gives away are neither true nor false ones.

    Args:
        view: What is asked about.
        block: The subjects.
        ancestors: For an object, those that follow from it.
    """
    pairs = {s.id: [link.object for link in asked_links(view, s)] for s in block}
    names = {link.object: link.name for s in block for link in s.links}
    plain = {item: normalised_name(name) for item, name in names.items()}
    shown = {s.id: s.name for s in block}
    called = {one: normalised_name(name) for one, name in shown.items()}
    stated: defaultdict[str, set[str]] = defaultdict(set)  # by the name of the subject
    for subject in block:
        stated[called[subject.id]] |= {link.object for link in subject.links if link.status != DENIED}
    denied = {s.id: {link.object for link in s.links if link.status == DENIED} for s in block}
    series = (
        {item: name_series(name) for item, name in names.items()} if view.object_kind == "disease" else {}
    )
    told = {name: {plain[item] for item in items} for name, items in stated.items()}
    families = {name: {series.get(item, item) for item in items} for name, items in stated.items()}
    implied: dict[str, frozenset[str]] = {}

    def possible(subject: str, item: str) -> bool:
        name = called[subject]
        held = stated[name]
        if name not in implied:
            implied[name] = frozenset(held).union(*map(ancestors, held))
        if item in implied[name] or plain[item] in told[name]:
            return True
        if item in denied[subject]:
            return False
        return not held.isdisjoint(ancestors(item)) or series.get(item, item) in families[name]

    return Relation(
        view.name,
        {one: name for one, name in shown.items() if pairs[one]},
        {key: items for key, items in pairs.items() if items},
        names,
        possible,
        implied=ancestors,
        gives_away=lambda subject, item: gives_away(view, shown[subject], names[item]),
    )


def _yes_no(
    view: View,
    subject: SubjectLinks,
    item: str,
    label: bool,
    link: Link | None,
    relation: Relation,
    asking: Asking,
    number: int,
) -> Sample:
    name = relation.object_names[item]
    links = [] if link is None else [link]
    return Sample(
        question=WORDINGS[view.name].relation[number].format(object=name),
        answer=YES if label else NO,
        context=asking.context(view, subject),
        kind=f"relation/{view.name}",
        group=subject.group,
        choices=(YES, NO),
        metadata={
            **about(subject.id, subject.name, links, number),
            "object": item,
            "object_name": name,
            "label": label,
            "stated": NOT_STATED if link is None else link.status,
        },
    )
