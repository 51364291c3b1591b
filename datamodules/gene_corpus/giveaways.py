"""Names of diseases that tell their gene or protein: what is asked of the two is then in the question."""

from dataclasses import replace
from functools import lru_cache

from datamodules.gene_corpus.links import Link, SubjectLinks
from datamodules.gene_corpus.views import GENE_PROTEIN, NodeKind, View
from datamodules.sources.names import has_symbol, normalised_name

_DISEASE: NodeKind = "disease"
_ENCODING = " encoding "  # between gene and protein, in the name of the two


def gives_away(view: View, subject: str, item: str) -> bool:
    """Whether of a disease and a gene or protein the name of the disease has that of the other.

    So it is with *PKD1-related disorder*. Symbols of genes are found as they are written, names of proteins
    in any case.

    Args:
        view: What the two are.
        subject: Name of the subject.
        item: Name of the object.
    """
    if view.object_kind == _DISEASE:
        return _has(item, subject, view.subject_kind)
    return view.subject_kind == _DISEASE and _has(subject, item, view.object_kind)


def _has(disease: str, name: str, kind: NodeKind) -> bool:
    if kind == "gene":
        return has_symbol(disease, name)
    if kind == "protein":
        plain = _plain(name)
        return bool(plain) and f" {plain} " in f" {_plain(disease)} "
    if kind == GENE_PROTEIN:
        symbol, _, protein = name.partition(_ENCODING)
        return _has(disease, symbol, "gene") or _has(disease, protein, "protein")
    return False


def asked_links(view: View, subject: SubjectLinks) -> list[Link]:
    """The links of a subject that no source denies and no name gives away.

    Args:
        view: What they are.
        subject: The subject, under its own name.
    """
    return [link for link in subject.affirmed() if not gives_away(view, subject.name, link.name)]


def without_giveaways(view: View, subject: SubjectLinks) -> SubjectLinks:
    """A subject without the links that a name gives away; of a disease that gives one away none is left.

    Args:
        view: What the links are.
        subject: The subject, under its own name.
    """
    kept = tuple(link for link in subject.links if not gives_away(view, subject.name, link.name))
    return replace(subject, links=() if view.subject_kind == _DISEASE and kept != subject.links else kept)


@lru_cache(maxsize=50_000)
def _plain(name: str) -> str:
    return normalised_name(name)
