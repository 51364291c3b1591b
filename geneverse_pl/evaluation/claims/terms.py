"""What an answer says of the open fields: functions, processes, places in the cell, diseases, phenotypes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from geneverse_pl.evaluation.answers import normalise, parse_list
from geneverse_pl.evaluation.claims.claim import CONTRADICTED, SUPPORTED, UNKNOWN, Verdict
from geneverse_pl.evaluation.claims.gene_fields import Found
from geneverse_pl.evaluation.claims.record import Term, TruthRecord
from geneverse_pl.evaluation.overlap import words

# Words that announce a list, with the topic it is about; of several in a sentence the earlier line wins.
_TOPICS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("phenotype", re.compile(r"\b(?:phenotypes?|clinical features|symptoms|signs)\b", re.IGNORECASE)),
    ("disease", re.compile(r"\b(?:diseases?|disorders?|conditions)\b", re.IGNORECASE)),
    ("component", re.compile(r"\b(?:cellular components?|components|locations)\b", re.IGNORECASE)),
    ("process", re.compile(r"\b(?:biological processes|processes|pathways?)\b", re.IGNORECASE)),
    ("function", re.compile(r"\bfunctions\b", re.IGNORECASE)),
)
_LIST = re.compile(r"\b(?:includes?|including|such as|are|namely)\b:?|:", re.IGNORECASE)
_PROSE: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "disease",
        re.compile(
            r"\b(?:(?:is|are|been) (?:associated|linked)(?: with| to)|(?:cause|causes|caused"
            r"|result in|lead to|leads to"
            r"|responsible for|cause of))\s+(?P<rest>.+)$"
        ),
    ),
    (
        "component",
        re.compile(
            r"\b(?:locali[sz]e[sd]? (?:to|in)|(?:is|are) (?:found|located|present) in)\s+(?P<rest>.+)$"
        ),
    ),
    (
        "process",
        re.compile(
            r"\b(?:(?:is|are) (?:involved|implicated) in|takes? part in|participates? in|(?:plays?"
            r"|has) (?:an? )?"
            r"(?:\w+ )?role in|(?:is|are) required for|regulates?|mediates?)\s+(?P<rest>.+)$"
        ),
    ),
    (
        "function",
        re.compile(
            r"\b(?:cataly[sz]es|binds?(?: to)?|acts as|functions as|(?:has|have"
            r"|with)(?= [\w ]+ activity))\s+(?P<rest>.+)$"
        ),
    ),
)
_END = re.compile(
    r"\s*(?:[,;]?\s+(?:which|that|where|by|through|during|via|because|when|while|but|although)\b|[.;(\[]).*$"
)
_STOP = frozenset(
    {
        "a",
        "an",
        "the",
        "of",
        "in",
        "to",
        "and",
        "or",
        "for",
        "with",
        "by",
        "on",
        "at",
        "its",
        "this",
        "their",
        "such",
        "as",
        "is",
        "are",
        "other",
        "various",
        "several",
    }
)
# What these verbs say of a thing, as terms are worded.
_WORDED = (("bind", "{} binding"), ("regulat", "regulation of {}"))
# What regulates a process is no form of it, and may be its opposite.
_REGULATES = frozenset({"regulation", "inhibition", "inhibitor", "repression", "suppression", "activation"})
_SIGNS = frozenset({"positive", "negative"})
_REGULATED = re.compile(
    r"\b(?:(?:regulat|inhibit|suppress|repress|activat)(?:ion|or) of (?:the )?|(?:positive|negative) "
    r"|(?:regulat|inhibit|suppress|repress)(?:s|es|ed|ing)? (?:the )?)$",
    re.IGNORECASE,
)
_REGULATOR = re.compile(r"\s+(?:regulat|inhibit|suppress|repress|activat)(?:ion|or)\b", re.IGNORECASE)
_MAX_WORDS = 8  # longer items are prose that names no term


def topic_of(field: str) -> str:
    """The topic of an open field: its last part, without the plural (``go.Function`` is ``function``).

    Args:
        field: Name of the field.
    """
    last = field.rpartition(".")[2].lower()
    return (
        last[:-2]
        if last.endswith("sses")
        else last[:-1]
        if last.endswith("s") and not last.endswith("ss")
        else last
    )


def find_terms(sentence: str, record: TruthRecord) -> Iterator[Found]:
    """Entries of the record that a sentence names, then what else it lists or tells of their topics.

    A listed item that shares its wording with an entry is supported, if it is the same, more specific or,
    with two words at least, less so; everything else is unknown, since such fields have gaps. The regulation
    of a process is not taken for the process, nor the other way round. Entries of ``denied`` are
    contradicted.

    Args:
        sentence: The sentence.
        record: The gene.
    """
    found = list(_mentions(sentence, record.denied, CONTRADICTED))
    found += [one for one in _mentions(sentence, record.terms, SUPPORTED) if not _overlaps(one, found)]
    yield from found
    fields = {topic_of(field): field for field in record.terms}
    for topic, start, rest, wording in _announced(sentence):
        # Names are kept whole if the record has them; elsewhere commas and "and" separate.
        entries = [term.text for terms in record.terms.values() for term in terms]
        place = start
        for item in parse_list(rest, {normalise(entry) for entry in entries}):
            at = sentence.find(item, place)
            if at < 0:
                continue
            place = at + len(item)
            one = Found(fields.get(topic, topic), at, place, _judge(item, entries, wording))
            if not _overlaps(one, found) and 0 < len(_content(item)) <= _MAX_WORDS:
                yield one


def _announced(sentence: str) -> Iterator[tuple[str, int, str, str]]:
    """Topic, place and text of what a sentence lists or tells, and how terms word it; one list at most."""
    for topic, noun in _TOPICS:
        named = noun.search(sentence)
        cue = _LIST.search(sentence, named.end()) if named else None
        if cue:
            yield topic, cue.end(), sentence[cue.end() :].strip().rstrip("."), "{}"
            return
    for topic, verb in _PROSE:
        match = verb.search(sentence)
        if match:
            yield topic, match.start("rest"), _END.sub("", match["rest"]), _wording(match[0])
            return


def _wording(verb: str) -> str:
    return next((wording for start, wording in _WORDED if verb.lower().startswith(start)), "{}")


def _mentions(sentence: str, fields: Mapping[str, Sequence[Term]], verdict: Verdict) -> list[Found]:
    """Names that stand in a sentence, longest first, none inside another."""
    found: list[Found] = []
    body = normalise(sentence)
    named = [
        (term.text, field)
        for field, terms in fields.items()
        for term in terms
        if (name := _normalised(term.text)) and name in body
    ]
    for text, field in sorted(named, key=lambda pair: -len(pair[0])):
        pattern = r"[\s\-\u2013]+".join(re.escape(word) for word in re.split(r"[\s-]+", text.strip()))
        for match in re.finditer(rf"(?<!\w){pattern}(?!\w|\s+\d+\b)", sentence, re.IGNORECASE):
            one = Found(field, *match.span(), verdict)
            is_regulated = _REGULATED.search(sentence[: one.start]) or _REGULATOR.match(sentence, one.end)
            if not is_regulated and not _overlaps(one, found):
                found.append(one)
    return found


@lru_cache(maxsize=1 << 16)
def _normalised(text: str) -> str:
    return normalise(text)


def _overlaps(one: Found, others: Sequence[Found]) -> bool:
    return any(one.start < other.end and other.start < one.end for other in others)


def _judge(item: str, entries: Sequence[str], wording: str) -> Verdict:
    claimed = _content(wording.format(item))
    for entry in entries:
        true = _content(entry)
        is_broader = len(claimed) > 1 and claimed <= true and not (true - claimed) & _REGULATES
        is_narrower = len(true) > 1 and true <= claimed and not (claimed - true) & (_REGULATES | _SIGNS)
        # To bind DNA polymerase is not to bind DNA.
        is_narrower = is_narrower and wording != "{} binding"
        if true and (true == claimed or is_broader or is_narrower):
            return SUPPORTED
    return UNKNOWN


def _content(text: str) -> frozenset[str]:
    return frozenset(words(text)) - _STOP
