"""Toy files of relations, and all toy sources together; what they say is made up and fits together."""

import random
from collections.abc import Iterable
from pathlib import Path

from datamodules.corpus import CorpusSources
from tests.datamodules.corpus.toy_file import ToyFile, header, rows
from tests.datamodules.corpus.toy_vocabularies import VOCABULARIES
from tests.datamodules.sources.test_clinvar import NEW_GENES, variants
from tests.datamodules.sources.test_dbgap import NAME as DBGAP_NAME
from tests.datamodules.sources.test_dbgap import TEXT as DBGAP
from tests.datamodules.sources.test_disgenet import HEADER as DISGENET
from tests.datamodules.sources.test_hpo_annotations import COMMENTS as HPOA_COMMENTS
from tests.datamodules.sources.test_hpo_annotations import HEADER as HPOA
from tests.datamodules.sources.test_hpo_genes import GENES_TO_DISEASE, GENES_TO_PHENOTYPE
from tests.datamodules.sources.test_ncbi_gene2go import HEADER as GENE2GO
from tests.datamodules.sources.test_omim_entries import BOTTOM
from tests.datamodules.sources.test_omim_maps import GENEMAP, MORBIDMAP
from tests.datamodules.sources.test_phegeni import TABLE as PHEGENI

# OMIM's 14 columns.
_GENEMAP_ROW = ["chr1", "1", "2", "1p1", "1p1.1", "600100", "ABC1, OLD1", "Alpha gene", "ABC1", "100"]
_PHENOTYPES = "?Alpha syndrome, 100100 (3), Autosomal dominant; Blue thumb (1)"


def cells(row: str) -> list[str]:
    return row.split("|")


def annotation(disease: str, name: str, hpo_id: str, **further: str) -> list[str]:
    qualifier, frequency, aspect = (further.get(key, "") for key in ("qualifier", "frequency", "aspect"))
    extra = ["PMID:1", "PCS", "", frequency, "", "", aspect or "P", "HPO:tester[2025-01-16]"]
    return [disease, name, qualifier, hpo_id, *extra]


def variant(number: int, ids: str, names: str, significance: str) -> dict[str, str]:
    usual = {"AlleleID": str(number), "VariationID": str(number), "GeneID": "200", "GeneSymbol": "ABC2"}
    return usual | {"PhenotypeIDS": ids, "PhenotypeList": names, "ClinicalSignificance": significance}


