"""Protein structures: what is read of each format, and what each fault says."""

import gzip
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from biotite.structure.io import pdbx
from biotite.structure.io.pdb import PDBFile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datamodules.protein_structure.backbone_files import pdb_text
from datamodules.protein_structure.backbones import Backbone, GeneratedStructures, generate_backbone
from datamodules.sources import structures
from datamodules.sources.structures import MIN_RESIDUES, read_protein_model, read_structure, require_biotite
from datamodules.sources.tables import MissingFileError
from geneverse_pl.exceptions import ConfigError, DataFormatError

OPTIONS = GeneratedStructures(min_residues=40, max_residues=60, max_chains=2, ligand_fraction=1, seed=5)
HEADER = """\
HEADER    HYDROLASE/HYDROLASE INHIBITOR           19-MAY-97   1AKI
TITLE     THE STRUCTURE OF A MADE-UP LYSOZYME WITH A TITLE THAT GOES ON IN A
TITLE    2 SECOND LINE
COMPND    MOL_ID: 1;
COMPND   2 MOLECULE: LYSOZYME: PART A;
COMPND   3 CHAIN: A;
COMPND   4 EC: 3.2.1.17;
COMPND   5 MOL_ID: 2;
COMPND   6 MOLECULE: SHORT INHIBITOR;
COMPND   7 CHAIN: B
SOURCE    MOL_ID: 1;
SOURCE   2 ORGANISM_SCIENTIFIC: GALLUS GALLUS;
SOURCE   3 GENE: LYZ;
SOURCE   4 MOL_ID: 2;
SOURCE   5 ORGANISM_SCIENTIFIC: HOMO SAPIENS
KEYWDS    HYDROLASE, GLYCOSIDASE, HYDROLASE
DBREF  1AKI A    1   129  UNP    P00698   LYSC_CHICK      19    147
"""


def is_wanted(backbone: Backbone) -> bool:
    """Whether there are two chains, the first the longer one."""
    lengths = [len(chain.sequence) for chain in backbone.chains]
    return len(lengths) == 2 and lengths[0] > lengths[1]


@pytest.fixture(scope="module")
def alpha() -> str:
    """A bundle of helices with a ligand, in PDB format: chain A of 40 to 60 residues, and chain B."""
    backbones = (generate_backbone(number, OPTIONS) for number in range(0, 40, 4))
    return pdb_text(next(b for b in backbones if is_wanted(b)), "a bundle")


Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file of this name."""

    def to(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return to


def as_cif(text: str, categories: Mapping[str, Mapping[str, object]]) -> pdbx.CIFFile:
    """A PDB file's atoms as mmCIF, with further categories."""
    atoms: Any = PDBFile.read(io.StringIO(text)).get_structure(
        model=1, extra_fields=["b_factor", "occupancy"]
    )
    file = pdbx.CIFFile()
    pdbx.set_structure(file, atoms, data_block="test")
    for name, columns in categories.items():
        file.block[name] = pdbx.CIFCategory(columns)
    return file


def cif_text(file: pdbx.CIFFile) -> str:
    stream = io.StringIO()
    file.write(stream)
    return stream.getvalue()


def test_header_of_a_pdb_file(alpha: str, write: Write) -> None:
    record = read_structure(write("1aki.pdb", HEADER + alpha.partition("\n")[2]))
    assert record.structure_id == "1aki"
    assert record.name == "LYSOZYME: PART A"
    assert record.title == "THE STRUCTURE OF A MADE-UP LYSOZYME WITH A TITLE THAT GOES ON IN A SECOND LINE"
    assert (record.organism, record.gene, record.accession) == ("GALLUS GALLUS", "LYZ", "P00698")
    assert record.functional_class == "HYDROLASE/HYDROLASE INHIBITOR"
    assert record.keywords == ("HYDROLASE", "GLYCOSIDASE")
    assert record.ec_numbers == ("3.2.1.17",)
    assert record.is_enzyme is True
    assert record.mean_plddt is None
    assert record.fragment is None


def test_chains_ligand_and_secondary_structure_of_a_pdb_file(alpha: str, write: Write) -> None:
    model = read_protein_model(write("a.pdb", alpha))
    record = model.record
    lines = alpha.splitlines()
    seen = [(line[21], line[17:20]) for line in lines if line.startswith("ATOM") and line[12:16] == " CA "]
    assert [chain.chain_id for chain in record.chains] == ["A", "B"]
    assert [chain.num_residues for chain in record.chains] == [
        sum(chain == name for chain, _ in seen) for name in "AB"
    ]
    assert record.num_residues == len(seen)
    assert all(len(chain.sequence) == chain.num_residues for chain in record.chains)
    in_helices = sum(int(line[71:76]) for line in lines if line.startswith("HELIX"))
    assert record.helix_fraction == pytest.approx(in_helices / len(seen))
    assert record.strand_fraction == 0
    assert record.ligands == ("LIG",)
    assert set(model.atoms.res_name[model.atoms.hetero]) == {"LIG"}
    assert (model.atoms.secondary[model.atoms.hetero] == "").all()
    assert (model.atoms.secondary[~model.atoms.hetero] != "").all()


