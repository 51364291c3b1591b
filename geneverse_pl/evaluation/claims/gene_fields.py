"""What an answer says a gene is: symbol, full name, type, aliases.

Each finder takes a sentence and the record, and yields what is claimed with the verdict it has if it is not
negated. All go by patterns of words, so they see common wordings and no others; what they miss is no claim.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from geneverse_pl.evaluation.answers import normalise, parse_list
from geneverse_pl.evaluation.claims.claim import CONTRADICTED, SUPPORTED, UNKNOWN, Verdict
from geneverse_pl.evaluation.claims.negation import is_negated
from geneverse_pl.evaluation.claims.record import TruthRecord


@dataclass(frozen=True)
class Found:
    """A claim in a sentence.

    Args:
        field: What it is about.
        start: Where it begins in the sentence.
        end: Where it ends.
        verdict: What the record says of it, if it is not negated.
        is_hallucinated: Whether it is an identifier that the record lacks, of a database it has.
    """

    field: str
    start: int
    end: int
    verdict: Verdict
    is_hallucinated: bool = False


# Two capitals or digits at least and no small first letter: tells CAT, WAS and C9orf72 from cat, Was and The.
_SYMBOL = r"(?P<symbol>[A-Z](?=[A-Za-z0-9.-]*[A-Z0-9])[A-Za-z0-9]*(?:[-.][A-Za-z0-9]+)*)"
NO_SYMBOLS = frozenset(
    {"DNA", "RNA", "MRNA", "NCBI", "HGNC", "OMIM", "MIM", "GO", "HPO", "ATP", "GTP", "NOT"}
)
_STATED = re.compile(
    rf"\b(?:[Ss]ymbol(?:\s+(?:of\s+)?(?:this|the)\s+gene)?(?:\s+is|\s*:)?\s+|[Gg]ene\s+symbol:?\s+){_SYMBOL}(?![\w-])"
    rf"|(?<![\w-]){_SYMBOL.replace('symbol>', 'symbol2>')}\s+is\s+(?:the|its)\s+(?:official\s+)?symbol\b"
)
_SUBJECT = re.compile(
    rf"^(?:The\s+)?(?:[Hh]uman\s+)?(?:[Gg]ene\s+)?{_SYMBOL}(?:\s+gene)?(?:\s*\([^()]*\)\s*,?)?\s+"
    r"(?:is|are|encodes|denotes|codes|belongs|has|lies|maps|stands|functions|plays|acts)\b"
)
# What a bracket behind a symbol begins with where it holds something else than the name.
_NO_NAME = (
    r"(?!(?:also|formerly|previously|otherwise|originally|sometimes|commonly|or|aka|alias(?:es)?|synonyms?|known|called"
    r"|see|e\.g|i\.e|an?|the|its|this|which|that|on|at|in|from|of|with|for|to|by|encod\w+|cod(?:es|ing)|located|found"
    r"|mapp\w+|chromosome|band|symbol|gene|human|protein)\b)"
)
_NAMES = (
    re.compile(r"\bsymbol of (?:the|a) (?:human )?gene (?P<name>\S.*?)[.]?$"),
    re.compile(
        r"\b(?:full|official|approved)\s+(?:gene\s+)?name(?:\s+of\s+(?:it|this\s+gene|(?:the\s+)?[A-Z][\w-]+(?:\s+gene)?"
        r"|the\s+gene))?(?:\s+is|\s*:)?\s+(?P<name>\S.*?)"
        r"(?=,?\s+and\s+(?:it|is|its|encodes|lies|has)\b|,\s+(?:which|it|its|this|located)\b|[.]?$)"
    ),
    re.compile(r"\b[A-Z0-9-]+ (?:denotes|stands for) (?P<name>\S.*?)(?:, a gene of Homo sapiens)?[.]?$"),
    re.compile(r"\bgene known as (?P<name>\S.*?) bears the symbol\b"),
    re.compile(
        r"^(?:The )?(?:human )?(?:gene )?[A-Z0-9][A-Za-z0-9-]* "
        rf"\({_NO_NAME}(?P<name>[^()]*[a-z]{{3}}[^()]*(?:\([^()]*\)[^()]*)*)\)"
    ),
)
# What makes another gene's name out of a name: "tumor protein p53 binding protein 1", "insulin receptor".
_OTHER_NAME = (
    r"(?![\w-])(?!\s+(?:\d+[A-Za-z]?\b|(?:alpha|beta|gamma|delta|like|binding|interacting|associated|related"
    r"|induced|inducible|activated|regulated|dependent|responsive|degrading|receptors?|ligands?|substrates?"
    r"|inhibitors?|activators?|regulators?|pseudogenes?|antisense|kinases?|phosphatases?|homologs?|subunits?"
    r"|family)\b))"
)
# What a sentence is about where it begins with a symbol, whatever the verb.
FIRST_SYMBOL = re.compile(
    r"^(?:The\s+)?(?:[Hh]uman\s+)?(?:[Gg]ene\s+)?([A-Z][A-Z0-9]+(?:-[A-Z0-9]+)*)(?![\w-])"
)
_UNNAMED = re.compile(r"^(?:a|the|this)?\s*(?:human )?gene(?: of Homo sapiens)?$", re.IGNORECASE)

_RNA = r"(?:RNA|ribonucleic acid)"
# An RNA is a gene's type where the gene is said to be one or to encode one. Elsewhere it is what the product
# works on ("rRNA processing"), and before another noun a part of its name ("a tRNA ligase").
_SAID_TO_BE = (
    r"(?:\b(?:is|isn['\u2019]t|as|(?:en)?codes?(?: for)?|genes? (?:of|for))(?: not| also)? an? "
    r"|\btype(?: is|:) )"
    r"(?:(?!(?:of|for|in|to|that|which|with|by|and|or|\w+ing)\b)[\w/-]+ ){0,3}?"
)
_NO_OTHER_NOUN = (
    r"(?![\w-])(?=\s*(?:[^\w\s]|$)|\s+(?:genes?|molecule|transcript|precursor|of|for|from|in|on|at|with"
    r"|by|and|or|that|which|whose|involved|located|expressed|encoded|transcribed|found|known|called|named)\b)"
)
_RNA_TYPES = (
    ("snoRNA", rf"small nucleolar {_RNA}|snoRNA"),
    ("snRNA", rf"small nuclear {_RNA}|snRNA"),
    ("scRNA", rf"small cytoplasmic {_RNA}|scRNA"),
    ("rRNA", rf"ribosomal {_RNA}|rRNA"),
    ("tRNA", rf"transfer {_RNA}|tRNA"),
    ("ncRNA", rf"(?:non-?coding|long intergenic|micro) ?{_RNA}|(?:lnc|linc|mi|micro)RNA"),
)
_TYPES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("pseudo", r"\b(?P<type>pseudogene)\b"),
        *((name, rf"{_SAID_TO_BE}(?P<type>{words}){_NO_OTHER_NOUN}") for name, words in _RNA_TYPES),
        ("ncRNA", r"\b(?P<type>non[- ]?protein[- ]coding)\b"),
        ("protein-coding", r"(?<!non-)(?<!non )\b(?P<type>protein[- ]coding)\b"),
        (
            "protein-coding",
            r"\b(?P<type>(?:en)?codes? (?:for )?(?:an?|the) (?:(?!(?:that|which)\b)[\w-]+ ){0,6}?(?:protein"
            r"|enzyme|receptor|kinase|subunit|member|factor))\b",
        ),
    )
)
# Of what a gene may be said not to encode, this alone makes it no protein-coding gene; "no enzyme" does not.
_ANY_PROTEIN = re.compile(
    r"(?:protein[- ]coding|(?:en)?codes? (?:for )?(?:an?|the) (?:(?:functional|known|human) )*protein)",
    re.IGNORECASE,
)
# "ncRNA" is all RNA that is not translated.
_NON_CODING = frozenset({"ncRNA", "snoRNA", "snRNA", "scRNA", "rRNA", "tRNA", "miscRNA"})

_ALIASES = re.compile(
    r"\b(?:(?:also|otherwise|previously|formerly|sometimes) (?:known|called|referred to)(?: as| to as)?"
    r"(?:\s*:)?"
    r"|(?:other|alternative) (?:symbols|names)(?: of it| of this gene| for it)?(?: include| are|:)"
    r"|(?:aliases|synonyms)(?: of it| of this gene)?(?: include| are|:))\s+(?P<rest>(?:\([^()]*\)|[^()])+?)"
    # The list ends where the sentence goes on: "also known as P53, is a suppressor".
    r"(?=\)|,?\s+(?:and\s+)?(?:is|are|was|were|has|encodes|codes|lies|maps|plays|belongs|functions|acts|binds|produces"
    r"|located|which|that|this|it|the\s+gene)\b|[.]?$)",
    re.IGNORECASE,
)
_OR = re.compile(r",?\s+or\s+")
_ABOUT = re.compile(
    r"^(?:It|Its|This|The (?:human )?gene|This (?:human )?gene|By its type|NCBI Gene lists it|Located"
    r"|A human gene"
    r"|Synonyms|Aliases|Other symbols|Alternative symbols|Also known as)\b"
    r"|^(?:(?:Gene\s+)?[Tt]ype|(?:(?:Chromosom\w+|Cytogenetic|Genomic|Map)\s+)?[Ll]ocation|Chromosome|Locus"
    r"|Cytogenetic band|Other names)\s*:"
    r"|^[^,;.]{1,60},\s+(?:it|its|this gene|the gene)\b"
)


def is_about_gene(sentence: str, record: TruthRecord, is_first: bool) -> bool:
    """Whether the gene is what a sentence is about: it begins with a word for it or with its symbol.

    The first sentence is about the gene whatever symbol it begins with: a wrong one is told of the gene too.

    Args:
        sentence: The sentence.
        record: The gene.
        is_first: Whether it is the answer's first sentence.
    """
    if _ABOUT.match(sentence) or (is_first and _SUBJECT.match(sentence)):
        return True
    symbol = record.symbol
    return bool(symbol) and bool(
        re.match(rf"(?:The\s+)?(?:[Hh]uman\s+)?(?:gene\s+)?{re.escape(symbol)}(?![\w-])", sentence)
    )


def find_symbol(sentence: str, record: TruthRecord, is_first: bool) -> Iterator[Found]:
    """Symbols that the answer gives the gene, by saying so or as the subject of its first sentence.

    Another gene's symbol elsewhere is no claim: it may well interact with this one.
    """
    if not record.symbol:
        return
    stated = _STATED.search(sentence)
    match = stated or (_SUBJECT.match(sentence) if is_first else None)
    if match:
        name = "symbol" if match["symbol"] else "symbol2"
        symbol = match[name]
        if symbol.upper() not in NO_SYMBOLS or symbol == record.symbol:
            right = symbol == record.symbol or (not stated and symbol in record.aliases)
            yield Found("symbol", *match.span(name), SUPPORTED if right else CONTRADICTED)
            return
    own = re.search(rf"(?<![\w-]){re.escape(record.symbol)}(?![\w-])", sentence)
    if own and is_first and not _is_about_another(sentence, record):
        yield Found("symbol", *own.span(), SUPPORTED)


def _is_about_another(sentence: str, record: TruthRecord) -> bool:
    """Whether a sentence begins with the symbol of another gene (*MDM2 binds TP53*)."""
    first = FIRST_SYMBOL.match(sentence)
    return (
        first is not None and first[1] not in NO_SYMBOLS and first[1] not in (record.symbol, *record.aliases)
    )


def find_name(sentence: str, record: TruthRecord, is_first: bool) -> Iterator[Found]:
    """The full name, where a wording announces it."""
    for pattern in _NAMES:
        match = pattern.search(sentence)
        if match and not _UNNAMED.match(match["name"]):
            yield Found("name", *match.span("name"), _judge_name(match["name"], record))
            return


def find_true_name(sentence: str, record: TruthRecord, is_first: bool) -> Iterator[Found]:
    """The true full name without any announcement; asked last, as it may be part of a term."""
    if record.name and normalise(record.name) != normalise(record.symbol):
        match = re.search(rf"(?<![\w-]){re.escape(record.name)}{_OTHER_NAME}", sentence, re.IGNORECASE)
        if match:
            yield Found("name", *match.span(), SUPPORTED)


def find_type(sentence: str, record: TruthRecord, is_first: bool) -> Iterator[Found]:
    """The gene's type, the first one that a sentence about the gene names."""
    if not is_about_gene(sentence, record, is_first):
        return
    matches = [(match, name) for name, pattern in _TYPES if (match := pattern.search(sentence))]
    if matches:
        match, name = min(matches, key=lambda pair: (pair[0].start("type"), -pair[0].end("type")))
        is_one_sort = name == "protein-coding" and not _ANY_PROTEIN.fullmatch(match["type"])
        if is_one_sort and is_negated(sentence, *match.span("type")):
            return
        yield Found("type", *match.span("type"), _judge_type(name, record))


