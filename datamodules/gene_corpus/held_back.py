"""Names of genes, proteins and diseases that training must not hear of, found in sentences."""

import re
from collections import defaultdict
from collections.abc import Iterator

from datamodules.gene_corpus.workspace import Workspace
from datamodules.sources.names import normalised_name
from geneverse_pl.data.datamodule import TRAIN

_NAMES = """
SELECT DISTINCT n.kind, n.name FROM splits s JOIN named n USING (kind, node) WHERE s.split <> $train
"""
_SYMBOL = re.compile(r"\w[\w.-]*")
_MIN_SYMBOL = 2  # characters
_MIN_WORD = 4  # characters of a name of one word
_MAX_PARTS = 4  # of a symbol with hyphens, as HLA-DRB1


class HeldBackNames:
    """The names of what is not in the training split.

    Symbols of genes are found as they are written, since many are words when they are written small; names of
    proteins and diseases in any case, with any punctuation. Other names of an entity are not looked for.

    Args:
        work: The workspace, with its splits.
    """

    def __init__(self, work: Workspace) -> None:
        self._symbols: set[str] = set()
        self._names: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
        for kind, name in work.rows(_NAMES, {"train": TRAIN}):
            if kind == "gene":
                self._symbols |= {name} if len(name) >= _MIN_SYMBOL else set()
            else:
                words = tuple(normalised_name(name).split())
                if len(words) > 1 or len(words[0]) >= _MIN_WORD:
                    self._names[words[0]].add(words)

    def are_in(self, sentence: str) -> bool:
        """Whether a sentence has one of the names.

        Args:
            sentence: The sentence.
        """
        for found in _SYMBOL.findall(sentence):
            if any(token in self._symbols for token in _tokens(found.rstrip(".-"))):
                return True
        words = normalised_name(sentence).split()
        return any(
            tuple(words[place : place + len(name)]) == name
            for place, word in enumerate(words)
            for name in self._names.get(word, ())
        )


def _tokens(found: str) -> Iterator[str]:
    """What may be a symbol in a word with hyphens: ``HLA-A`` in *anti-HLA-A-restricted*."""
    parts = found.split("-")
    for start in range(len(parts)):
        for end in range(start + 1, min(start + _MAX_PARTS, len(parts)) + 1):
            yield "-".join(parts[start:end])