def test_secondary_structure_is_computed_where_a_file_has_none(alpha: str, write: Write) -> None:
    plain = "\n".join(line for line in alpha.splitlines() if not line.startswith("HELIX"))
    given, computed = read_structure(write("a.pdb", alpha)), read_structure(write("b.pdb", plain))
    assert computed.helix_fraction == pytest.approx(given.helix_fraction, abs=0.15)
    assert computed.strand_fraction < 0.05


def test_water_ions_and_additives_are_no_ligands(alpha: str, write: Write) -> None:
    protein = [line for line in alpha.splitlines() if line.startswith("ATOM")]
    extra = [
        f"HETATM 9{number:03d}  {atom:<3} {name:>3} A 9{place:02d}    {number:8.3f}   0.000   0.000"
        for place, name in enumerate(("HOH", "SO4", "GOL", " ZN"))
        for number, atom in enumerate(("C1", "C2", "O1", "O2", "O3", "O4") if name != " ZN" else ("ZN",))
    ]
    assert read_structure(write("a.pdb", "\n".join([*protein, *extra]))).ligands == ()


def test_chains_without_names_are_told_apart_by_their_numbers(alpha: str, write: Write) -> None:
    blank = "\n".join(
        line[:21] + " " + line[22:] for line in alpha.splitlines() if line.startswith(("ATOM", "TER"))
    )
    named, unnamed = read_structure(write("a.pdb", alpha)), read_structure(write("b.pdb", blank))
    assert [chain.sequence for chain in unnamed.chains] == [chain.sequence for chain in named.chains]


def test_empty_occupancy_and_b_factor_columns_are_read(alpha: str, write: Write) -> None:
    bare = "\n".join(line[:54] for line in alpha.splitlines() if line.startswith("ATOM"))
    full = "\n".join(line for line in alpha.splitlines() if line.startswith("ATOM"))
    assert read_structure(write("a.pdb", bare)).chains == read_structure(write("b.pdb", full)).chains


def test_only_the_first_model_is_read(alpha: str, write: Write) -> None:
    atoms = "\n".join(line for line in alpha.splitlines() if line.startswith("ATOM"))
    both = f"MODEL        1\n{atoms}\nENDMDL\nMODEL        2\nATOM  broken\nENDMDL\n"
    one, many = read_structure(write("a.pdb", atoms)), read_structure(write("b.pdb", both))
    assert one.chains == many.chains


CIF_CATEGORIES: Mapping[str, Mapping[str, object]] = {
    "entry": {"id": ["1XYZ"]},
    "struct": {"entry_id": ["1XYZ"], "title": ["A small\n  bundle"]},
    "struct_keywords": {"pdbx_keywords": ["TRANSCRIPTION"], "text": ["TRANSCRIPTION, bundle"]},
    "entity": {
        "id": ["1", "2"],
        "type": ["polymer", "polymer"],
        "pdbx_description": ["First protein", "Second protein"],
        "pdbx_ec": ["?", "?"],
    },
    "entity_poly": {
        "entity_id": ["1", "2"],
        "type": ["polypeptide(L)", "polypeptide(L)"],
        "pdbx_seq_one_letter_code_can": ["MKV\nLA", "GG"],
        "pdbx_strand_id": ["A", "B"],
    },
    "entity_src_gen": {
        "entity_id": ["1", "2"],
        "pdbx_gene_src_scientific_name": ["Homo sapiens", "Mus musculus"],
        "pdbx_gene_src_gene": ["ABC1", "?"],
    },
    "struct_ref": {"db_name": ["UNP", "UNP"], "entity_id": ["1", "2"], "pdbx_db_accession": ["P11111", "Q2"]},
    "struct_conf": {
        "conf_type_id": ["HELX_P", "HELX_RH_3T_P", "HELX_LH_PP_P", "STRN", "TURN_TY1_P"],
        "pdbx_PDB_helix_class": ["1", "?", "?", "?", "?"],
        **{f"{end}_auth_asym_id": ["A"] * 5 for end in ("beg", "end")},
        "beg_auth_seq_id": ["1", "12", "16", "20", "30"],
        "end_auth_seq_id": ["10", "14", "19", "24", "33"],
    },
}


