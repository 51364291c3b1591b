"""What is known of a gene, in the form that claims are checked against."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from geneverse_pl.evaluation.answers import normalise
from geneverse_pl.evaluation.claims.identifiers import Identifier, find_identifiers, parse_identifier

#: Keys of a record that say what the gene is, each true or false; all others are lists that may have gaps.
CLOSED = ("symbol", "name", "gene_type", "chromosomes", "map_location", "identifiers", "gene_id")
_RANGE = re.compile(r"\s*(?:-|,| and | or )\s*")
_ARM = re.compile(r"(?P<chromosome>\d{1,2}|X|Y)(?=[pqc])")


@dataclass(frozen=True)
class Term:
    """An entry of an open field: a GO term, a disease, a phenotype.

    Args:
        text: Its name.
        id: Its id; empty where it has none.
    """

    text: str
    id: str = ""


@dataclass(frozen=True)
class TruthRecord:
    """A gene's true values.

    Args:
        symbol: Its symbol.
        name: Its full name.
        gene_type: NCBI's type, such as ``protein-coding``, ``pseudo`` or ``snoRNA``.
        chromosomes: Names of its chromosomes (``17``, ``X``, ``MT``).
        map_location: Its cytogenetic band, such as ``17q21.31`` or ``11p15.5-p15.4``.
        aliases: Other symbols and names.
        own_ids: Identifiers of the gene itself.
        terms: Field -> its entries, for each open field.
        denied: Field -> entries that are known to be false.
    """

    symbol: str = ""
    name: str = ""
    gene_type: str = ""
    chromosomes: tuple[str, ...] = ()
    map_location: str = ""
    aliases: tuple[str, ...] = ()
    own_ids: frozenset[Identifier] = frozenset()
    terms: Mapping[str, Sequence[Term]] = field(default_factory=dict)
    denied: Mapping[str, Sequence[Term]] = field(default_factory=dict)

    @classmethod
    def from_mapping(cls, truth: Mapping[str, Any]) -> "TruthRecord":
        """Reads the ``truth`` of a sample's metadata.

        ``symbol``, ``name``, ``gene_type`` and ``map_location`` are texts, ``chromosomes`` and ``aliases``
        lists of texts, ``identifiers`` a mapping of database to ids, ``gene_id`` NCBI's. ``denied`` maps
        fields to what is known to be false. Every other key is an open field: a list of names, of ``[id,
        name]`` pairs, or a mapping of part to such lists (``go: {Function: …}`` is the field
        ``go.Function``). All may be missing or null.

        Args:
            truth: The mapping.

        Raises:
            ValueError: If a value has another form.
        """
        own = [
            identifier
            for database, accessions in (truth.get("identifiers") or {}).items()
            for accession in _texts("identifiers", accessions)
            if (identifier := parse_identifier(accession, str(database))) is not None
        ]
        if truth.get("gene_id"):
            own.append(Identifier("NCBI Gene", str(truth["gene_id"])))
        open_keys = [key for key in truth if key not in (*CLOSED, "aliases", "denied")]
        return cls(
            symbol=_text("symbol", truth),
            name=_text("name", truth),
            gene_type=_text("gene_type", truth),
            chromosomes=tuple(_texts("chromosomes", truth.get("chromosomes") or ())),
            map_location=_text("map_location", truth),
            aliases=tuple(_texts("aliases", truth.get("aliases") or ())),
            own_ids=frozenset(own),
            terms=_open_fields({key: truth[key] for key in open_keys}),
            denied=_open_fields(truth.get("denied") or {}),
        )

    @cached_property
    def term_ids(self) -> frozenset[Identifier]:
        """Identifiers of the entries of the open fields."""
        found = [
            parse_identifier(term.id, "") or next(iter(find_identifiers(term.id)), (0, 0, None))[2]
            for terms in self.terms.values()
            for term in terms
            if term.id
        ]
        return frozenset(identifier for identifier in found if identifier is not None)

    @cached_property
    def kinds(self) -> frozenset[str]:
        """Kinds of identifiers that the record has, see ``Identifier.kind``.

        Genes and diseases share the MIM numbers. Where that of the gene is missing they are left out: a
        number that is none of its diseases' may be that.
        """
        own, of_terms = ({one.kind for one in ids} for ids in (self.own_ids, self.term_ids))
        return frozenset(own | of_terms - {"MIM"})

    @cached_property
    def own_names(self) -> frozenset[str]:
        """Symbol, name and aliases, normalised."""
        return frozenset(normalise(name) for name in (self.symbol, self.name, *self.aliases) if name)

    @cached_property
    def bands(self) -> tuple[str, ...]:
        """Ends of its cytogenetic band, each with its chromosome; empty where it is none."""
        found: list[str] = []
        chromosome = ""
        for part in _RANGE.split(self.map_location):
            match = _ARM.match(part)
            chromosome = match["chromosome"] if match else chromosome
            if match:
                found.append(part)
            elif chromosome and part[:1] in ("p", "q", "c"):
                found.append(chromosome + part)
        return tuple(found)


def _text(key: str, truth: Mapping[str, Any]) -> str:
    value = truth.get(key)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"truth.{key} must be a text or null, got {value!r}.")
    return value or ""


def _texts(key: str, values: Any) -> list[str]:
    values = [values] if isinstance(values, str) else values
    if not isinstance(values, Sequence) or not all(isinstance(value, str) for value in values):
        raise ValueError(f"truth.{key} must be a list of texts, got {values!r}.")
    return list(values)


def _open_fields(fields: Mapping[str, Any]) -> dict[str, tuple[Term, ...]]:
    found: dict[str, tuple[Term, ...]] = {}
    for key, values in fields.items():
        if isinstance(values, Mapping):
            found |= {
                f"{key}.{part}": tuple(_terms(f"{key}.{part}", inner)) for part, inner in values.items()
            }
        else:
            found[key] = tuple(_terms(key, values or ()))
    return found


def _terms(key: str, values: Any) -> Iterable[Term]:
    for value in [values] if isinstance(values, str) else values:
        if isinstance(value, str):
            yield Term(value)
        elif isinstance(value, Sequence) and len(value) == 2 and all(isinstance(part, str) for part in value):
            yield Term(value[1], value[0])
        else:
            raise ValueError(f"truth.{key} must hold names or [id, name] pairs, got {value!r}.")
