"""``go-basic.obo``: golden stanzas, branches, former ids, ancestors, faults."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.sources.gene_ontology import read_gene_ontology
from datamodules.sources.term_hierarchy import Synonym, UnknownTermError
from geneverse_pl.exceptions import DataFormatError

PROCESS, FUNCTION = "GO:0008150", "GO:0003674"
TEXT = """format-version: 1.2
data-version: releases/2021-12-15
default-namespace: gene_ontology
ontology: go

[Term]
id: GO:0008150
name: biological_process
namespace: biological_process

[Term]
id: GO:0003674
name: molecular_function
namespace: molecular_function

[Term]
id: GO:0051641
name: cellular localization
namespace: biological_process
alt_id: GO:1902580
is_a: GO:0008150 ! biological_process

[Term]
id: GO:0048311
name: mitochondrion distribution
namespace: biological_process
is_a: GO:0051641 ! cellular localization

[Term]
id: GO:0000001
name: mitochondrion inheritance
namespace: biological_process
def: "The distribution of mitochondria into daughter cells." [GOC:mcc, PMID:10873824]
comment: Not the same as fission.
synonym: "mitochondrial inheritance" EXACT []
synonym: "mtDNA inheritance" NARROW systematic_synonym [GOC:mcc]
xref: Wikipedia:Mitochondrion
is_a: GO:0008150 ! biological_process
relationship: part_of GO:0048311 {source="x"} ! mitochondrion distribution
relationship: part_of UBERON:0000955 ! brain
relationship: regulates GO:0051641 ! cellular localization

[Term]
id: GO:0015078
name: proton transporter activity
namespace: molecular_function
is_a: GO:0003674 ! molecular_function
relationship: part_of GO:0051641 ! cellular localization

[Term]
id: GO:0000005
name: obsolete ribosomal chaperone activity
namespace: molecular_function
is_obsolete: true
consider: GO:0042254
consider: GO:0044183

[Term]
id: GO:0000039
name: obsolete proton pump
namespace: molecular_function
is_obsolete: true
replaced_by: GO:0015078

[Term]
id: CHEBI:24636
name: proton

[Typedef]
id: part_of
name: part of
namespace: external
xref: BFO:0000050
is_transitive: true
"""

WriteText = Callable[[str, str | bytes], Path]


def test_golden_stanza(write_text: WriteText) -> None:
    ontology = read_gene_ontology(write_text("go-basic.obo", gzip.compress(TEXT.encode())))
    assert (ontology.release, len(ontology.terms)) == ("2021-12-15", 8)
    term = ontology.terms["GO:0000001"]
    assert (term.name, term.namespace) == ("mitochondrion inheritance", "biological_process")
    assert term.definition == "The distribution of mitochondria into daughter cells."
    assert term.comment == "Not the same as fission."
    assert term.synonyms == (
        Synonym("mitochondrial inheritance", "EXACT", None),
        Synonym("mtDNA inheritance", "NARROW", "systematic_synonym"),
    )
    assert (term.parents, term.part_of) == ((PROCESS,), ("GO:0048311",))
    assert (term.xrefs, term.is_obsolete) == (("Wikipedia:Mitochondrion",), False)
    assert (term.file, term.line) == ("go-basic.obo", 29)


def test_what_is_above_and_below_a_term(write_text: WriteText) -> None:
    ontology = read_gene_ontology(write_text("go-basic.obo", TEXT))
    assert ontology.ancestors("GO:0000001") == {PROCESS, "GO:0048311", "GO:0051641"}
    assert ontology.parents("GO:0000001") == (PROCESS,)
    # A function that is part of a process has ancestors in both branches.
    assert ontology.ancestors("GO:0015078") == {FUNCTION, "GO:0051641", PROCESS}
    assert ontology.descendants("GO:0051641") == {"GO:0048311", "GO:0000001", "GO:0015078"}
    assert ontology.ancestors(PROCESS) == frozenset()


def test_former_ids(write_text: WriteText) -> None:
    ontology = read_gene_ontology(write_text("go-basic.obo", TEXT))
    assert ontology.resolve("GO:1902580") == "GO:0051641"
    assert ontology.resolve("GO:0000039") == "GO:0015078"
    assert ontology.name("GO:0000039") == "proton transporter activity"
    assert ontology.resolve("GO:0000005") is ontology.resolve("GO:9999999") is None
    with pytest.raises(
        UnknownTermError,
        match=r"GO terms must be current, got 'GO:0000005', .* Use instead: GO:0042254, GO:0044183",
    ):
        ontology.ancestors("GO:0000005")
    with pytest.raises(
        UnknownTermError, match=r"GO term ids must be in release 2021-12-15, got 'GO:9999999'"
    ):
        ontology.term("GO:9999999")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("id: GO:0003674", "id: GO:3674", r"line 12 has the GO id 'GO:3674', expected GO: and seven digits"),
        (
            "name: molecular_function\nnamespace: molecular_function",
            "name: molecular_function",
            r"line 11 begins GO:0003674, which has the namespace '', expected one of molecular_function, bio",
        ),
        (
            "part_of GO:0048311",
            "part_of GO:0048319",
            r"line 39 makes GO:0000001 a child of GO:0048319, which is unknown; expected a current term",
        ),
        ("part_of GO:0048311", "part_of GO:0000039", r"line 39 makes .* GO:0000039, which is obsolete"),
        (
            "part_of GO:0048311",
            "part_of GO:0000001",
            r"line 39 closes a cycle of relations, GO:0000001 -> GO:0000001; expected none",
        ),
        (
            "relationship: part_of UBERON:0000955 ! brain",
            "relationship: part_of",
            r"line 40 has the GO id ''",
        ),
        ("name: molecular_function", "def: none", r"line 11 has a \[Term\] stanza without 'name:'"),
    ],
)
def test_faults(write_text: WriteText, old: str, new: str, message: str) -> None:
    assert TEXT.count(old) == 1
    with pytest.raises(DataFormatError, match=message):
        read_gene_ontology(write_text("go-basic.obo", TEXT.replace(old, new)))


def test_another_ontology(write_text: WriteText) -> None:
    text = "format-version: 1.2\n\n[Term]\nid: HP:0000001\nname: All\n"
    with pytest.raises(DataFormatError, match=r"has no \[Term\] stanza with an id that begins with 'GO:'"):
        read_gene_ontology(write_text("go-basic.obo", text))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(TEXT) - 1), st.integers(0, 9), st.binary(max_size=4))
def test_damaged_bytes_give_terms_or_a_placed_error(
    tmp_path_factory: pytest.TempPathFactory, place: int, length: int, junk: bytes
) -> None:
    whole = TEXT.encode()
    path = tmp_path_factory.getbasetemp() / "damaged.obo"
    path.write_bytes(whole[:place] + junk + whole[place + length :])
    try:
        ontology = read_gene_ontology(path)
    except DataFormatError as error:
        assert str(error).startswith(f"{path}: ")
    else:
        # A damaged tag is another tag, so that a term may lose its parents; but it gets no strange ones.
        found = ontology.ancestors("GO:0048311") if ontology.resolve("GO:0048311") else ()
        assert all(ontology.resolve(parent) for parent in found)
