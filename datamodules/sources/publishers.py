"""Who publishes the source files, under which terms, and how each is cited."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who publishes files, under which terms.

    Args:
        name: Name of the database.
        licence: Its licence in short.
        licence_url: Where the licence is.
        citation: What to cite.
    """

    name: str
    licence: str
    licence_url: str
    citation: str


_NLM_TERMS = "https://www.ncbi.nlm.nih.gov/home/about/policies/"
NCBI_GENE = Publisher(
    "NCBI Gene",
    "public domain",
    _NLM_TERMS,
    "Brown GR, et al. Gene: a gene-centered information resource at NCBI. Nucleic Acids Res 2015; 43: "
    "D36-D42. https://doi.org/10.1093/nar/gku1055",
)
OMIM = Publisher(
    "OMIM",
    "OMIM agreement; the text may not be passed on",
    "https://www.omim.org/help/agreement",
    "Amberger JS, et al. OMIM.org: leveraging knowledge across phenotype-gene relationships. Nucleic Acids "
    "Res 2019; 47: D1038-D1043. https://doi.org/10.1093/nar/gky1151",
)
HPO = Publisher(
    "HPO",
    "HPO licence: cite, show the release, do not alter",
    "https://hpo.jax.org/license",
    "Gargano MA, et al. The Human Phenotype Ontology in 2024: phenotypes around the world. Nucleic Acids Res "
    "2024; 52: D1333-D1346. https://doi.org/10.1093/nar/gkad1005",
)
CLINVAR = Publisher(
    "ClinVar",
    "public domain",
    "https://www.ncbi.nlm.nih.gov/clinvar/docs/maintenance_use/",
    "Landrum MJ, et al. ClinVar: improving access to variant interpretations and supporting evidence. "
    "Nucleic Acids Res 2018; 46: D1062-D1067. https://doi.org/10.1093/nar/gkx1153",
)
UNIPROT = Publisher(
    "UniProt",
    "CC BY 4.0",
    "https://www.uniprot.org/help/license",
    "The UniProt Consortium. UniProt: the Universal Protein Knowledgebase in 2023. Nucleic Acids Res 2023; "
    "51: D523-D531. https://doi.org/10.1093/nar/gkac1052",
)
GO = Publisher(
    "Gene Ontology",
    "CC BY 4.0",
    "https://geneontology.org/docs/go-citation-policy/",
    "The Gene Ontology Consortium. The Gene Ontology knowledgebase in 2023. Genetics 2023; 224: iyad031. "
    "https://doi.org/10.1093/genetics/iyad031",
)
DISGENET = Publisher(
    "DisGeNET",
    "DisGeNET licence; release 7 CC BY-NC-SA 4.0",
    "https://www.disgenet.org/legal",
    "Piñero J, et al. The DisGeNET knowledge platform for disease genomics: 2019 update. Nucleic Acids Res "
    "2020; 48: D845-D855. https://doi.org/10.1093/nar/gkz1021",
)
PHEGENI = Publisher(
    "PheGenI (dbGaP)",
    "public domain",
    _NLM_TERMS,
    "Ramos EM, et al. Phenotype-Genotype Integrator (PheGenI). Eur J Hum Genet 2014; 22: 144-147. "
    "https://doi.org/10.1038/ejhg.2013.96",
)