_VARIANTS = variants(
    variant(1, "OMIM:100200,Orphanet:55", "Beta syndrome", "Pathogenic"),
    variant(2, "OMIM:100300,Orphanet:ORPHA55|MedGen:C3661900", "Delta syndrome|not provided", "Benign"),
    variant(3, "Human Phenotype Ontology:HP:0001003,MedGen:C0100003", "Blue hair", "Likely pathogenic"),
)
FILES: dict[str, ToyFile] = VOCABULARIES | {
    "hpo_annotations": ToyFile(
        "phenotype.hpoa",
        HPOA_COMMENTS + HPOA,
        rows(
            annotation("OMIM:100100", "Alpha syndrome", "HP:0001001"),
            annotation("OMIM:100400", "Alpha syndrome, old", "HP:0009001"),
            annotation("OMIM:100100", "Alpha syndrome", "HP:0009003"),
            annotation("OMIM:100100", "Alpha syndrome", "HP:0099999"),
            annotation("OMIM:100100", "Alpha syndrome", "HP:0000007", aspect="I"),
            annotation("OMIM:100200", "Beta syndrome", "HP:0009002", qualifier="NOT"),
            annotation("OMIM:100200", "Beta syndrome", "HP:0001002", frequency="0/7"),
            annotation("OMIM:100300", "Delta syndrome", "HP:0001002", frequency="1/7"),
            annotation("OMIM:100300", "Delta syndrome", "HP:0001002", frequency="0%"),
            annotation("ORPHA:55", "Wide syndrome", "HP:0001003"),
        ),
    ),
    "clinvar_gene_condition": ToyFile(
        "gene_condition_source_id",
        header(NEW_GENES),
        rows(
            cells("100|ABC1||C0000001|Alpha syndrome|MONDO|MONDO:0000001|100100|1 Jan 2024"),
            ["200", "", "ABC2", "", "Chain disease", "MONDO", "MONDO:0000006", "100600", "1 Jan 2024"],
            ["200", "", "ABC2", "C0000007", "Chain disease", "MONDO", "MONDO:0000006", "", "1 Jan 2024"],
            ["200", "", "ABC2", "CN169374", "not specified", "-", "-", "", "1 Jan 2024"],
        ),
    ),
    "hpo_genes_to_phenotype": ToyFile(
        "genes_to_phenotype.txt",
        GENES_TO_PHENOTYPE.partition("\n")[0] + "\n",
        rows(
            ["100", "ABC1", "HP:0001001", "Small ear", "-", "OMIM:100100"],
            ["100", "ABC1", "HP:0000007", "Autosomal recessive inheritance", "-", "OMIM:100100"],
            ["200", "ABC2", "HP:0001002", "Large ear", "-", "OMIM:100200"],
        ),
    ),
    "hpo_genes_to_disease": ToyFile(
        "genes_to_disease.txt",
        GENES_TO_DISEASE.partition("\n")[0] + "\n",
        rows(
            ["NCBIGene:100", "ABC1", "MENDELIAN", "OMIM:100100", "ftp://here"],
            ["NCBIGene:300", "ABC3", "UNKNOWN", "OMIM:100500", "ftp://here"],
        ),
    ),
    "disgenet_curated": ToyFile(
        "curated_gene_disease_associations.tsv",
        DISGENET,
        rows(
            cells("100|ABC1|||C0000001|Alpha|disease|||0.5||||1|0|CGI"),
            cells("200|ABC2|||C0100001|Ear|phenotype|||0.5||||1|0|CGI"),
            cells("200|ABC2|||C0100002|Hair|phenotype|||0.5||||1|0|CGI"),
        ),
    ),
    "ncbi_gene2go": ToyFile(
        "gene2go",
        GENE2GO,
        rows(
            ["9606", "100", "GO:0000010", "IDA", "involved_in", "ear growth", "1", "Process"],
            ["9606", "100", "GO:0000019", "IMP", "NOT involved_in", "ear growth, old", "2", "Process"],
            ["9606", "200", "GO:0000077", "IEA", "involved_in", "hair growth", "-", "Process"],
        ),
    ),
    "ncbi_gene_summary": ToyFile(
        "gene_summary",
        "#tax_id\tGeneID\tSource\tSummary\n",
        rows(
            ["9606", "100", "RefSeq", "It makes ears. They hear. [provided by RefSeq, Jul 2008]."],
            ["9606", "200", "-", "-"],
        ),
    ),
    "ncbi_generifs": ToyFile(
        "generifs_basic",
        "#Tax ID\tGene ID\tPubMed ID (PMID) list\tlast update timestamp\tGeneRIF text\n",
        rows(
            ["9606", "100", "11", "2010-01-20 00:00", "Ears grow with it"],
            ["9606", "100", "12|13", "2012-03-01 10:00", "Ears grow with it"],
            ["9606", "200", "14", "2011-01-20 00:00", "It is about hair."],
        ),
    ),
    "omim_genemap2": ToyFile(
        "genemap2.txt",
        header(GENEMAP),
        rows(
            [*_GENEMAP_ROW, "ENSG00000000001", "", _PHENOTYPES, ""],
            [*_GENEMAP_ROW[:5], "100900", "LOC1", "", "", "", "", "", "Locus, 100901 (2)", ""],
        ),
    ),
    "omim_morbidmap": ToyFile(
        "morbidmap.txt",
        header(MORBIDMAP),
        rows(
            ["{Beta syndrome, susceptibility to}, 100200 (2)", "ABC2", "600200", "1p1"],
            ["Epsilon disease, 100950 (3)", "XYZ9", "609000", "2p1"],
        ),
        BOTTOM,
    ),
    "phegeni_associations": ToyFile(
        "PheGenI_Association_full.tab",
        header(PHEGENI),
        rows(
            cells("1|MACROTIA|1|intron|ABC1|100|ABC1|100|1|1|1E-9|NHGRI|1|0||"),
            cells("2|Odd ear|2|-|ABC1|100|ABC2|200|1|1|1E-9|dbGaP||0||"),
            ["3", "Height", "3", "-", "ABC2", "200", "", "", "1", "1", "1E-9", "NHGRI", "1", "0", "", ""],
        ),
    ),
    "dbgap_dictionaries": ToyFile(DBGAP_NAME, DBGAP, ()),
    "clinvar_variant_summary": ToyFile(
        "variant_summary.txt", header(_VARIANTS), tuple(_VARIANTS.splitlines(keepends=True)[1:])
    ),
}


def write_toy_sources(
    folder: Path, keys: Iterable[str] = tuple(FILES), rng: random.Random | None = None
) -> CorpusSources:
    """Writes the files of some sources, all by default, with their parts in another order if asked."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {key: FILES[key].write(folder, rng) for key in keys}
    dictionary = paths.pop("dbgap_dictionaries", None)
    return CorpusSources(**paths, dbgap_dictionaries=() if dictionary is None else (dictionary,))
