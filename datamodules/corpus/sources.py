"""The files that a corpus is merged from, and what reads each."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path

from datamodules.corpus import (
    from_associations,
    from_clinvar,
    from_hpo,
    from_ncbi,
    from_omim,
    from_uniprot,
)
from datamodules.corpus.statements import Statement
from datamodules.sources.catalogue import CATALOGUE
from datamodules.sources.publishers import PHEGENI, Publisher
from datamodules.sources.tables import MissingFileError
from geneverse_pl.exceptions import ConfigError, unknown_choice

_DBGAP = "dbgap_dictionaries"


@dataclass(frozen=True, slots=True)
class CorpusSources:
    """Files to merge; each is named as in the catalogue of source files. None: not there.

    Where sources name an entity differently, the first of them in this order gives its name.

    Args:
        ncbi_gene_info_human: ``Homo_sapiens.gene_info.gz``.
        hpo_ontology: ``hp.obo``.
        go_basic: ``go-basic.obo``.
        uniprot_human_reviewed: Proteins as ``.tsv``, ``.json``, ``.jsonl``, ``.dat`` or ``.txt``.
        uniprot_humdisease: ``humdisease.txt``.
        hpo_annotations: ``phenotype.hpoa``.
        clinvar_gene_condition: ``gene_condition_source_id``.
        clinvar_variant_summary: ``variant_summary.txt.gz``.
        hpo_genes_to_phenotype: ``genes_to_phenotype.txt``.
        hpo_genes_to_disease: ``genes_to_disease.txt``.
        disgenet_curated: A table of DisGeNET, or pages of its service as ``.json`` or ``.jsonl``.
        ncbi_gene2go: ``gene2go.gz``.
        ncbi_gene_summary: ``gene_summary.gz``.
        ncbi_generifs: ``generifs_basic.gz``.
        ncbi_mim2gene_medgen: ``mim2gene_medgen``.
        omim_mim2gene: ``mim2gene.txt``.
        omim_genemap2: ``genemap2.txt``.
        omim_morbidmap: ``morbidmap.txt``.
        omim_mim_titles: ``mimTitles.txt``.
        phegeni_associations: ``PheGenI_Association_full.tab``.
        dbgap_dictionaries: Data dictionaries of studies, ``*.data_dict.xml``.
    """

    ncbi_gene_info_human: Path | None = None
    hpo_ontology: Path | None = None
    go_basic: Path | None = None
    uniprot_human_reviewed: Path | None = None
    uniprot_humdisease: Path | None = None
    hpo_annotations: Path | None = None
    clinvar_gene_condition: Path | None = None
    clinvar_variant_summary: Path | None = None
    hpo_genes_to_phenotype: Path | None = None
    hpo_genes_to_disease: Path | None = None
    disgenet_curated: Path | None = None
    ncbi_gene2go: Path | None = None
    ncbi_gene_summary: Path | None = None
    ncbi_generifs: Path | None = None
    ncbi_mim2gene_medgen: Path | None = None
    omim_mim2gene: Path | None = None
    omim_genemap2: Path | None = None
    omim_morbidmap: Path | None = None
    omim_mim_titles: Path | None = None
    phegeni_associations: Path | None = None
    dbgap_dictionaries: tuple[Path, ...] = ()

    @classmethod
    def in_folder(cls, folder: str | Path, keys: Iterable[str] | None = None) -> "CorpusSources":
        """The files of a folder, under the names of the catalogue, packed or not.

        Args:
            folder: The folder; it need not exist yet.
            keys: Which are meant, there or not; None takes those that are there.

        Raises:
            ConfigError: If a key is unknown.
            MissingFileError: If data dictionaries of dbGaP are meant, which have no name of their own, and
                none is there.
        """
        folder = Path(folder)
        known = [field.name for field in fields(cls)]
        wanted = known if keys is None else list(keys)
        for key in wanted:
            if key not in known:
                raise ConfigError(unknown_choice("source key", key, known))
        paths = {}
        for key in (key for key in wanted if key != _DBGAP):
            name = CATALOGUE[key].file_name
            places = (folder / name, folder / name.removesuffix(".gz"))
            found = [place for place in places if place.is_file()]
            if found or keys is not None:
                paths[key] = (found or places)[0]
        dictionaries = sorted(folder.glob("*.data_dict*.xml")) if _DBGAP in wanted else []
        if keys is not None and _DBGAP in wanted and not dictionaries:
            message = f"{folder}: has no *.data_dict*.xml, given as {_DBGAP}. Fetch those of a study first."
            raise MissingFileError(message)
        return cls(**paths, dbgap_dictionaries=tuple(dictionaries))


@dataclass(frozen=True, slots=True)
class SourceUsed:
    """A file that was merged.

    Args:
        number: Its place in the order of :class:`CorpusSources`, from 0.
        key: Its key in the catalogue.
        path: The file.
        publisher: Who publishes it, under which terms.
        statements: What it says, read anew by each call.
    """

    number: int
    key: str
    path: Path
    publisher: Publisher
    statements: Callable[[], Iterator[Statement]]


_READERS: dict[str, Callable[[Path], Iterator[Statement]]] = {
    "ncbi_gene_info_human": from_ncbi.gene_info,
    "hpo_ontology": from_hpo.hpo_terms,
    "go_basic": from_ncbi.go_terms,
    "uniprot_human_reviewed": from_uniprot.proteins,
    "uniprot_humdisease": from_uniprot.disease_vocabulary,
    "hpo_annotations": from_hpo.hpo_annotations,
    "clinvar_gene_condition": from_clinvar.gene_conditions,
    "clinvar_variant_summary": from_clinvar.variants,
    "hpo_genes_to_phenotype": from_hpo.genes_to_phenotype,
    "hpo_genes_to_disease": from_hpo.genes_to_disease,
    "disgenet_curated": from_associations.disgenet,
    "ncbi_gene2go": from_ncbi.gene2go,
    "ncbi_gene_summary": from_ncbi.gene_summaries,
    "ncbi_generifs": from_ncbi.generifs,
    "ncbi_mim2gene_medgen": from_ncbi.mim2gene_medgen,
    "omim_mim2gene": from_omim.mim2gene,
    "omim_genemap2": from_omim.gene_map,
    "omim_morbidmap": from_omim.morbid_map,
    "omim_mim_titles": from_omim.mim_titles,
    "phegeni_associations": from_associations.trait_associations,
    _DBGAP: from_associations.study_variables,
}


def used_sources(sources: CorpusSources) -> list[SourceUsed]:
    """The files that are there, in order.

    Raises:
        ConfigError: If none is given.
        MissingFileError: If a given one does not exist.
    """
    found: list[SourceUsed] = []
    for key, read in _READERS.items():
        value: Path | tuple[Path, ...] | None = getattr(sources, key)
        paths = value if isinstance(value, tuple) else () if value is None else (value,)
        for path in map(Path, paths):
            if not path.is_file():
                message = f"{path}: no such file, given as {key}. Check the path, or download the file first."
                raise MissingFileError(message)
            publisher = PHEGENI if key == _DBGAP else CATALOGUE[key].publisher
            reader = partial(read, path)
            if key == "hpo_genes_to_phenotype":
                reader = partial(from_hpo.genes_to_phenotype, path, sources.hpo_annotations)
            found.append(SourceUsed(len(found), key, path, publisher, reader))
    if not found:
        raise ConfigError("CorpusSources must name at least one file, names none. Give the path of one.")
    return found
