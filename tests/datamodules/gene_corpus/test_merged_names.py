"""Phenotypes of one name from several databases: which id they go by, and what follows from them."""

from pathlib import Path

import pytest

from datamodules import GeneCorpusDataModule
from datamodules.corpus import CorpusSources
from datamodules.gene_corpus.hierarchy import Ancestors
from datamodules.sources.hpo import read_ontology
from geneverse_pl.data.datamodule import TRAIN
from tests.datamodules.gene_corpus.conftest import lists

VARIABLE = """
<variable id="phv{number:08d}.v1"><name>V{number}</name><description>{name}</description></variable>
"""


def data_dictionary(folder: Path, names: list[str]) -> Path:
    """A dictionary of dbGaP whose variables have these names."""
    variables = "".join(VARIABLE.format(number=number, name=name) for number, name in enumerate(names))
    path = folder / "phs000001.v1.pht000001.v1.toy.data_dict.xml"
    text = f'<data_table id="pht000001.v1" study_id="phs000001.v1">{variables}</data_table>'
    path.write_text(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n')
    return path


def test_a_variable_named_as_a_term_does_not_take_its_place(tiny_hpo_folder: Path, tmp_path: Path) -> None:
    ontology = read_ontology(tiny_hpo_folder / "hp.obo")
    sources = CorpusSources(
        hpo_ontology=tiny_hpo_folder / "hp.obo",
        hpo_annotations=tiny_hpo_folder / "phenotype.hpoa",
        dbgap_dictionaries=(data_dictionary(tmp_path, [one.name for one in ontology.terms.values()]),),
    )
    data = GeneCorpusDataModule(
        sources=sources,
        questions=["relation/disease_phenotype"],
        allow_shared_families=True,
        cache_dir=tmp_path / "cache",
    )
    samples = lists(data)[TRAIN]
    true: dict[str, set[str]] = {}
    for sample in samples:
        assert str(sample.metadata["object"]).startswith("HP:")
        if sample.metadata["label"]:
            true.setdefault(str(sample.metadata["subject"]), set()).add(str(sample.metadata["object"]))
    asked_false = [s for s in samples if s.metadata["stated"] == "not stated"]
    assert len(asked_false) > 20
    for sample in asked_false:
        item = str(sample.metadata["object"])
        held = true[str(sample.metadata["subject"])]
        assert all(item not in ontology.ancestors(one) for one in held)
        assert held.isdisjoint(ontology.ancestors(item))


@pytest.mark.parametrize("has_twin", [False, True])
def test_terms_of_one_name_share_what_follows_from_them(has_twin: bool, tmp_path: Path) -> None:
    stanzas = [("1", "All", ""), ("2", "A", "1"), ("3", "Twin", "2"), ("4", "B", "1"), ("5", "twin", "4")]
    stanzas.append(("6", "Below", "5"))
    text = "format-version: 1.2\n"
    for number, name, parent in stanzas:
        text += f"\n[Term]\nid: HP:000000{number}\nname: {name}\n"
        text += f"is_a: HP:000000{parent}\n" if parent else ""
    (tmp_path / "hp.obo").write_text(text)
    merged = {"HP:0000005": "HP:0000003"} if has_twin else {}
    ancestors = Ancestors(tmp_path / "hp.obo", None, merged)
    own = {"HP:0000001", "HP:0000002"}
    assert ancestors("HP:0000003") == own | ({"HP:0000004"} if has_twin else set())
    above = "HP:0000003" if has_twin else "HP:0000005"
    assert ancestors("HP:0000006") == {"HP:0000001", "HP:0000004", above}
