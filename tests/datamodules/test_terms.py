from pathlib import Path

from datamodules.sources.catalogue import CATALOGUE
from datamodules.terms import source_facts, terms_of


def test_files_of_the_catalogue_are_known_by_name_packed_or_not() -> None:
    facts = source_facts([Path("/data/hp.obo"), Path("phenotype.hpoa"), Path("gene2go"), Path("own.csv")])
    assert [(one.name, one.files) for one in facts.terms] == [
        ("NCBI Gene", ("gene2go",)),
        ("HPO", ("hp.obo", "phenotype.hpoa")),
    ]
    assert "HPO licence" in facts.terms[1].licence
    assert facts.terms[1].citation.startswith("Gargano")


def test_every_file_of_the_catalogue_has_terms() -> None:
    names = [file.file_name for file in CATALOGUE.values()]
    assert {name for one in terms_of(names) for name in one.files} == set(names)
