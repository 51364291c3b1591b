from collections.abc import Callable
from pathlib import Path

import pytest

from datamodules.gene_phenotype.knowledge import Knowledge, by_share, name_series
from datamodules.gene_phenotype.merging import read_knowledge
from datamodules.sources.hpo import read_disease_annotations, read_gene_phenotypes
from datamodules.sources.names import normalised_name
from datamodules.sources.tables import MissingFileError
from geneverse_pl.exceptions import ConfigError, DataFormatError

AddRows = Callable[..., None]
NEW = "OMIM:999999"
SMALL_EYE, EYE_APLASIA, EYE = "HP:0100001", "HP:0100002", "HP:0100000"
QUALIFIERS = """
[Term]
id: HP:0034335
name: Inheritance qualifier
is_a: HP:0000005

[Term]
id: HP:0003829
name: Typified by incomplete penetrance
is_a: HP:0034335

[Term]
id: HP:0001419
name: X-linked recessive inheritance
is_a: HP:0001417
"""


def rows_of(term: str, *frequencies: str, qualifier: str = "") -> list[tuple[str, ...]]:
    return [(NEW, "New disease", qualifier, term, frequency, "P") for frequency in frequencies]


def test_phenotypes_are_the_affirmed_terms(knowledge: Knowledge, tiny_hpo_folder: Path) -> None:
    affirmed: dict[str, set[str]] = {}
    absent: dict[str, set[str]] = {}
    merged = {key: disease for disease in knowledge.diseases.values() for key in disease.ids}
    for row in read_disease_annotations(tiny_hpo_folder / "phenotype.hpoa"):
        term = knowledge.ontology.resolve(row.hpo_id)
        if row.aspect == "P" and term is not None:
            (absent if row.is_excluded else affirmed).setdefault(merged[row.database_id].id, set()).add(term)
    assert len(absent) > 10
    for key, disease in knowledge.diseases.items():
        assert set(disease.phenotypes) == affirmed[key] - disease.disputed
        assert disease.disputed <= affirmed[key] & absent.get(key, set())


def test_former_ids_become_present_ones_or_are_left_out(knowledge: Knowledge) -> None:
    # Rows with a replaced, an alternative, and an obsolete id without a successor belong to this disease.
    disease = knowledge.diseases["OMIM:600000"]
    assert SMALL_EYE in disease.phenotypes
    assert not {"HP:0190001", "HP:0190002", "HP:0190003"} & set(disease.phenotypes)


def test_only_phenotypic_abnormalities_are_phenotypes(
    tiny_hpo_folder: Path, add_annotations: AddRows
) -> None:
    rows = [
        (NEW, "New disease", "", SMALL_EYE, "", "P"),
        (NEW, "New disease", "", "HP:0012828", "", "P"),  # a modifier
        (NEW, "New disease", "", "HP:0000118", "", "P"),  # "something is abnormal"
        (NEW, "New disease", "", "HP:0012828", "", "M"),
        (NEW, "New disease", "", EYE_APLASIA, "", "H"),  # past history
        (NEW, "New disease", "", "HP:0003593", "", "C"),
        (NEW, "New disease", "", "HP:0000007", "", "I"),
    ]
    add_annotations(tiny_hpo_folder, rows)
    disease = read_knowledge(tiny_hpo_folder).diseases[NEW]
    assert list(disease.phenotypes) == [SMALL_EYE]
    assert disease.onsets == ["HP:0003593"]
    assert disease.inheritance == ["HP:0000007"]


@pytest.mark.parametrize(
    ("frequencies", "share"),
    [
        (("",), None),
        (("HP:0040283",), 0.17),
        (("25%", "HP:0040281"), 0.895),  # the highest estimate
        (("3/10",), 0.3),
        (("3/10", "1/20"), 4 / 30),  # patients add up
        (("5/9", "0/1"), 0.5),  # one healthy patient undoes nothing
        (("9/10", "25%"), 0.9),  # counted goes before estimated
        (("1/1",), None),  # too few to tell
        (("1/1", "3/4"), 0.8),
        (("1/1", "25%"), 0.25),
        (("", "0/9"), None),
    ],
)
def test_the_share_of_patients(
    frequencies: tuple[str, ...], share: float | None, tiny_hpo_folder: Path, add_annotations: AddRows
) -> None:
    add_annotations(tiny_hpo_folder, rows_of(SMALL_EYE, *frequencies))
    phenotypes = read_knowledge(tiny_hpo_folder).diseases[NEW].phenotypes
    assert list(phenotypes) == [SMALL_EYE]
    assert phenotypes[SMALL_EYE] == (None if share is None else pytest.approx(share))


