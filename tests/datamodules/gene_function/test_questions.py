import random
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from datamodules.gene_function.facts import GeneFacts
from datamodules.gene_function.files import GeneFiles, needed_files
from datamodules.gene_function.questions import WORDINGS, build_relation, with_sources
from datamodules.gene_function.reading import read_genes
from datamodules.gene_phenotype.questions import NO, YES, QuestionLimits, list_questions, relation_questions
from datamodules.sources.gene_ontology import GeneOntology, read_gene_ontology
from geneverse_pl.data.records import Sample

Make = Callable[..., GeneFacts]


@pytest.fixture
def genes(tiny_gene_folder: Path) -> dict[str, GeneFacts]:
    """All toy genes with their terms."""
    return read_genes(needed_files(tiny_gene_folder, ["gene2go"], GeneFiles()), lambda _: True, 0)


@pytest.fixture
def ontology(tiny_gene_folder: Path) -> GeneOntology:
    """The toy terms."""
    return read_gene_ontology(tiny_gene_folder / "go-basic.obo")


def asked(genes: Mapping[str, GeneFacts], name: str, ontology: GeneOntology | None) -> list[Sample]:
    """The yes/no questions of a relation about all genes."""
    shown = {key: gene.symbol for key, gene in genes.items()}
    relation = build_relation(name, genes, shown, ontology)  # type: ignore[arg-type]
    samples = relation_questions(
        relation,
        WORDINGS["full"][name],
        list(relation.subjects),
        dict.fromkeys(genes, "group"),
        QuestionLimits(4, 6),
        random.Random(0),
    )
    return list(with_sources(samples, genes))


@pytest.mark.parametrize("name", ["gene_type", "gene_go_function"])
@pytest.mark.parametrize("with_ontology", [True, False])
def test_yes_and_no_are_even_for_every_gene_and_object(
    name: str, with_ontology: bool, genes: dict[str, GeneFacts], ontology: GeneOntology
) -> None:
    samples = asked(genes, name, ontology if with_ontology else None)
    assert len(samples) > 50
    for key in ("subject", "object"):
        counts = {
            answer: Counter(str(sample.metadata[key]) for sample in samples if sample.answer == answer)
            for answer in (YES, NO)
        }
        assert counts[YES] == counts[NO]


def test_no_false_function_is_true_denied_or_implied(
    genes: dict[str, GeneFacts], ontology: GeneOntology
) -> None:
    for sample in asked(genes, "gene_go_function", ontology):
        gene, term = genes[str(sample.metadata["subject"])], str(sample.metadata["object"])
        functions = {one.id: one for one in gene.go["Function"]}
        if sample.answer == YES:
            lines = [f"{file}:{line}" for file, line in functions[term].sources]
            assert sample.metadata["sources"] == lines
            assert sample.metadata["object_name"] == functions[term].text
        else:
            assert term not in gene.go_ids | gene.denied
            assert not any(term in ontology.ancestors(one) for one in gene.go_ids)
            assert not ontology.ancestors(term) & (gene.go_ids | gene.denied)
            assert sample.metadata["sources"] == [f"Homo_sapiens.gene_info.gz:{gene.info.line}"]


def test_terms_that_the_ontology_lacks_stand_for_themselves(make_gene: Make) -> None:
    relation = build_relation("gene_go_function", {"1": make_gene()}, {"1": "HOXA1"}, GeneOntology({}))
    assert relation.pairs == {"1": ["GO:0003677", "GO:0043565"]}
    assert relation.possible("1", "GO:0043565")
    assert not relation.possible("1", "GO:0000001")
    assert relation.implied("GO:0003677") == frozenset()


def test_all_types_of_rna_may_be_true_of_each(make_bare: Make) -> None:
    types = {"1": "ncRNA", "2": "snoRNA", "3": "protein-coding", "4": "unknown"}
    genes = {key: make_bare(gene_id=key, gene_type=gene_type) for key, gene_type in types.items()}
    relation = build_relation("gene_type", genes, dict.fromkeys(genes, "name"))
    assert list(relation.subjects) == ["1", "2", "3"]
    assert relation.possible("1", "snoRNA")
    assert relation.possible("3", "protein-coding")
    assert not relation.possible("2", "protein-coding")
    assert not relation.possible("3", "ncRNA")


def test_a_list_rests_on_all_its_lines(genes: dict[str, GeneFacts]) -> None:
    relation = build_relation("gene_go_function", genes, {key: gene.symbol for key, gene in genes.items()})
    wording = WORDINGS["brief"]["gene_go_function"]
    (sample,) = with_sources(
        list_questions(relation, wording, ["1"], {"1": "g"}, QuestionLimits(4, 6)), genes
    )
    functions = genes["1"].go["Function"]
    assert sample.gold == tuple(one.text for one in functions)
    assert sample.metadata["sources"] == [f"{file}:{line}" for one in functions for file, line in one.sources]
    assert sample.context == "Gene: BLS1"
