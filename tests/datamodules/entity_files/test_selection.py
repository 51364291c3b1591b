import random

import pytest

from datamodules.entity_files.selection import (
    EntityLimits,
    OrganSystems,
    choose_genes,
    drawn,
    rarest_class,
)
from datamodules.sources.hpo import Ontology
from geneverse_pl.exceptions import ConfigError
from tests.datamodules.entity_files.conftest import EAR, SYMBOLS


def test_largest_families_are_taken() -> None:
    symbols = {**SYMBOLS, "90": "FBN1", "91": "KRT50"}
    limits = EntityLimits(num_families=1, genes_per_family=5)
    chosen = choose_genes(symbols, limits, random.Random(0))
    assert set(chosen.values()) == {"KRT"}
    assert len(chosen) == 5
    assert all(symbols[gene].startswith("KRT") for gene in chosen)
    everything = choose_genes(symbols, EntityLimits(None, None), random.Random(0))
    assert everything.keys() == symbols.keys() - {"90"}


def test_pseudogenes_go_with_their_genes() -> None:
    symbols = {str(number): symbol for number, symbol in enumerate(["RPL3", "RPL37", "RPL37P2", "RPL3P1"])}
    types = {"2": "pseudo", "3": "pseudo"}
    limits = EntityLimits(genes_per_class=4)
    chosen = choose_genes(symbols, limits, random.Random(0), types)
    assert chosen == dict.fromkeys(symbols, "RPL")
    with pytest.raises(ConfigError, match="none has 4 genes"):
        choose_genes(symbols, limits, random.Random(0))


def test_no_family_large_enough_is_refused() -> None:
    with pytest.raises(ConfigError, match="none has 5 genes"):
        choose_genes({"1": "FBN1", "2": "TP53"}, EntityLimits(), random.Random(0))


def test_draws_keep_the_order() -> None:
    assert drawn([3, 1, 2], None, random.Random(0)) == [3, 1, 2]
    found = drawn(list(range(100)), 10, random.Random(0))
    assert found == sorted(found)
    assert len(set(found)) == 10


def test_organ_system_is_the_one_of_most_phenotypes(ontology: Ontology) -> None:
    systems = OrganSystems(ontology)
    assert systems.of(["HP:1000000", "HP:1000002", "HP:1000001"]) == "ear"
    assert systems.of([EAR]) == "ear"
    assert systems.of(["HP:1000000", "HP:1000001"]) == systems.of([]) == systems.of(["HP:9999999"]) == ""


def test_rarest_class_is_neither_too_rare_nor_too_common() -> None:
    members = {
        f"g{n}": ["all", *(["third"] if n < 4 else []), *(["pair"] if n < 2 else [])] for n in range(12)
    }
    assert rarest_class(members, 2) == {"g0": "pair", "g1": "pair", "g2": "third", "g3": "third"}
    assert rarest_class(members, 3) == {f"g{n}": "third" for n in range(4)}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_families": 0}, "num_families must be >= 1, got 0"),
        ({"genes_per_family": 4}, "genes_per_family must be >= 5, got 4"),
        ({"phenotypes_per_entity": -1}, "phenotypes_per_entity must be >= 0, got -1"),
    ],
)
def test_wrong_limits_are_named(settings: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        EntityLimits(**settings)