@pytest.fixture(scope="module")
def atoms_only(alpha: str) -> str:
    """Chain A and B without a header."""
    return "\n".join(line for line in alpha.splitlines() if line.startswith("ATOM"))


def test_annotation_of_a_cif_file(atoms_only: str, write: Write) -> None:
    cif = as_cif(atoms_only, CIF_CATEGORIES)
    binary = pdbx.compress(
        pdbx.BinaryCIFFile(
            {
                "test": pdbx.BinaryCIFBlock(
                    {
                        name: pdbx.BinaryCIFCategory({k: c.as_array(str) for k, c in category.items()})
                        for name, category in cif.block.items()
                    }
                )
            }
        )
    )
    stream = io.BytesIO()
    binary.write(stream)
    text = cif_text(cif)
    records = [
        read_structure(write("x.cif", text)),
        read_structure(write("x.cif.gz", gzip.compress(text.encode()))),
        read_structure(write("x.bcif", stream.getvalue())),
        read_structure(write("x.bcif.gz", gzip.compress(stream.getvalue()))),
    ]
    record = records[0]
    # Those of the longer chain.
    about = (record.name, record.organism, record.gene, record.accession)
    assert about == ("First protein", "Homo sapiens", "ABC1", "P11111")
    assert (record.title, record.functional_class) == ("A small bundle", "TRANSCRIPTION")
    assert record.keywords == ("TRANSCRIPTION", "bundle")
    assert record.is_enzyme is False
    assert [chain.sequence for chain in record.chains] == ["MKVLA", "GG"]
    # Helices of 10 and 3 residues, a strand of 5; polyproline and turns are neither.
    assert record.helix_fraction == pytest.approx(13 / record.num_residues)
    assert record.strand_fraction == pytest.approx(5 / record.num_residues)
    for other in records[1:]:
        assert other.chains == record.chains
        assert (other.name, other.title, other.helix_fraction) == (
            record.name,
            record.title,
            record.helix_fraction,
        )


def test_alphafold_model(atoms_only: str, write: Write) -> None:
    one_chain = "\n".join(
        line[:60] + f"{80 + number % 2 * 10:6.2f}" + line[66:]
        for number, line in enumerate(
            line for line in atoms_only.splitlines() if line[21] == "A" and line[12:16] == " CA "
        )
    )
    cif = as_cif(
        one_chain,
        {
            "entry": {"id": ["AF-Q12345-F2"]},
            "entity": {"id": ["1"], "type": ["polymer"], "pdbx_description": ["Made-up kinase"]},
            "entity_poly": {"entity_id": ["1"], "type": ["polypeptide(L)"], "pdbx_strand_id": ["A"]},
            "ma_target_ref_db_details": {
                "target_entity_id": ["1"],
                "db_accession": ["Q12345"],
                "gene_name": ["KIN1"],
                "organism_scientific": ["Homo sapiens"],
            },
        },
    )
    record = read_structure(write("AF-Q12345-F2-model_v4.cif.gz", gzip.compress(cif_text(cif).encode())))
    assert record.structure_id == "AF-Q12345-F2"
    assert (record.accession, record.fragment) == ("Q12345", 2)
    assert (record.name, record.organism, record.gene) == ("Made-up kinase", "Homo sapiens", "KIN1")
    assert record.mean_plddt == pytest.approx(85, abs=0.2)
    # Told by its entry alone under another name; another entry has no pLDDT.
    assert read_structure(write("mine.cif", cif_text(cif))).mean_plddt == record.mean_plddt
    assert read_structure(write("mine.pdb", one_chain)).mean_plddt is None


