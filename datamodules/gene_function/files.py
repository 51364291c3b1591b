"""Which files the genes are read from, where they lie and how they are fetched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Literal, get_args

from datamodules.download import remote_files
from datamodules.sources.catalogue import CATALOGUE
from geneverse_pl.data.fetch import RemoteFile
from geneverse_pl.exceptions import ConfigError, unknown_choice

SourceName = Literal[
    "gene2go", "gene_summary", "generifs", "gene_ontology", "mim2gene_medgen", "diseases", "phenotypes"
]
FileName = Literal[
    "gene_info",
    "gene2go",
    "gene_summary",
    "generifs",
    "gene_ontology",
    "mim2gene_medgen",
    "genes_to_disease",
    "genes_to_phenotype",
    "disease_annotations",
]

_KEYS: dict[FileName, str] = {
    "gene_info": "ncbi_gene_info_human",
    "gene2go": "ncbi_gene2go",
    "gene_summary": "ncbi_gene_summary",
    "generifs": "ncbi_generifs",
    "gene_ontology": "go_basic",
    "mim2gene_medgen": "ncbi_mim2gene_medgen",
    "genes_to_disease": "hpo_genes_to_disease",
    "genes_to_phenotype": "hpo_genes_to_phenotype",
    "disease_annotations": "hpo_annotations",
}
# The tables of genes have neither the names of diseases nor which phenotypes are denied.
_FILES_OF: dict[SourceName, tuple[FileName, ...]] = {
    "gene2go": ("gene2go",),
    "gene_summary": ("gene_summary",),
    "generifs": ("generifs",),
    "gene_ontology": ("gene_ontology",),
    "mim2gene_medgen": ("mim2gene_medgen",),
    "diseases": ("genes_to_disease", "disease_annotations"),
    "phenotypes": ("genes_to_phenotype", "disease_annotations"),
}


@dataclass
class GeneFiles:
    """Files that lie elsewhere, or have another name, than the folder would have it.

    Args:
        gene_info: NCBI Gene's ``gene_info``.
        gene2go: NCBI Gene's ``gene2go``.
        gene_summary: NCBI Gene's ``gene_summary``.
        generifs: NCBI Gene's ``generifs_basic``.
        gene_ontology: ``go-basic.obo``.
        mim2gene_medgen: NCBI Gene's ``mim2gene_medgen``.
        genes_to_disease: The HPO's ``genes_to_disease.txt``.
        genes_to_phenotype: The HPO's ``genes_to_phenotype.txt``.
        disease_annotations: The HPO's ``phenotype.hpoa``.
    """

    gene_info: Path | None = None
    gene2go: Path | None = None
    gene_summary: Path | None = None
    generifs: Path | None = None
    gene_ontology: Path | None = None
    mim2gene_medgen: Path | None = None
    genes_to_disease: Path | None = None
    genes_to_phenotype: Path | None = None
    disease_annotations: Path | None = None


def needed_files(folder: Path, sources: Sequence[SourceName], given: GeneFiles) -> dict[FileName, Path]:
    """The path of each file that is read; ``gene_info`` always is.

    Args:
        folder: Folder of the files, under the names that their publishers give them, packed or not.
        sources: What is read besides ``gene_info``.
        given: Files that lie elsewhere.

    Raises:
        ConfigError: If a source is unknown, or a file is given whose source is not read.
    """
    names: list[FileName] = ["gene_info"]
    for source in sources:
        if source not in _FILES_OF:
            raise ConfigError(unknown_choice("source", source, get_args(SourceName)))
        names += [name for name in _FILES_OF[source] if name not in names]
    for field in fields(given):
        if getattr(given, field.name) is not None and field.name not in names:
            needing = " or ".join(source for source, found in _FILES_OF.items() if field.name in found)
            raise ConfigError(
                f"files.{field.name} must belong to a source that is read, and sources are "
                f"{', '.join(sources) or 'none'}. Add {needing} to sources, or leave the file out."
            )
    return {name: getattr(given, name) or _in_folder(folder, name) for name in names}


def _in_folder(folder: Path, name: FileName) -> Path:
    path = folder / CATALOGUE[_KEYS[name]].file_name
    unpacked = path.with_name(path.name.removesuffix(".gz"))
    return unpacked if unpacked.is_file() and not path.exists() else path


def downloads(paths: Mapping[FileName, Path]) -> Sequence[RemoteFile]:
    """Where each file is fetched from.

    Args:
        paths: The files.
    """
    return [
        replace(remote, path=path)
        for name, path in paths.items()
        for remote in remote_files([_KEYS[name]], path.parent)
    ]
