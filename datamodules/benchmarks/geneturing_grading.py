"""What an answer to a question of GeneTuring is worth, by the rule of its module.

The benchmark's answers were graded by hand. The rules here read a free answer first and then compare what it
names: one symbol, chromosome or species is right or wrong, a region on the right chromosome is worth half, of
a list the share of true items counts. Beside it stands the rule of GeneGPT's program (Jin et al. 2024), which
compares the text as it is.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from datamodules.benchmarks.answer_reading import (
    admits_ignorance,
    phrases,
    read_chromosome,
    read_effect,
    read_region,
    read_sequence,
    read_species,
    read_symbol,
    read_symbols,
    read_yes_no,
    stated,
    without_question,
    without_thoughts,
)
from datamodules.benchmarks.geneturing_modules import MODULES, AnswerForm
from geneverse_pl.evaluation.answers import normalise, parse_list, set_score

DNA, PROTEIN = "ACGTN", "ACDEFGHIKLMNPQRSTVWYX"
YES, NO = "Yes", "No"
_LATIN = {
    "Caenorhabditis elegans": "worm",
    "Homo sapiens": "human",
    "Danio rerio": "zebrafish",
    "Mus musculus": "mouse",
    "Saccharomyces cerevisiae": "yeast",
    "Rattus norvegicus": "rat",
    "Gallus gallus": "chicken",
}
_NO_GENE = frozenset(
    {"no gene", "no genes", "none", "no gene or protein names", "no names", "there are none"}
)
# The modules that GeneGPT's program grades.
_GENEGPT = frozenset(
    {
        *("gene_alias", "gene_disease_association", "gene_location", "human_genome_dna_alignment"),
        *("multi_species_dna_alignment", "gene_name_conversion", "protein_coding_genes"),
        *("gene_snp_association", "snp_location", "disease_gene_location"),
    }
)
_NO_NAMES = re.compile(
    r"^(?:there (?:is|are)|(?:it|the \w+|this \w+) (?:has|contains|mentions|includes|names))?\s*"
    r"no (?:\w+ )?(?:gene|protein)"
    r"|^(?:there|it|the \w+|this \w+) (?:are|is|does|do)(?: not|n['\u2019]t)"
    r"(?: (?:contain|mention|include|have|name))? any (?:\w+ )?(?:gene|protein)",
    re.IGNORECASE,
)
# What comes before a list: "The gene and protein names in the sentence are", "Genes:".
_BEFORE_NAMES = re.compile(
    r"^\W*(?:the|these|here|there|this|in|sure|(?:gene|protein|name|location)s?)\b"
    r"(?:[^:\n]{0,150}:(?=\s)|[^:\n]{0,150}?\b(?:are|is|includes?|mentions|contains)\b)\s*",
    re.IGNORECASE,
)
_LABEL_OF_NAMES = re.compile(
    r"^\W*(?:genes?|proteins?|genes? and proteins?)(?: names?)?\s*:\s*", re.IGNORECASE | re.MULTILINE
)
_Reader = Callable[[str, str], object]


def grade(answer: str, metadata: Mapping[str, Any]) -> dict[str, float]:
    """What an answer is worth.

    Args:
        answer: What a model wrote; what it thought before (``<think>``) does not count.
        metadata: ``module``, a key of ``MODULES``; ``goldstandard``, the published answer; ``asked``, the
            question.

    Returns:
        ``score``, in [0, 1]; for lists ``set_f1``; ``no_answer``, 1 if the answer says that it is not known
        and names nothing; ``unparsable``, 1 if it names nothing and does not say so; for the modules of
        GeneGPT ``genegpt_score``. Without an answer every score is 0.
    """
    key, gold, asked = (str(metadata[name]) for name in ("module", "goldstandard", "asked"))
    form = MODULES[key].form
    answer = without_thoughts(answer)
    text = without_question(answer, asked)
    admitted, before, after = admits_ignorance(text)
    # Where any words are a name, a polite phrase before the admission would be one.
    said = (after if form in ("term", "names") else f"{before} {after}") if admitted else text
    given = _READERS[form](said, asked) if said.strip() else None
    found: dict[str, float] = {"score": 0.0} if given is None else _worth(form, given, gold)
    if form in ("symbols", "names"):
        found.setdefault("set_f1", 0.0)
    found["no_answer"] = float(given is None and admitted)
    found["unparsable"] = float(given is None and not admitted)
    if key in _GENEGPT:
        found["genegpt_score"] = genegpt_score(key, answer, gold)
    return found


def model_answer(module: str, gold: str) -> str:
    """The published answer as a model would write it: yes or no in place of ``TRUE`` and ``NA``.

    Args:
        module: Key of the module.
        gold: The published answer.
    """
    if MODULES[module].form == "yes_no":
        return YES if read_yes_no(gold) else NO
    return gold


def genegpt_score(module: str, answer: str, gold: str) -> float:
    """The score by the rule of GeneGPT: the text must be the published one, letter by letter.

    A label ``Answer:`` is dropped. Of a location the last word counts, with ``chr`` before it. ``Yes`` and
    ``No`` are ``TRUE`` and ``NA``. Latin names of species are as good as the common ones. A region on the
    right chromosome is worth half, and of a list the share of published items that it holds.

    Args:
        module: Key of the module.
        answer: What a model wrote.
        gold: The published answer.
    """
    text = answer.strip().replace("Answer: ", "")
    form = MODULES[module].form
    if form in ("symbols", "names"):
        items, given = gold.split(", "), text.split(", ")
        return sum(item in given for item in items) / len(items)
    if form == "region":
        near = 0.5 if text.partition(":")[0] == gold.partition(":")[0] else 0.0
        return 1.0 if text == gold else near
    if form == "chromosome":
        last = answer.rsplit(maxsplit=1)[-1] if answer.split() else ""
        text = last if "chr" in last else f"chr{last}"
    elif form == "yes_no":
        text = {"Yes": "TRUE", "No": "NA"}.get(text, text)
    elif form == "species":
        text = _LATIN.get(text, text)
    return float(text == gold)


def _worth(form: AnswerForm, given: Any, gold: str) -> dict[str, float]:
    if form in ("symbols", "names"):
        return _list_worth(form, given, gold)
    if form == "region":
        true = read_region(gold)
        if true is None:
            return {"score": float(given == gold)}
        chromosome = given if isinstance(given, str) else given.chromosome
        return {"score": 1.0 if given == true else 0.5 * (chromosome == true.chromosome)}
    if form == "term":
        return {"score": float(normalise(gold) in given)}
    true_value: object = gold
    if form in ("chromosome", "species", "effect", "yes_no", "dna", "protein"):
        true_value = _READERS[form](gold, "")
    return {"score": float(given == (gold if true_value is None else true_value))}


def _list_worth(form: AnswerForm, given: list[str], gold: str) -> dict[str, float]:
    true = [] if normalise(gold) in _NO_GENE else gold.split(", ")
    if not true or not given:
        right = float(not true and not given)
        return {"score": right, "set_f1": right}
    if form == "symbols":
        # Case tells the gene of one species from that of another.
        hits = len(set(given) & set(true))
        return {"score": hits / len(set(true)), "set_f1": 2 * hits / (len(set(given)) + len(set(true)))}
    recall, _, f1 = set_score(given, true)
    return {"score": recall, "set_f1": f1}


def _read_names(text: str, asked: str) -> list[str] | None:
    """Items of a list; none at all where the answer says that there are none."""
    said = stated(text)
    if normalise(said) in _NO_GENE or _NO_NAMES.search(said):
        return []
    listed = _LABEL_OF_NAMES.sub("", _BEFORE_NAMES.sub("", said))
    head, colon, tail = listed.partition(": ")
    return parse_list(tail if colon and len(head.split()) > 2 else listed) or None


def _read_place(text: str, asked: str) -> object:
    return read_region(text) or read_chromosome(text)


_READERS: dict[AnswerForm, _Reader] = {
    "symbol": read_symbol,
    "symbols": lambda text, asked: read_symbols(text, question=asked) or None,
    "names": _read_names,
    "chromosome": lambda text, asked: read_chromosome(text),
    "region": _read_place,
    "species": lambda text, asked: read_species(text),
    "yes_no": lambda text, asked: read_yes_no(text),
    "effect": lambda text, asked: read_effect(text),
    "term": lambda text, asked: set(phrases(text)) or None,
    "dna": lambda text, asked: read_sequence(text, DNA),
    "protein": lambda text, asked: read_sequence(text, PROTEIN, asked),
}
