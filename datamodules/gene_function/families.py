"""Which genes are so much alike that they must share a split.

``gene_info`` has no sequences, so paralogues are told by how the HGNC names them: members of a family share
the beginning of the symbol and the words of the name, and are numbered or lettered. Not every such family is
one of descent, and not every paralogue is named so; what is held here is that no gene of a held-out split can
be answered from the name of a training gene.
"""

import re
from collections.abc import Iterable, Iterator

from datamodules.gene_function.facts import GeneFacts

_MIN_STEM = 3  # letters; shorter ones, such as C or MT, begin the symbols of unlike genes
_MIN_PROFILE = 5  # GO terms; fewer are shared by unlike genes
# Symbols that only number genes: members of one series have nothing else in common. Letters after the number
# still tell family members apart, as in FAM98A and FAM98B.
_SERIES = re.compile(r"C[0-9XY]+orf[0-9]+|(?:CCDC|CD|FAM|KIAA|LINC|LOC|MIR|SMIM|SNORA|SNORD|TMEM)[0-9]+")
_PSEUDO = "pseudo"
_PSEUDOGENE_WORD = "pseudogene"
_PSEUDOGENE = re.compile(r"(.+[A-Z0-9])P[0-9]*")
_MEMBER = re.compile(r"(.*[A-Z])[0-9]+[A-Z]{0,2}")
_LETTERS = re.compile(r"[A-Z]+")
_WORD = re.compile(r"[A-Za-z0-9]+")
_FAMILY = "family"
_GREEK = {"alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda"}
_ROMAN = {"ii", "iii", "iv", "vi", "vii", "viii", "ix", "xi", "xii"}
_NO_WORDS = _GREEK | _ROMAN | {"like", "member", _PSEUDOGENE_WORD}


def symbol_stem(symbol: str, gene_type: str | None = None) -> str:
    """What the symbols of a family have in common.

    What follows a hyphen, the last number and up to two letters behind it are taken off: ``HOXA1`` gives
    ``HOXA``, ``SLC30A10`` ``SLC30A``, ``IGKV2D-36`` ``IGKV``, and of pseudogenes ``P`` and their number as
    well, so that ``RPL37P24`` goes with ``RPL37``. A stem of fewer than three letters and digits would join
    unlike genes; the symbol is then its own stem. So is that of a mere series, up to its number: ``TMEM106B``
    gives ``TMEM106``.

    Args:
        symbol: The symbol.
        gene_type: NCBI's type of the gene, if known.
    """
    if series := _SERIES.match(symbol):
        return series[0]
    stem = symbol.partition("-")[0]
    if gene_type == _PSEUDO and (match := _PSEUDOGENE.fullmatch(stem)):
        stem = match[1]
    if match := _MEMBER.fullmatch(stem):
        stem = match[1]
    return stem if len(stem) >= _MIN_STEM else symbol


def told_type(names: Iterable[str]) -> str | None:
    """The type of a gene that its names tell, ``pseudo`` or None, for sources that keep names alone.

    Args:
        names: Its names, such as *ribosomal protein L37 pseudogene 24*.
    """
    return _PSEUDO if any(_PSEUDOGENE_WORD in name.casefold() for name in names) else None


def name_stem(symbol: str, name: str | None) -> str | None:
    """What the names of a family have in common, behind the first letters of its symbols.

    Numbers, single letters, Greek and Roman ones are taken off, but not behind the word *family*:
    ``homeobox A1`` and ``homeobox B7`` both give ``HOX homeobox``, and ``solute carrier family 30 member 10``
    gives ``SLC solute carrier family 30``.

    Args:
        symbol: The symbol.
        name: The full name, if known.

    Returns:
        None where no words are left, or the symbol is one of a series.
    """
    letters = _LETTERS.match(symbol)
    if name is None or letters is None or _SERIES.match(symbol):
        return None
    words = _WORD.findall(name.casefold())
    kept = [
        word
        for before, word in zip(["", *words], words, strict=False)
        if before == _FAMILY or not (len(word) == 1 or word in _NO_WORDS or _is_numbered(word))
    ]
    return f"{letters[0][:_MIN_STEM]} {' '.join(kept)}" if kept else None


def _is_numbered(word: str) -> bool:
    return any(character.isdigit() for character in word)


def likenesses(facts: GeneFacts) -> Iterator[str]:
    """Marks of a gene; two genes with one in common must share a split.

    They are its symbol, the stems of symbol and name, and its GO terms where these are many: two genes with
    the very same annotations are likely copies.

    Args:
        facts: The gene.
    """
    name = name_stem(facts.symbol, facts.name)
    yield f"symbol:{facts.symbol}"
    yield f"stem:{symbol_stem(facts.symbol, facts.info.gene_type)}"
    if name is not None:
        yield f"name:{name}"
    if len(facts.go_ids) >= _MIN_PROFILE:
        yield f"go:{' '.join(sorted(facts.go_ids))}"


def family_edges(genes: Iterable[GeneFacts], *, share_families: bool) -> Iterator[tuple[str, str]]:
    """Pairs of NCBI Gene ids that must share a split, a chain through each likeness.

    Args:
        genes: The genes.
        share_families: Join genes of one symbol alone.
    """
    first: dict[str, str] = {}
    for facts in genes:
        for mark in likenesses(facts):
            if not share_families or mark.startswith("symbol:"):
                yield first.setdefault(mark, facts.info.gene_id), facts.info.gene_id