@pytest.mark.parametrize("frequency", ["0/3", "0/40", "0%", "HP:0040285"])
def test_what_no_patient_has_is_no_phenotype(
    frequency: str, tiny_hpo_folder: Path, add_annotations: AddRows
) -> None:
    add_annotations(tiny_hpo_folder, [*rows_of(SMALL_EYE, frequency), *rows_of(EYE_APLASIA, "")])
    disease = read_knowledge(tiny_hpo_folder).diseases[NEW]
    assert list(disease.phenotypes) == [EYE_APLASIA]
    assert disease.disputed == set()


@pytest.mark.parametrize("denial", [("0%", ""), ("HP:0040285", ""), ("", "NOT"), ("3/7", "NOT")])
def test_what_one_row_affirms_and_another_denies_is_disputed(
    denial: tuple[str, str], tiny_hpo_folder: Path, add_annotations: AddRows
) -> None:
    frequency, qualifier = denial
    add_annotations(tiny_hpo_folder, rows_of(SMALL_EYE, "2/7") + rows_of(EYE_APLASIA, ""))
    add_annotations(tiny_hpo_folder, rows_of(SMALL_EYE, frequency, qualifier=qualifier))
    disease = read_knowledge(tiny_hpo_folder).diseases[NEW]
    assert disease.disputed == {SMALL_EYE}
    assert list(disease.phenotypes) == [EYE_APLASIA]


def test_the_onset_of_a_phenotype_is_not_that_of_the_disease(
    tiny_hpo_folder: Path, add_annotations: AddRows
) -> None:
    add_annotations(tiny_hpo_folder, rows_of(SMALL_EYE, ""), onset="HP:0003581")
    assert read_knowledge(tiny_hpo_folder).diseases[NEW].onsets == []


def test_modes_of_inheritance_are_the_most_specific_and_no_qualifiers(
    tiny_hpo_folder: Path, add_annotations: AddRows
) -> None:
    with (tiny_hpo_folder / "hp.obo").open("a") as file:
        file.write(QUALIFIERS)
    terms = ("HP:0001417", "HP:0003829", "HP:0001419", "HP:0034335", "HP:0000005", "HP:0000006")
    add_annotations(tiny_hpo_folder, [(NEW, "New disease", "", term, "", "I") for term in terms])
    add_annotations(tiny_hpo_folder, [(NEW, "New disease", "NOT", "HP:0000007", "", "I")])
    assert read_knowledge(tiny_hpo_folder).diseases[NEW].inheritance == ["HP:0001419", "HP:0000006"]


def test_entries_of_one_name_are_one_disease(tiny_hpo_folder: Path, add_annotations: AddRows) -> None:
    add_annotations(
        tiny_hpo_folder,
        [
            ("ORPHA:9999", "Sjögren-Larsson syndrome", "", SMALL_EYE, "3/10", "P"),
            (NEW, "SJOGREN LARSSON SYNDROME", "", SMALL_EYE, "1/10", "P"),
            (NEW, "SJOGREN LARSSON SYNDROME", "", EYE_APLASIA, "", "P"),
            (NEW, "Ichthyosis with spasticity", "", EYE, "", "P"),  # another spelling of the same id
        ],
    )
    with (tiny_hpo_folder / "genes_to_phenotype.txt").open("a") as file:
        file.write(f"777\tALDH3A2\t{EYE}\tAbnormality of the eye\t-\tORPHA:9999\n")
    knowledge = read_knowledge(tiny_hpo_folder)
    disease = knowledge.diseases[NEW]
    assert disease.name == "Sjögren-Larsson syndrome"
    assert disease.ids == {NEW, "ORPHA:9999"}
    assert disease.phenotypes == {SMALL_EYE: 0.2, EYE_APLASIA: None, EYE: None}
    assert "ORPHA:9999" not in knowledge.diseases
    assert knowledge.genes["777"].diseases == {NEW}
    assert disease.genes == {"777"}


