"""Real structures: those of the PDB that GENEVERSE_REAL_DATA holds, and those that packages carry."""

import os
from collections import Counter
from pathlib import Path

import pytest

from datamodules.sources.secondary_structure import structural_class
from datamodules.sources.structure_packages import package_structures
from datamodules.sources.structures import StructureRecord, read_structure


@pytest.fixture(scope="module")
def records() -> dict[str, StructureRecord]:
    """The records of the BinaryCIF files, by id."""
    folder = Path(os.environ["GENEVERSE_REAL_DATA"]) / "structures"
    return {record.structure_id: record for record in map(read_structure, sorted(folder.glob("*.bcif")))}


@pytest.mark.real_data
def test_names_and_organisms(records: dict[str, StructureRecord]) -> None:
    assert len(records) == 24
    assert all(record.name and record.title for record in records.values())
    lysozyme = records["1aki"]
    assert (lysozyme.name, lysozyme.organism) == ("LYSOZYME", "Gallus gallus")
    assert (lysozyme.accession, lysozyme.ec_numbers, lysozyme.is_enzyme) == ("P00698", ("3.2.1.17",), True)
    assert (lysozyme.functional_class, lysozyme.num_residues) == ("HYDROLASE", 129)
    assert lysozyme.chains[0].sequence.startswith("KVFGRCELAAAMKRHGLDNYRGYSLGNWVCAAKFESNFNTQATNRNTDGSTDYG")
    cage = records["1l2y"]
    assert (cage.name, cage.num_residues, cage.is_enzyme) == ("TC5b", 20, None)
    assert cage.chains[0].sequence == "NLYIQWLKDGGPSSGRPPPS"
    assert records["3o5r"].organism == "Homo sapiens"
    assert "FKBP5" in records["3o5r"].gene
    assert sum(bool(record.organism) for record in records.values()) >= 20


@pytest.mark.real_data
def test_ligands_and_chains(records: dict[str, StructureRecord]) -> None:
    ligands = {name: record.ligands for name, record in records.items()}
    assert ligands["2rtg"] == ("BTN",)  # streptavidin with biotin
    assert ligands["3o5r"] == ("FK5",)  # FKBP51 with FK506
    assert ligands["5h73"] == ("7L7", "FMN", "ORO")
    assert ligands["1aki"] == ligands["3lzm"] == ()
    assert [chain.chain_id for chain in records["1igy"].chains] == ["A", "B", "C", "D"]


@pytest.mark.real_data
def test_structural_classes_are_those_of_cath(records: dict[str, StructureRecord]) -> None:
    found = {
        name: structural_class(record.helix_fraction, record.strand_fraction)
        for name, record in records.items()
    }
    for name in ("1aki", "1hml", "3rd3", "2axd"):
        assert found[name] == "mainly alpha"
    for name in ("2rtg", "1igy", "1ncb", "1gl4"):
        assert found[name] == "mainly beta"
    for name in ("1dix", "1p4k", "4osx", "7gsa"):
        assert found[name] == "alpha and beta"


def test_structures_of_packages() -> None:
    pytest.importorskip("MDAnalysisTests")
    records = [read_structure(path) for path in package_structures(["MDAnalysisTests"])]
    assert len(records) > 50
    classes = Counter(structural_class(r.helix_fraction, r.strand_fraction) for r in records)
    assert min(classes[name] for name in ("mainly alpha", "mainly beta", "alpha and beta")) > 8
    progesterone = next(record for record in records if record.structure_id == "1a28")
    assert progesterone.ligands == ("STR",)
