"""Passages of a corpus: names, ids, what the sources affirm, and under which terms."""

from pathlib import Path

import pytest

from datamodules.corpus import Corpus
from datamodules.corpus.passages import corpus_passages, entity_passages
from geneverse_pl.retrieval import Retriever, build_index
from tests.datamodules.conftest import write_tiny_hpo


def test_every_entity_has_a_passage_with_its_terms(toy_corpus: Corpus) -> None:
    passages = {one.id: one for one in entity_passages(toy_corpus)}
    licences = {one.licence for one in toy_corpus.sources()}
    for kind in ("gene", "disease", "phenotype"):
        for entity in toy_corpus.entities(kind):
            if entity.is_obsolete:
                assert entity.id not in passages
                continue
            passage = passages[entity.id]
            assert passage.title == (entity.name or entity.id)
            assert passage.names == entity.aliases
            assert passage.text.startswith(f"{kind.capitalize()} {passage.title}.")
            assert any(licence in passage.source for licence in licences)
            assert set(passage.identifiers) <= set(entity.identifiers)


def test_relations_are_told_from_both_ends(toy_corpus: Corpus) -> None:
    passages = {one.id: one for one in entity_passages(toy_corpus)}
    names = {one.id: one.name or one.id for kind in ("gene", "disease") for one in toy_corpus.entities(kind)}
    links = [
        one
        for one in toy_corpus.relations("gene_disease")
        if one.subject in passages and one.object in passages
    ]
    assert links
    for link in links:
        assert names[link.object] in passages[link.subject].text.partition("Diseases: ")[2]
        assert names[link.subject] in passages[link.object].text.partition("Genes: ")[2]
        for evidence in link.evidence:
            assert evidence.file in passages[link.subject].source
    denied = {(one.subject, one.object) for one in toy_corpus.relations("disease_phenotype", negated=True)}
    affirmed = {(one.subject, one.object) for one in toy_corpus.relations("disease_phenotype")}
    phenotypes = {one.id: one.name or one.id for one in toy_corpus.entities("phenotype")}
    for disease, phenotype in denied - affirmed:
        if disease in passages:
            assert phenotypes[phenotype] not in passages[disease].text.partition("Phenotypes: ")[2]


def test_long_lists_are_counted(toy_corpus: Corpus) -> None:
    whole = {one.id: one.text for one in entity_passages(toy_corpus)}
    short = {one.id: one.text for one in entity_passages(toy_corpus, max_items=1)}
    assert any("and 1 more" in text for text in short.values())
    assert not any("more" in text for text in whole.values())
    assert all(len(short[one]) <= len(whole[one]) + 20 for one in whole)


def test_a_folder_and_a_file_give_the_same(tmp_path: Path, toy_corpus_path: Path) -> None:
    folder = write_tiny_hpo(tmp_path / "hpo")
    merged = list(corpus_passages(folder))
    assert len({one.id for one in merged}) == len(merged) > 100
    with Corpus(toy_corpus_path) as corpus:
        assert list(corpus_passages(toy_corpus_path)) == list(entity_passages(corpus))


def test_a_disease_is_found_by_each_of_its_names(toy_corpus: Corpus, tmp_path: Path) -> None:
    retriever = Retriever.load(build_index(entity_passages(toy_corpus), tmp_path / "index"))
    for entity in toy_corpus.entities("disease"):
        if entity.name and not entity.is_obsolete:
            found = retriever.search(f"Which phenotypes does {entity.name} have?", 5)
            assert entity.id in [one.passage.id for one in found]


def test_a_gene_tells_only_the_number_that_is_surely_its_own(tmp_path: Path) -> None:
    titles = "tax_id GeneID Symbol LocusTag Synonyms dbXrefs chromosome map_location description type_of_gene"
    titles += (
        " Symbol_from_nomenclature_authority Full_name_from_nomenclature_authority Nomenclature_status"
        " Other_designations Modification_date Feature_type"
    )
    rows = [("60", "ACTB", "MIM:102630|MIM:243310"), ("70", "ACTC1", "MIM:102540|HGNC:HGNC:143")]
    lines = ["#" + titles.replace(" ", "\t")]
    for number, symbol, ids in rows:
        lines.append("\t".join(["9606", number, symbol, "-", "-", ids, *["-"] * 8, "20240101", "-"]))
    (tmp_path / "Homo_sapiens.gene_info").write_text("\n".join(lines) + "\n", encoding="utf-8")
    several, one = corpus_passages(tmp_path)
    assert several.text == "Gene ACTB. Identifiers: NCBIGene:60."
    assert set(several.identifiers) == {"NCBIGene:60", "OMIM:102630", "OMIM:243310"}  # it is found by all
    assert one.text == "Gene ACTC1. Identifiers: HGNC:143; NCBIGene:70; OMIM:102540."


@pytest.mark.slow
def test_the_packaged_files_give_thousands() -> None:
    passages = list(corpus_passages())
    assert len(passages) > 10_000
    marfan = next(one for one in passages if one.id == "OMIM:154700")
    assert "FBN1" in marfan.text
    assert "Ectopia lentis" in marfan.text
