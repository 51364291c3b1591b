"""Words between a name and its identifier, and words that say that a name is not meant."""

import re
from dataclasses import dataclass


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Words that may stand between a name and its identifier without naming anything else.
LINKING = _words(
    """a an the is are was has have had of by as in such like include includes including following under also
    listed known given assigned official human external related corresponding respective approved
    id ids identifier identifiers identified accession accessions number numbers no code codes entry entries
    reference references record term gene protein symbol locus product
    hgnc ensembl omim mim ncbi entrez uniprot uniprotkb swiss-prot hpo hp go mondo orphanet orpha refseq
    alliancegenome alliance genome database databases"""
)
#: Of these, those after which parts or examples come: *the BRCA1 locus includes HGNC:5* names two genes,
#: where *the ids of BRCA1 are* or *BRCA1's ids include* HGNC:5 name one.
LISTING = _words("such like include includes including")
#: Of LINKING, those that say that an identifier follows: without one, a sentence that begins with an
#: identifier is not about the subject of the text.
ANCHORING = _words(
    """id ids identifier identifiers identified accession accessions number numbers code codes entry entries
    reference references"""
)
#: Names of databases, which are labels where a colon follows.
DATABASES = _words(
    "hgnc ensembl omim mim ncbi entrez uniprot uniprotkb swiss-prot hpo hp go mondo orphanet refseq"
)
#: Words for the subject of the text.
SUBJECT = _words("it its this")
#: Words between an identifier and the name that follows it.
FORWARD = _words(
    """is are the a an of for to which that refers denotes stands means corresponds belongs called named human
    gene protein symbol term"""
)
#: Words that a name of several words may follow, and which are no part of it.
BEFORE_NAME = _words(
    """and or with has have had show shows include includes including is are was as by like plus also namely
    term terms phenotype phenotypes function functions process processes component components disease diseases
    gene genes protein proteins feature features sign signs"""
)
#: Words that may follow a name, and which are no part of it.
AFTER_NAME = _words("and or is are was were has have which that as but")
ARTICLES = frozenset(("the", "a", "an"))
#: Verbs and nouns after which "in" stands before the name of a process or place.
BEFORE_IN = _words(
    """involved participates participate role roles implicated functions located found enriched
    active"""
)
#: Words that tell that a gene of another species, or another gene, is meant than the human one.
FOREIGN = _words(
    """mouse murine mice rat rats zebrafish yeast fly drosophila chicken bovine porcine elegans xenopus
    ortholog orthologs orthologue orthologues homolog homologs homologue homologues
    paralog paralogs paralogue paralogues pseudogene pseudogenes antisense"""
)
#: Words before what has the form of a gene's alias and is none: B12 is one of NDUFB3.
OTHER_THINGS = _words("vitamin vitamins")

_TOKEN = re.compile(r"[^\W_]+(?:[-.'\u2019][^\W_]+)*|\S")
_POSSESSIVE = re.compile(r"['\u2019]s?$")


@dataclass(frozen=True, slots=True)
class Token:
    """A word, or a single other character.

    Args:
        start: Where it begins in the text.
        end: Where it ends.
        text: The token.
    """

    start: int
    end: int
    text: str

    @property
    def is_word(self) -> bool:
        """Whether it is a word."""
        return self.text[0].isalnum()

    @property
    def lower(self) -> str:
        """Without case and the possessive ending."""
        return _POSSESSIVE.sub("", self.text).casefold()

    @property
    def bare(self) -> str:
        """Without the possessive ending."""
        return _POSSESSIVE.sub("", self.text)


def tokens_of(text: str, start: int, end: int) -> list[Token]:
    """The tokens of a part of a text.

    Args:
        text: The text.
        start: Where the part begins.
        end: Where it ends.
    """
    return [Token(*match.span(), match[0]) for match in _TOKEN.finditer(text, start, end)]
