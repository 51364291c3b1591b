"""Questions about pictures of protein structures, and how many of each answer are asked."""

import random
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, get_args

from datamodules.rendering.structure import Picture, Style
from datamodules.sources.secondary_structure import StructuralClass, structural_class
from datamodules.sources.structures import StructureRecord
from geneverse_pl.data.records import IMAGE_MARK, Sample

QuestionName = Literal[
    "secondary_structure",
    "chains",
    "size",
    "ligand",
    "enzyme",
    "functional_class",
    "organism",
    "name",
    "model_id",
]
Wording = Literal["full", "brief"]
#: All but the model id, which no picture shows and which can only be learnt by heart.
DEFAULT_QUESTIONS: tuple[QuestionName, ...] = (
    "secondary_structure",
    "chains",
    "size",
    "ligand",
    "enzyme",
    "functional_class",
    "organism",
    "name",
)
#: Asked of structures of the training split alone.
MEMORISATION: frozenset[QuestionName] = frozenset({"model_id"})

YES_NO = ("Yes", "No")
CHAIN_COUNTS = ("1", "2", "3", "more than 3")
SIZES = ("fewer than 100", "100 to 199", "200 to 399", "400 or more")
_SIZE_LIMITS = (100, 200, 400)
# Closed by what the training split holds; the rest are closed by what is asked.
_OPEN_LISTS: tuple[QuestionName, ...] = ("functional_class", "organism")
_CHOICES: Mapping[QuestionName, tuple[str, ...]] = {
    "secondary_structure": get_args(StructuralClass),
    "chains": CHAIN_COUNTS,
    "size": SIZES,
    "ligand": YES_NO,
    "enzyme": YES_NO,
}
_CONTEXTS: Mapping[Style, str] = {
    "cartoon": "A protein structure, coloured by secondary structure.",
    "rainbow": "A protein structure, coloured from N-terminus to C-terminus.",
    "plddt": "A predicted protein structure, coloured by confidence.",
    "chain": "A protein structure, coloured by chain.",
    "surface": "The surface of a protein structure, coloured by chain.",
}
_FULL: Mapping[QuestionName, str] = {
    "secondary_structure": f"What is its secondary structure: {', '.join(get_args(StructuralClass))}?",
    "chains": f"How many protein chains does it have: {', '.join(CHAIN_COUNTS)}?",
    "size": f"How many residues does it have: {', '.join(SIZES)}?",
    "ligand": "Is a ligand bound to it?",
    "enzyme": "Is it an enzyme?",
    "functional_class": "What is its functional class?",
    "organism": "Which organism is it from?",
    "name": "What is the name of this protein?",
    "model_id": "What is the id of this model?",
}
# Two or three tokens each: a row holds more questions, which is what counts where tokens are dear.
_BRIEF: Mapping[QuestionName, str] = {
    "secondary_structure": "Secondary structure?",
    "chains": "Chains?",
    "size": "Residues?",
    "ligand": "Ligand?",
    "enzyme": "Enzyme?",
    "functional_class": "Functional class?",
    "organism": "Organism?",
    "name": "Protein name?",
    "model_id": "Model id?",
}


#: The closed answers of questions whose list depends on the data, sorted.
AnswerLists = Mapping[QuestionName, tuple[str, ...]]


def answer_of(record: StructureRecord, question: QuestionName) -> str:
    """The answer for a structure; empty where it is not known.

    Args:
        record: The structure.
        question: What is asked.
    """
    if question == "secondary_structure":
        return structural_class(record.helix_fraction, record.strand_fraction)
    if question == "chains":
        return CHAIN_COUNTS[min(len(record.chains), len(CHAIN_COUNTS)) - 1]
    if question == "size":
        return SIZES[sum(record.num_residues >= limit for limit in _SIZE_LIMITS)]
    if question == "ligand":
        return YES_NO[0] if record.ligands else YES_NO[1]
    if question == "enzyme":
        return "" if record.is_enzyme is None else YES_NO[0] if record.is_enzyme else YES_NO[1]
    if question == "functional_class":
        # Written with and without a space before what is in brackets; brackets in brackets are chemistry.
        return re.sub(r"(?<=\w)\s*\(", " (", record.functional_class, count=1).lower()
    if question == "organism":
        # PDB files have names in capitals.
        return record.organism.capitalize() if record.organism.isupper() else record.organism
    return _bare_name(record.name) if question == "name" else record.structure_id