def test_faults(alpha: str, write: Write, tmp_path: Path) -> None:
    atoms = [line for line in alpha.splitlines() if line.startswith("ATOM")]
    packed = gzip.compress(alpha.encode())
    bad_number = "\n".join([*atoms[:4], atoms[4][:30] + "   x.yz " + atoms[4][38:], *atoms[5:]])
    cases: list[tuple[str, str | bytes, str]] = [
        ("cut.pdb.gz", packed[: len(packed) // 2], r"cut\.pdb\.gz: cannot be read: the gzip stream is cut"),
        ("empty.pdb", "", r"empty\.pdb: is empty"),
        ("blank.cif", "\n \n", r"blank\.cif: is empty"),
        ("a.pdb", "<!DOCTYPE html>\n<html>\n", r"a\.pdb: must hold the atoms of a structure \(lines ATOM\)"),
        ("a.cif", "<!DOCTYPE html>\n<html>\n", r"a\.cif: "),
        ("b.cif", "data_x\n_entry.id 1XYZ\n", r"b\.cif: must hold the atoms .* atom_site"),
        ("a.bcif", b"\x93NUMPY\x01\x00", r"a\.bcif: "),
        ("b.bcif", b"\x80", r"b\.bcif: "),
        (
            "bytes.pdb",
            "HEADER\nTITLE     Stra\xdfe\n".encode("latin-1"),
            r"line 2 holds the byte 0xdf .* UTF-8",
        ),
        ("nul.pdb", "HEADER\n\0\n", r"line 2 holds a NUL byte"),
        ("number.pdb", bad_number, r"number\.pdb: line 5 has '   x\.yz ' in columns 31-38, .* coordinate x"),
        (
            "short.pdb",
            "\n".join(atoms[: 4 * (MIN_RESIDUES - 1)]),
            r"short\.pdb: must hold a protein chain of at least 10",
        ),
        ("a.txt", alpha, r"a\.txt: must be a structure with the suffix \.cif, \.bcif, \.pdb, \.ent"),
        (
            "nan.pdb",
            "\n".join([atoms[0][:30] + "     nan" + atoms[0][38:], *atoms[1:]]),
            r"line 1 has '     nan'",
        ),
    ]
    for name, content, message in cases:
        with pytest.raises(DataFormatError, match=message):
            read_structure(write(name, content))
    with pytest.raises(MissingFileError, match="none.cif: no such file"):
        read_structure(tmp_path / "none.cif")
    with pytest.raises(MissingFileError, match="cannot be opened as a file"):
        (tmp_path / "folder.cif").mkdir()
        read_structure(tmp_path / "folder.cif")


def test_an_atom_without_a_number_in_a_cif_file(atoms_only: str, write: Write) -> None:
    text = cif_text(as_cif(atoms_only, {}))
    lines = text.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("ATOM"))
    cells = lines[first + 2].split()
    place = [line.strip() for line in lines if line.startswith("_atom_site.")].index("_atom_site.Cartn_y")
    lines[first + 2] = " ".join([*cells[:place], "x.yz", *cells[place + 1 :]])
    with pytest.raises(DataFormatError, match=rf"a\.cif: line {first + 3} .*x\.yz"):
        read_structure(write("a.cif", "\n".join(lines) + "\n"))
    del lines[first + 2 : first + 3]
    lines[first + 2] = lines[first + 2].rpartition(" ")[0]
    with pytest.raises(DataFormatError, match=r"a\.cif: "):
        read_structure(write("a.cif", "\n".join(lines) + "\n"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_files_give_a_record_or_an_error_that_names_them(
    data: st.DataObject, alpha: str, atoms_only: str, tmp_path: Path
) -> None:
    kind = data.draw(st.sampled_from(["a.pdb", "a.cif"]))
    text = HEADER + alpha if kind == "a.pdb" else cif_text(as_cif(atoms_only, CIF_CATEGORIES))
    lines = text.splitlines()[:400]
    for _ in range(data.draw(st.integers(1, 3))):
        line = data.draw(st.integers(0, len(lines) - 1))
        start = data.draw(st.integers(0, max(0, len(lines[line]) - 1)))
        stop = start + data.draw(st.integers(0, 12))
        lines[line] = (
            lines[line][:start] + data.draw(st.text("A1 .'\"?#_-;\n\t", max_size=8)) + lines[line][stop:]
        )
    path = tmp_path / kind
    path.write_text("\n".join(lines[: data.draw(st.integers(1, len(lines)))]))
    try:
        record = read_structure(path)
    except DataFormatError as error:
        assert str(path) in str(error)
    else:
        assert record.num_residues >= MIN_RESIDUES
        assert 0 <= record.helix_fraction <= 1
        assert np.isfinite(read_protein_model(path).atoms.coord).all()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.floats(0, 1), value=st.binary(max_size=6))
def test_damaged_binary_files_give_a_record_or_an_error(
    position: float, value: bytes, atoms_only: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.bcif"
    if not path.exists():
        atoms: Any = PDBFile.read(io.StringIO(atoms_only)).get_structure(model=1)
        file = pdbx.BinaryCIFFile()
        pdbx.set_structure(file, atoms)
        pdbx.compress(file).write(path)
    whole = path.read_bytes()
    place = int(position * len(whole))
    damaged = tmp_path / "b.bcif"
    damaged.write_bytes(whole[:place] + value + whole[place + 2 :])
    try:
        assert read_structure(damaged).num_residues >= MIN_RESIDUES
    except DataFormatError as error:
        assert str(damaged) in str(error)


def test_missing_biotite_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "biotite", None)
    with pytest.raises(ConfigError, match=r'biotite.*pip install "geneverse_pl\[structures\]"'):
        require_biotite()
    assert structures.MIN_RESIDUES == MIN_RESIDUES
