from dataclasses import replace
from pathlib import Path

from datamodules.corpus import CorpusSources, build_corpus
from datamodules.entity_files import EntityLimits, write_corpus_entities
from datamodules.sources.hpo import Ontology
from geneverse_pl.representations.items import read_entities, read_pairs
from tests.datamodules.corpus.toy_file import rows
from tests.datamodules.corpus.toy_sources import annotation
from tests.datamodules.entity_files.conftest import SYMBOLS
from tests.datamodules.gene_function.toy_genes import GENE_INFO, info_row, write_table
from tests.datamodules.sources.test_disgenet import HEADER as DISGENET
from tests.datamodules.sources.test_hpo_annotations import COMMENTS, HEADER
from tests.datamodules.sources.test_hpo_genes import GENES_TO_PHENOTYPE
from tests.datamodules.sources.test_ncbi_gene2go import HEADER as GENE2GO


def write_sources(folder: Path) -> CorpusSources:
    """The genes of the other tests; COL4A genes are said to do *growth*."""
    annotations, genes, functions = [], [], []
    for key, symbol in SYMBOLS.items():
        number = int(key)
        disease, sign = f"OMIM:{100000 + number}", f"HP:10000{number % 8:02}"
        annotations.append(annotation(disease, f"{('Ear', 'Eye')[number % 2]} syndrome {number}", sign))
        genes.append([str(number + 100), symbol, sign, f"sign {number % 8}", "-", disease])
        term = ["GO:0000010", "growth"] if number in (0, 2, 4, 6) else ["GO:0000020", "rest"]
        functions.append(["9606", str(number + 100), term[0], "IDA", "involved_in", term[1], "1", "Process"])
    texts = {
        "phenotype.hpoa": COMMENTS + HEADER + "".join(rows(*annotations)),
        "genes_to_phenotype.txt": GENES_TO_PHENOTYPE.partition("\n")[0] + "\n" + "".join(rows(*genes)),
        "gene2go": GENE2GO + "".join(rows(*functions)),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return CorpusSources(
        hpo_annotations=folder / "phenotype.hpoa",
        hpo_genes_to_phenotype=folder / "genes_to_phenotype.txt",
        ncbi_gene2go=folder / "gene2go",
    )


def test_the_names_of_a_corpus_tell_its_pseudogenes(tmp_path: Path) -> None:
    sources = write_sources(tmp_path)
    genes = [info_row(int(key) + 100, symbol, "some gene") for key, symbol in SYMBOLS.items()]
    genes[0][2] = genes[0][10] = "COL4A9P3"
    genes[0][8] = genes[0][11] = "collagen pseudogene 3"
    write_table(tmp_path / "gene_info", GENE_INFO.split(), genes)
    sources = replace(sources, ncbi_gene_info_human=tmp_path / "gene_info")
    # The tables of the HPO would have it called COL4A1.
    path = tmp_path / "genes_to_phenotype.txt"
    path.write_text(path.read_text().replace("\tCOL4A1\t", "\tCOL4A9P3\t"))
    with build_corpus(sources, tmp_path / "corpus.duckdb") as corpus:
        files = write_corpus_entities(tmp_path / "files", corpus, limits=EntityLimits(genes_per_class=3))
    found = {entity.id: entity for entity in read_entities(files[0])}
    gene = found["NCBIGene:100"]
    assert (gene.name, gene.fields["family"]) == ("COL4A9P3", "COL4A")


def test_entities_of_a_corpus(tmp_path: Path, ontology: Ontology) -> None:
    limits = EntityLimits(genes_per_class=3)
    with build_corpus(write_sources(tmp_path), tmp_path / "corpus.duckdb") as corpus:
        files = write_corpus_entities(tmp_path / "files", corpus, ontology, limits)
        again = write_corpus_entities(tmp_path / "again", corpus, ontology, limits)
    assert [path.read_bytes() for path in files] == [path.read_bytes() for path in again]
    found = {entity.id: entity for entity in read_entities(files[0])}
    gene = found["NCBIGene:100"]
    assert (gene.name, gene.kind, gene.fields["family"]) == ("COL4A1", "gene", "COL4A")
    assert (gene.fields["organ_system"], gene.fields["go"]) == ("ear", "growth")
    assert found["NCBIGene:101"].fields["go"] == ""  # more than a third of the genes have its term
    assert found["OMIM:100001"].fields["organ_system"] == "eye"
    assert found["OMIM:100001"].fields["group"] == "series:eye syndrome"
    assert found["HP:1000000"].kind == "phenotype"
    pairs = {(pair.relation, pair.subject, pair.object) for pair in read_pairs(files[1])}
    assert ("gene_disease", "NCBIGene:100", "OMIM:100000") in pairs
    assert ("gene_phenotype", "NCBIGene:100", "HP:1000000") in pairs
    assert ("disease_phenotype", "OMIM:100000", "HP:1000000") in pairs
    assert sum(relation == "gene_disease" for relation, _, _ in pairs) == 12


def test_without_an_ontology_no_organ_systems(tmp_path: Path) -> None:
    with build_corpus(write_sources(tmp_path), tmp_path / "corpus.duckdb") as corpus:
        entities, _ = write_corpus_entities(tmp_path / "files", corpus)
    assert {entity.fields["organ_system"] for entity in read_entities(entities)} == {""}


def test_a_concept_that_is_a_disease_and_a_phenotype_has_two_rows(tmp_path: Path) -> None:
    columns = ["COL4A{0}", "", "", "C0000001", "Thing", "disease", "", "", "0.5", "", "", "", "1", "0", "CGI"]
    told = [[str(number), *(cell.format(number) for cell in columns)] for number in range(1, 7)]
    told.append([cell.replace("disease", "phenotype") for cell in told[0]])
    (tmp_path / "gda.tsv").write_text(DISGENET + "".join(rows(*told)))
    sources = CorpusSources(disgenet_curated=tmp_path / "gda.tsv")
    with build_corpus(sources, tmp_path / "corpus.duckdb") as corpus:
        entities, relations = write_corpus_entities(tmp_path, corpus, limits=EntityLimits(genes_per_class=3))
    kinds = {one.id: one.kind for one in read_entities(entities)}
    assert kinds["MEDGEN:C0000001"] == "disease"
    assert kinds["MEDGEN:C0000001 (phenotype)"] == "phenotype"
    [pair] = [pair for pair in read_pairs(relations) if pair.relation == "gene_phenotype"]
    assert (pair.subject, pair.object) == ("NCBIGene:1", "MEDGEN:C0000001 (phenotype)")
