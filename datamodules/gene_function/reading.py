"""Reads the files of genes and brings together what they say of each."""

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from pathlib import Path
from typing import Protocol

from datamodules.gene_function.facts import GeneFacts, Source, Statement
from datamodules.gene_function.files import FileName
from datamodules.sources.free_text import paragraph
from datamodules.sources.hpo_annotations import read_disease_annotations
from datamodules.sources.hpo_genes import read_gene_phenotypes, read_genes_to_disease
from datamodules.sources.ncbi_gene import GeneInfo, read_gene_info, read_gene_summaries
from datamodules.sources.ncbi_gene2go import Category, GeneGo, read_gene2go
from datamodules.sources.ncbi_generif import GeneRif, read_generifs
from datamodules.sources.ncbi_medgen import read_mim2gene_medgen

# Branches of the Gene Ontology, as ``gene2go`` names them.
CATEGORIES: tuple[Category, ...] = ("Function", "Process", "Component")
# The three roots, and "protein binding": true of nearly all, so they say nothing.
_EMPTY_TERMS = {"GO:0003674", "GO:0008150", "GO:0005575", "GO:0005515"}
_NOTHING_KNOWN = "ND"
_EXPERIMENTAL = frozenset({"EXP", "IDA", "IPI", "IMP", "IGI", "IEP", "HTP", "HDA", "HMP", "HGI", "HEP"})
_BY_PROGRAM = "IEA"
_MAX_FINDING = 300  # characters; a longer one is left out, as a sentence is never cut
_PHENOTYPE = "P"
_MIM = "MIM"  # as gene_info names the database of the ids that the HPO writes with _OMIM
_OMIM = "OMIM:"


class _Placed(Protocol):
    """A record that knows where it was read."""

    @property
    def file(self) -> str: ...

    @property
    def line(self) -> int: ...


def read_genes(
    paths: Mapping[FileName, Path], is_wanted: Callable[[GeneInfo], bool], max_findings: int
) -> dict[str, GeneFacts]:
    """Genes by their NCBI Gene id, in the order of ``gene_info``, with what the files say of them.

    Args:
        paths: The files; what is not there is left out of the facts.
        is_wanted: Whether a gene is kept.
        max_findings: Most findings kept of a gene, >= 0.

    Raises:
        MissingFileError: If a file is missing.
        DataFormatError: If a file is damaged.
    """
    genes: dict[str, GeneFacts] = {}
    for info in read_gene_info(paths["gene_info"]):
        if info.symbol is not None and not info.is_placeholder and is_wanted(info):
            genes.setdefault(info.gene_id, GeneFacts(info))
    if "gene2go" in paths:
        _add_terms(genes, paths["gene2go"])
    if "gene_summary" in paths:
        _add_summaries(genes, paths["gene_summary"])
    if "generifs" in paths and max_findings:
        _add_findings(genes, paths["generifs"], max_findings)
    if "disease_annotations" in paths:
        known = _Diseases(paths["disease_annotations"])
        if "genes_to_disease" in paths:
            _add_diseases(genes, paths["genes_to_disease"], known)
        if "genes_to_phenotype" in paths:
            _add_phenotypes(genes, paths["genes_to_phenotype"], known)
        _set_apart(genes, known.mims)
    if "mim2gene_medgen" in paths:
        _set_apart_by_table(genes, paths["mim2gene_medgen"])
    return genes


def _place(record: _Placed) -> Source:
    return record.file, record.line


def _add_terms(genes: Mapping[str, GeneFacts], path: Path) -> None:
    """GO terms; one that some row denies is neither told nor asked about."""
    rows: dict[str, dict[str, list[GeneGo]]] = {}
    denied: dict[str, set[str]] = {}
    for row in read_gene2go(path):
        if row.gene_id not in genes:
            continue
        if row.negated:
            denied.setdefault(row.gene_id, set()).add(row.go_id)
        elif row.evidence != _NOTHING_KNOWN and row.go_id not in _EMPTY_TERMS:
            rows.setdefault(row.gene_id, {}).setdefault(row.go_id, []).append(row)
    for gene_id, terms in rows.items():
        told = [found for term, found in terms.items() if term not in denied.get(gene_id, ())]
        # Stable: within a rank the order of the file is kept.
        told.sort(key=lambda found: min(map(_rank, found)))
        genes[gene_id].go = {
            category: [
                Statement(found[0].go_term, found[0].go_id, tuple(map(_place, found)))
                for found in told
                if found[0].category == category
            ]
            for category in CATEGORIES
        }
    for gene_id, ids in denied.items():
        genes[gene_id].denied = frozenset(ids)


def _rank(row: GeneGo) -> int:
    if row.evidence in _EXPERIMENTAL:
        return 0
    return 2 if row.evidence == _BY_PROGRAM else 1


