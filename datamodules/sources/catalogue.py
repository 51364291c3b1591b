"""Public source files: what each is, where it is, under which terms, and how it is cited.

The addresses are those that the publishers name; ``datamodules.download`` fetches from them. A file that
needs an account or a licence has no address here: its publisher gives each user one of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from datamodules.sources.publishers import (
    CLINVAR,
    DISGENET,
    GO,
    HPO,
    NCBI_GENE,
    OMIM,
    PHEGENI,
    UNIPROT,
    Publisher,
)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A public source file.

    Args:
        key: Its name in this catalogue.
        title: What it holds.
        file_name: Name that the readers expect.
        publisher: Who publishes it.
        url: Address; None where each user is given one of their own.
        registration_url: Where access is asked for; None where none is needed.
        note: What to know of it.
    """

    key: str
    title: str
    file_name: str
    publisher: Publisher
    url: str | None = None
    registration_url: str | None = None
    note: str = ""

    @property
    def is_free(self) -> bool:
        """Whether it can be fetched without registration."""
        return self.url is not None


_GENE = "https://ftp.ncbi.nlm.nih.gov/gene"
_CLINVAR_FILES = "https://ftp.ncbi.nlm.nih.gov/pub/clinvar"
# One release has all five; the older addresses at purl.obolibrary.org lead here too.
_HPO_RELEASE = "https://github.com/obophenotype/human-phenotype-ontology/releases/latest/download"
_OMIM_ACCESS = "https://www.omim.org/downloads"
_SAME_RELEASE = "Take all HPO files of one release."

# Columns that the readers know; cross-references come as lists that end each item with a semicolon.
_UNIPROT_FIELDS = (
    "accession,id,reviewed,protein_name,gene_names,gene_primary,gene_synonym,length,cc_function,cc_disease,"
    "cc_pathway,cc_tissue_specificity,cc_subcellular_location,go_id,keyword,xref_mim,xref_geneid,xref_hgnc,"
    "xref_orphanet,lit_pubmed_id"
)
_UNIPROT_STREAM = (
    "https://rest.uniprot.org/uniprotkb/stream?compressed=true&format=tsv"
    "&query=%28organism_id%3A9606%29%20AND%20%28reviewed%3Atrue%29"
    f"&fields={_UNIPROT_FIELDS.replace(',', '%2C')}"
)

_FILES = (
    SourceFile(
        "ncbi_gene_info_human",
        "Human genes: symbols, names, cross-references",
        "Homo_sapiens.gene_info.gz",
        NCBI_GENE,
        f"{_GENE}/DATA/GENE_INFO/Mammalia/Homo_sapiens.gene_info.gz",
    ),
    SourceFile(
        "ncbi_gene2go",
        "GO annotations of genes",
        "gene2go.gz",
        NCBI_GENE,
        f"{_GENE}/DATA/gene2go.gz",
        note="All species; more than 1 GB.",
    ),
    SourceFile(
        "ncbi_generifs",
        "GeneRIF: sentences on the function of genes",
        "generifs_basic.gz",
        NCBI_GENE,
        f"{_GENE}/GeneRIF/generifs_basic.gz",
        note="All species.",
    ),
    SourceFile(
        "ncbi_gene_summary",
        "Summaries of genes",
        "gene_summary.gz",
        NCBI_GENE,
        f"{_GENE}/DATA/gene_summary.gz",
        note="All species.",
    ),
    SourceFile(
        "ncbi_mim2gene_medgen",
        "Genes and diseases by MIM number",
        "mim2gene_medgen",
        NCBI_GENE,
        f"{_GENE}/DATA/mim2gene_medgen",
    ),
    SourceFile(
        "omim_mim2gene",
        "MIM numbers and genes",
        "mim2gene.txt",
        OMIM,
        "https://www.omim.org/static/omim/data/mim2gene.txt",
        note="The one file of OMIM that needs no registration.",
    ),
    *(
        SourceFile(
            key,
            title,
            file_name,
            OMIM,
            registration_url=_OMIM_ACCESS,
            note="Free for research; OMIM mails a link of your own.",
        )
        for key, title, file_name in (
            ("omim_mim_titles", "Titles of MIM numbers", "mimTitles.txt"),
            ("omim_morbidmap", "Diseases and their genes", "morbidmap.txt"),
            ("omim_genemap2", "Genes, their places and diseases", "genemap2.txt"),
        )
    ),
    *(
        SourceFile(key, title, file_name, HPO, f"{_HPO_RELEASE}/{file_name}", note=_SAME_RELEASE)
        for key, title, file_name in (
            ("hpo_ontology", "Terms of the HPO", "hp.obo"),
            ("hpo_annotations", "Diseases and their phenotypes", "phenotype.hpoa"),
            ("hpo_genes_to_phenotype", "Genes and phenotypes", "genes_to_phenotype.txt"),
            ("hpo_phenotype_to_genes", "Phenotypes, with all above, and genes", "phenotype_to_genes.txt"),
            ("hpo_genes_to_disease", "Genes and diseases", "genes_to_disease.txt"),
        )
    ),
    SourceFile(
        "clinvar_gene_condition",
        "Genes and diseases, with their sources",
        "gene_condition_source_id",
        CLINVAR,
        f"{_CLINVAR_FILES}/gene_condition_source_id",
    ),
    SourceFile(
        "clinvar_variant_summary",
        "Variants and their significance",
        "variant_summary.txt.gz",
        CLINVAR,
        f"{_CLINVAR_FILES}/tab_delimited/variant_summary.txt.gz",
        note="Several hundred MB.",
    ),
    SourceFile(
        "uniprot_human_reviewed",
        "Reviewed human proteins: function, diseases",
        "uniprot_human_reviewed.tsv.gz",
        UNIPROT,
        _UNIPROT_STREAM,
        note="Made by the server on request: a break starts it over.",
    ),
    SourceFile(
        "uniprot_humdisease",
        "UniProt's list of human diseases",
        "humdisease.txt",
        UNIPROT,
        "https://ftp.uniprot.org/pub/databases/uniprot/current_release/knowledgebase/complete/docs/humdisease.txt",
    ),
    SourceFile(
        "go_basic",
        "Terms of the Gene Ontology",
        "go-basic.obo",
        GO,
        "https://current.geneontology.org/ontology/go-basic.obo",
    ),
    SourceFile(
        "disgenet_curated",
        "Curated genes and diseases",
        "curated_gene_disease_associations.tsv.gz",
        DISGENET,
        registration_url="https://disgenet.com/academic-apply",
        note="Academic accounts are free. Release 7 was the last in this form; newer data need a key.",
    ),
    SourceFile(
        "phegeni_associations",
        "Traits and genes from dbGaP and the GWAS Catalog",
        "PheGenI_Association_full.tab",
        PHEGENI,
        "https://www.ncbi.nlm.nih.gov/projects/gap/eqtl/EpiViewBE.cgi?type=dl.tab",
        note="Summaries alone; data of persons in dbGaP are controlled, and not needed.",
    ),
)

#: Every source file, by its key.
#:
#: :meta hide-value:
CATALOGUE: Mapping[str, SourceFile] = {file.key: file for file in _FILES}