def find_aliases(sentence: str, record: TruthRecord, is_first: bool) -> Iterator[Found]:
    """Other names of the gene, each an own claim; one that the record lacks is unknown."""
    match = _ALIASES.search(sentence)
    if not match or not is_about_gene(sentence, record, is_first):
        return
    known = record.own_names
    place = match.start("rest")
    for item in (one for part in _OR.split(match["rest"]) for one in parse_list(part, known)):
        start = sentence.find(item, place)
        if start < 0:
            continue
        place = start + len(item)
        yield Found("aliases", start, place, SUPPORTED if normalise(item) in known else UNKNOWN)


def _judge_name(name: str, record: TruthRecord) -> Verdict:
    if not record.name:
        return UNKNOWN
    claimed, true = re.sub(r" (?:gene|protein)$", "", normalise(name)), normalise(record.name)
    if claimed in record.own_names or re.search(rf"(?<!\S){re.escape(true)}{_OTHER_NAME}", claimed):
        return SUPPORTED
    return CONTRADICTED


def _judge_type(name: str, record: TruthRecord) -> Verdict:
    true = record.gene_type
    if not true or true in ("other", "unknown"):
        return UNKNOWN
    if name == true or (name == "ncRNA" and true in _NON_CODING):
        return SUPPORTED
    return CONTRADICTED
