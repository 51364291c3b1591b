from collections import Counter
from pathlib import Path

import pytest

from datamodules.entity_files import write_hpo_entities
from datamodules.entity_files.from_hpo import hpo_entities
from datamodules.entity_files.selection import EntityLimits
from datamodules.entity_files.table import write_tables
from datamodules.gene_phenotype.knowledge import Knowledge
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.representations.items import read_entities, read_pairs


def test_entities_have_their_classes_and_groups(knowledge: Knowledge) -> None:
    entities, _ = hpo_entities(knowledge, EntityLimits())
    found = {row.id: row for row in entities}
    gene, disease, sign = found["NCBIGene:0"], found["OMIM:100001"], found["HP:1000000"]
    assert (gene.name, gene.kind, gene.family, gene.organ_system) == ("COL4A1", "gene", "COL4A", "ear")
    assert gene.group == "family:COL4A"
    assert (disease.name, disease.kind, disease.organ_system) == ("Eye syndrome 1", "disease", "eye")
    assert disease.group == "series:eye syndrome"
    assert (sign.name, sign.kind, sign.organ_system) == ("sign 0", "phenotype", "ear")
    assert Counter(row.kind for row in entities) == {"gene": 12, "disease": 12, "phenotype": 8}


def test_false_pairs_match_the_true_ones_and_are_none(knowledge: Knowledge) -> None:
    entities, pairs = hpo_entities(knowledge, EntityLimits())
    ids = {row.id for row in entities}
    assert {end for row in pairs for end in (row.subject, row.object)} <= ids
    assert {row.relation for row in pairs} == {"gene_disease", "gene_phenotype", "disease_phenotype"}
    for end in ("subject", "object"):
        degrees = [
            Counter((row.relation, getattr(row, end)) for row in pairs if row.label == label)
            for label in (0, 1)
        ]
        assert degrees[0] == degrees[1]
    for row in pairs:
        if row.relation == "gene_disease":
            own = row.object in knowledge.genes[row.subject.removeprefix("NCBIGene:")].diseases
            assert own == bool(row.label)


def test_files_are_those_that_embed_reads(knowledge: Knowledge, tmp_path: Path) -> None:
    entities, pairs = hpo_entities(knowledge, EntityLimits(), seed=1)
    assert (entities, pairs) == hpo_entities(knowledge, EntityLimits(), seed=1)
    first, second = write_tables(tmp_path / "new", entities, pairs)
    assert [(one.id, one.name, one.kind) for one in read_entities(first)] == [
        (row.id, row.name, row.kind) for row in entities
    ]
    assert [(one.subject, one.object, one.label) for one in read_pairs(second)] == [
        (row.subject, row.object, bool(row.label)) for row in pairs
    ]


def test_a_folder_of_ones_own_is_read(tiny_hpo_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="genes_per_class must leave a family"):
        write_hpo_entities(tmp_path, tiny_hpo_folder)