def _add_summaries(genes: Mapping[str, GeneFacts], path: Path) -> None:
    for row in read_gene_summaries(path):
        gene = genes.get(row.gene_id)
        if gene is None or row.summary is None or gene.summary is not None:
            continue
        text = paragraph(row.summary)
        if text:
            gene.summary = Statement(text, sources=(_place(row),))


def _add_findings(genes: Mapping[str, GeneFacts], path: Path, most: int) -> None:
    found: dict[str, list[GeneRif]] = {}

    def newest(rows: list[GeneRif]) -> list[GeneRif]:
        dated = [row for row in rows if row.updated is not None]
        undated = [row for row in rows if row.updated is None]
        return [*sorted(dated, key=attrgetter("updated"), reverse=True), *undated][:most]

    for row in read_generifs(path):
        if row.gene_id in genes and len(row.text) <= _MAX_FINDING:
            rows = found.setdefault(row.gene_id, [])
            rows.append(row)
            # A well-studied gene has thousands.
            if len(rows) > 2 * most:
                rows[:] = newest(rows)
    for gene_id, rows in found.items():
        genes[gene_id].findings = [
            Statement(paragraph(row.text), "|".join(row.pubmed_ids), (_place(row),)) for row in newest(rows)
        ]


class _Diseases:
    """What ``phenotype.hpoa`` knows of diseases: their names, and the phenotypes they have."""

    def __init__(self, path: Path) -> None:
        self.names: dict[str, tuple[str, Source]] = {}
        self._affirmed: dict[tuple[str, str], Source] = {}
        denied: set[tuple[str, str]] = set()
        for row in read_disease_annotations(path):
            self.names.setdefault(row.database_id, (row.disease_name, _place(row)))
            if row.is_excluded:
                denied.add((row.database_id, row.hpo_id))
            elif row.aspect == _PHENOTYPE:
                self._affirmed.setdefault((row.database_id, row.hpo_id), _place(row))
        for pair in denied:
            self._affirmed.pop(pair, None)

    @property
    def mims(self) -> set[str]:
        """The MIM numbers of diseases."""
        return {one.removeprefix(_OMIM) for one in self.names if one.startswith(_OMIM)}

    def phenotype(self, disease_id: str, hpo_id: str) -> Source | None:
        """The row that gives the disease the phenotype; None if there is none or another row denies it."""
        return self._affirmed.get((disease_id, hpo_id))


def _set_apart(genes: Mapping[str, GeneFacts], diseases: set[str]) -> None:
    """Notes the MIM numbers of genes that are those of diseases, of whichever gene."""
    for gene in genes.values():
        gene.foreign_mims = frozenset(diseases.intersection(gene.info.ids(_MIM)))


def _set_apart_by_table(genes: Mapping[str, GeneFacts], path: Path) -> None:
    """Notes the MIM numbers of genes that the table does not call their own."""
    own = {(row.gene_id, row.mim_number) for row in read_mim2gene_medgen(path) if row.mim_type == "gene"}
    for gene_id, gene in genes.items():
        gene.foreign_mims = frozenset(one for one in gene.info.ids(_MIM) if (gene_id, one) not in own)


def _add_diseases(genes: Mapping[str, GeneFacts], path: Path, known: _Diseases) -> None:
    found: dict[str, dict[str, list[Source]]] = {}
    for row in read_genes_to_disease(path):
        if row.ncbi_gene_id in genes and row.disease_id in known.names:
            sources = found.setdefault(row.ncbi_gene_id, {}).setdefault(row.disease_id, [])
            sources += [_place(row), known.names[row.disease_id][1]]
    names = {key: name for key, (name, _) in known.names.items()}
    for gene_id, diseases in found.items():
        genes[gene_id].diseases = _statements(names, diseases)


def _add_phenotypes(genes: Mapping[str, GeneFacts], path: Path, known: _Diseases) -> None:
    found: dict[str, dict[str, list[Source]]] = {}
    names: dict[str, str] = {}
    for row in read_gene_phenotypes(path):
        stated = known.phenotype(row.disease_id, row.hpo_id)
        if row.ncbi_gene_id in genes and stated is not None:
            names[row.hpo_id] = row.hpo_name
            found.setdefault(row.ncbi_gene_id, {}).setdefault(row.hpo_id, []).extend((_place(row), stated))
    for gene_id, phenotypes in found.items():
        # Stable: as many sources, the order of the file.
        by_number = sorted(phenotypes.items(), key=lambda item: -len(item[1]))
        genes[gene_id].phenotypes = _statements(names, dict(by_number))


def _statements(names: Mapping[str, str], sources: Mapping[str, Iterable[Source]]) -> list[Statement]:
    return [Statement(names[key], key, tuple(found)) for key, found in sources.items()]
