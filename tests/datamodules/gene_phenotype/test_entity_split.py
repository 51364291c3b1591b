from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datamodules.gene_phenotype import entity_split
from datamodules.gene_phenotype.entity_split import EntitySplit
from datamodules.gene_phenotype.knowledge import Knowledge, name_series
from datamodules.gene_phenotype.merging import read_knowledge
from geneverse_pl.exceptions import LeakageError

FRACTIONS = {"train": 0.7, "val": 0.1, "held_out": 0.2}


def split_of(split: EntitySplit, knowledge: Knowledge) -> dict[str, str]:
    return {f"disease:{key}": split.of("disease", key) for key in knowledge.diseases} | {
        f"gene:{key}": split.of("gene", key) for key in knowledge.genes
    }


@given(seed=st.integers(0, 10_000), held_out=st.floats(0.05, 0.4), data_seed=st.integers(0, 3))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_hangs_together_is_in_one_split(
    seed: int, held_out: float, data_seed: int, make_tiny_hpo: Callable[..., Path], tmp_path: Path
) -> None:
    knowledge = read_knowledge(make_tiny_hpo(tmp_path / str(data_seed), seed=data_seed))
    fractions = {"train": 0.95 - held_out, "val": 0.05, "held_out": held_out}
    split = EntitySplit(knowledge, fractions, seed)
    assert set(split_of(split, knowledge).values()) == set(fractions)
    for gene_id, gene in knowledge.genes.items():
        for disease_id in gene.diseases:
            assert split.of("gene", gene_id) == split.of("disease", disease_id)
            assert split.group("gene", gene_id) == split.group("disease", disease_id)
    sizes = {name: len(split.keys_in(name, "disease", knowledge.diseases)) for name in fractions}
    assert sum(sizes.values()) == len(knowledge.diseases)
    assert sizes["train"] > max(sizes["val"], 1)


def test_it_follows_the_seed(knowledge: Knowledge) -> None:
    splits = [split_of(EntitySplit(knowledge, FRACTIONS, seed), knowledge) for seed in (0, 0, 1)]
    assert splits[0] == splits[1] != splits[2]


def test_numbered_forms_can_be_kept_together(knowledge: Knowledge) -> None:
    numbered: dict[str, set[str]] = {}
    split = EntitySplit(knowledge, {"train": 0.5, "val": 0.2, "held_out": 0.3}, 0, split_series=True)
    for key, disease in knowledge.diseases.items():
        numbered.setdefault(name_series(disease.name), set()).add(split.of("disease", key))
    assert all(len(found) == 1 for found in numbered.values())
    apart = EntitySplit(knowledge, {"train": 0.5, "val": 0.2, "held_out": 0.3}, 0)
    groups = {apart.group("disease", key) for key in knowledge.diseases}
    assert len({split.group("disease", key) for key in knowledge.diseases}) < len(groups)


def test_splits_that_share_a_gene_are_refused(knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_edges(knowledge: Knowledge, *, split_series: bool) -> list[tuple[str, str]]:
        return []

    monkeypatch.setattr(entity_split, "entity_edges", no_edges)
    message = r"Splits must not share entities, .* set data\.init_args\.allow_shared_entities=true"
    with pytest.raises(LeakageError, match=message):
        EntitySplit(knowledge, FRACTIONS, 0)
    split = EntitySplit(knowledge, FRACTIONS, 0, allow_shared_entities=True)
    assert any(
        split.of("gene", gene_id) != split.of("disease", disease_id)
        for gene_id, gene in knowledge.genes.items()
        for disease_id in gene.diseases
    )


def test_splits_that_show_one_symbol_for_two_genes_are_refused(tiny_hpo_folder: Path) -> None:
    knowledge = read_knowledge(tiny_hpo_folder)
    split = EntitySplit(knowledge, FRACTIONS, 0)
    first, second = (split.keys_in(name, "gene", knowledge.genes)[0] for name in ("train", "held_out"))
    old, new = knowledge.genes[second].symbol, knowledge.genes[first].symbol
    file = tiny_hpo_folder / "genes_to_phenotype.txt"
    file.write_text(file.read_text().replace(f"{second}\t{old}\t", f"{second}\t{new}\t"))
    changed = read_knowledge(tiny_hpo_folder)
    with pytest.raises(LeakageError, match=f"train and held_out share 1 entity: symbol:{new}"):
        EntitySplit(changed, FRACTIONS, 0)
    EntitySplit(changed, FRACTIONS, 0, allow_shared_entities=True)