def test_genes_have_symbols_and_diseases(knowledge: Knowledge, tiny_hpo_folder: Path) -> None:
    rows = list(read_gene_phenotypes(tiny_hpo_folder / "genes_to_phenotype.txt"))
    without = {row.ncbi_gene_id for row in rows if row.gene_symbol is None}
    assert without
    assert set(knowledge.genes) == {row.ncbi_gene_id for row in rows} - without
    for gene in knowledge.genes.values():
        assert gene.diseases
        assert all(gene.id in knowledge.diseases[disease].genes for disease in gene.diseases)


def test_databases_that_are_not_wanted_are_left_out(tiny_hpo_folder: Path) -> None:
    knowledge = read_knowledge(tiny_hpo_folder, ["ORPHA", "DECIPHER"])
    assert len(knowledge.diseases) == 20
    assert {key.partition(":")[0] for key in knowledge.diseases} == {"ORPHA", "DECIPHER"}
    assert all(gene.diseases <= set(knowledge.diseases) for gene in knowledge.genes.values())


def test_an_unknown_database_is_named(tiny_hpo_folder: Path) -> None:
    message = r"Unknown disease database 'OMMIM'\. Did you mean 'OMIM'\? Choose one of: DECIPHER, OMIM, ORPHA"
    with pytest.raises(ConfigError, match=message):
        read_knowledge(tiny_hpo_folder, ["ORPHA", "OMMIM"])


@pytest.mark.parametrize("name", ["hp.obo", "phenotype.hpoa", "genes_to_phenotype.txt"])
def test_a_missing_or_damaged_file_is_named(name: str, tiny_hpo_folder: Path) -> None:
    (tiny_hpo_folder / name).write_text("something else\n")
    with pytest.raises(DataFormatError, match=rf"{name}: line 1 "):
        read_knowledge(tiny_hpo_folder)
    (tiny_hpo_folder / name).unlink()
    with pytest.raises(MissingFileError, match=name):
        read_knowledge(tiny_hpo_folder)


def test_a_gene_has_the_phenotypes_of_its_diseases(knowledge: Knowledge) -> None:
    gene = next(gene for gene in knowledge.genes.values() if len(gene.diseases) > 1)
    diseases = [knowledge.diseases[key] for key in gene.diseases]
    shares = knowledge.gene_phenotypes(gene.id)
    assert set(shares) == set().union(*(disease.phenotypes for disease in diseases))
    for term, share in shares.items():
        known = [value for disease in diseases if (value := disease.phenotypes.get(term)) is not None]
        assert share == max(known, default=None)


def test_terms_are_ordered_by_share() -> None:
    assert by_share({"b": None, "a": None, "c": 0.4, "d": 1.0, "e": 0.6}) == ["d", "e", "a", "b", "c"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Sjögren-Larsson  syndrome", "SJOGREN LARSSON SYNDROME"),
        ("Meier-Gorlin syndrome, type 1", "meier gorlin syndrome type 1"),
    ],
)
def test_one_name_in_two_spellings(first: str, second: str) -> None:
    assert normalised_name(first) == normalised_name(second)


@pytest.mark.parametrize(
    ("name", "series"),
    [
        ("Retinitis pigmentosa 11", "retinitis pigmentosa"),
        ("Retinitis pigmentosa", "retinitis pigmentosa"),
        ("Mucolipidosis, type IV", "mucolipidosis"),
        ("Charcot-Marie-Tooth disease, axonal, type 2A2B", "charcot marie tooth disease axonal"),
        ("Spastic paraplegia 11, autosomal recessive", "spastic paraplegia autosomal recessive"),
        ("Type 1", "type 1"),
    ],
)
def test_numbered_forms_have_one_series(name: str, series: str) -> None:
    assert name_series(name) == series