def _bare_name(name: str) -> str:
    """The name without the ``PROTEIN (...)`` that old entries put around it."""
    inner = re.fullmatch(r"PROTEIN\s*\(\s*(\S.*)\)", name)
    if inner is None:
        return name
    depth = 1
    for letter in inner[1]:
        depth += (letter == "(") - (letter == ")")
        if depth == 0:  # the first bracket ends before the name does
            return name
    return inner[1].strip() if depth == 1 else name


def answer_lists(
    records: Iterable[StructureRecord], groups: Mapping[str, str], most: int, fewest_groups: int = 2
) -> AnswerLists:
    """The functional classes and organisms that can be asked about.

    Args:
        records: Structures of the training split: an answer that it does not hold cannot be learnt.
        groups: Split group of each structure id.
        most: Most answers of a list, the commonest, > 0.
        fewest_groups: Groups of the training split that an answer must occur in.
    """
    known = list(records)
    lists: dict[QuestionName, tuple[str, ...]] = {}
    for question in _OPEN_LISTS:
        found = {(answer_of(record, question), groups[record.structure_id]) for record in known}
        counts = Counter(answer for answer, _ in found if answer)
        common = sorted(
            (answer for answer, n in counts.items() if n >= fewest_groups), key=lambda a: (-counts[a], a)
        )
        lists[question] = tuple(sorted(common[:most]))
    return lists


def choices_of(question: QuestionName, lists: AnswerLists) -> tuple[str, ...]:
    """The closed answers of a question; empty for free text."""
    return _CHOICES.get(question) or lists.get(question, ())


def can_be_asked(record: StructureRecord, question: QuestionName, lists: AnswerLists) -> bool:
    """Whether a structure has an answer to a question, one of the list where there is one."""
    answer = answer_of(record, question)
    if question in _CHOICES or question in _OPEN_LISTS:
        choices = choices_of(question, lists)
        return len(choices) > 1 and answer in choices
    return bool(answer)


def balanced(
    records: Sequence[StructureRecord], question: QuestionName, rng: random.Random
) -> list[StructureRecord]:
    """Structures of which the commonest answer is asked no more often than the second commonest.

    Args:
        records: Structures with an answer.
        question: What is asked; free text is left as it is.
        rng: Source of randomness.

    Returns:
        The structures that are kept, in their order; all of them where there is one answer alone.
    """
    counts = Counter(answer_of(record, question) for record in records)
    if (question not in _CHOICES and question not in _OPEN_LISTS) or len(counts) < 2:
        return list(records)
    (majority, most), (_, second) = counts.most_common(2)
    common = [record.structure_id for record in records if answer_of(record, question) == majority]
    dropped = set(rng.sample(common, most - second))
    return [record for record in records if record.structure_id not in dropped]


def question_sample(
    record: StructureRecord,
    picture: Picture,
    question: QuestionName,
    group: str,
    lists: AnswerLists,
    wording: Wording = "full",
) -> Sample:
    """One question about one picture.

    The picture comes first, so that all questions about it share its computation.

    Args:
        record: The structure, which must have an answer.
        picture: A picture of it.
        question: What is asked.
        group: Its split group.
        lists: The closed answers that depend on the data.
        wording: ``full`` says how the picture is drawn and lists the choices; ``brief`` asks in few words.
    """
    answer, choices = answer_of(record, question), choices_of(question, lists)
    about: dict[str, object] = {
        "structure": record.structure_id,
        "question": question,
        "view": picture.view,
        "style": picture.style,
        "label": answer,
        "file": record.path.name,
    }
    if choices:
        about["probe"] = question
    return Sample(
        question=_BRIEF[question] if wording == "brief" else _FULL[question],
        answer=answer,
        context=IMAGE_MARK if wording == "brief" else f"{IMAGE_MARK}\n{_CONTEXTS[picture.style]}",
        kind=f"choice/{question}" if choices else f"text/{question}",
        group=group,
        choices=choices,
        images=(picture.path,),
        metadata=about,
    )
