"""``hp.obo``: golden stanza, replacements, faults, and any acyclic hierarchy."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.sources.obo import read_ontology
from datamodules.sources.term_hierarchy import Synonym
from geneverse_pl.exceptions import DataFormatError

HEADER = "format-version: 1.2\ndata-version: hp/releases/2025-01-16\nontology: hp.obo\n\n"
ROOT = "[Term]\nid: HP:0000001\nname: All\n\n"
GOLDEN = r"""[Term]
id: HP:0001250
name: Seizure
alt_id: HP:0001275
alt_id: HP:0002279
def: "An event with \"abnormal\" activity\nin the brain." [HPO:probinson, PMID:15816939]
comment: Not the same as epilepsy! {xref="https://orcid.org/0000-0002-0736-9199"}
subset: hposlim_core
synonym: "Epilepsy" RELATED layperson []
synonym: "Fit \"grand mal\"" EXACT []
synonym: "Convulsion" BROAD [ORCID:0000-0001] {source="x"}
synonym: "Epileptic attack" []
xref: SNOMEDCT_US:128613002
xref: UMLS:C0014544 "Epilepsy"
is_a: HP:0000001 {source="y"} ! All
is_a: UBERON:0000955 ! brain
property_value: terms:contributor https://orcid.org/0000-0001

"""
TEXT = st.text(
    st.characters(exclude_characters="\r\n\t\0", exclude_categories=["Cs", "Zl", "Zp", "Zs", "Cc"]),
    min_size=1,
)


def write(folder: Path, text: str) -> Path:
    path = folder / "hp.obo"
    path.write_text(text, encoding="utf-8")
    return path


def stanza(number: int, *lines: str) -> str:
    return "\n".join(("[Term]", f"id: HP:{number:07}", f"name: term {number}", *lines)) + "\n\n"


def test_golden_stanza(tmp_path: Path) -> None:
    ontology = read_ontology(write(tmp_path, HEADER + ROOT + GOLDEN))
    term = ontology.terms["HP:0001250"]
    assert term.name == "Seizure"
    assert term.definition == 'An event with "abnormal" activity\nin the brain.'
    assert term.comment == "Not the same as epilepsy!"
    assert term.alt_ids == ("HP:0001275", "HP:0002279")
    assert term.synonyms == (
        Synonym("Epilepsy", "RELATED", "layperson"),
        Synonym('Fit "grand mal"', "EXACT", None),
        Synonym("Convulsion", "BROAD", None),
        Synonym("Epileptic attack", "RELATED", None),
    )
    assert term.xrefs == ("SNOMEDCT_US:128613002", "UMLS:C0014544")
    assert term.parents == ("HP:0000001",)
    assert not term.is_obsolete
    assert (term.file, term.line) == ("hp.obo", 9)
    assert ontology.release == "2025-01-16"


def test_other_stanzas_foreign_terms_comments_and_gzip(tmp_path: Path) -> None:
    foreign = "! a remark\n[Term]\nid: UBERON:0000955\nname: brain\n\n[Typedef]\nid: part_of\nname: part of\n"
    path = tmp_path / "hp.obo.gz"
    path.write_bytes(gzip.compress(("format-version: 1.2\n" + ROOT + foreign).encode()))
    ontology = read_ontology(path)
    assert list(ontology.terms) == ["HP:0000001"]
    assert ontology.release is None


def test_a_release_without_a_date_is_kept_as_it_is(tmp_path: Path) -> None:
    ontology = read_ontology(write(tmp_path, "format-version: 1.2\ndata-version: my build\n" + ROOT))
    assert ontology.release == "my build"


def test_obsolete_terms(tmp_path: Path) -> None:
    text = HEADER + ROOT + stanza(2, "is_obsolete: true", "replaced_by: HP:0000001", "consider: HP:0000003")
    term = read_ontology(write(tmp_path, text)).terms["HP:0000002"]
    assert (term.is_obsolete, term.replaced_by, term.consider) == (True, ("HP:0000001",), ("HP:0000003",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"hp\.obo: is empty"),
        ("<html>\n", r"line 1 is '<html>', expected 'tag: value' or a stanza"),
        ("ontology: hp.obo\n\n" + ROOT, r"line 1 must begin a header with 'format-version:'"),
        (HEADER, r"hp\.obo: has no \[Term\] stanza with an id that begins with 'HP:'"),
        (HEADER + "[Term]\nname: All\n", r"line 5 has a \[Term\] stanza without 'id:'"),
        (HEADER + "[Term]\nid: HP:0000001\n", r"line 5 has a \[Term\] stanza without 'name:'"),
        (HEADER + "[Term]\nid: HP:0000001\nname:\n", r"line 7 has a \[Term\] stanza without 'name:'"),
        (
            HEADER + "[Term]\nid: HP:1\nname: All\n",
            r"line 6 has the HPO id 'HP:1', expected HP: and seven digits",
        ),
        (HEADER + ROOT + ROOT, r"line 9 has a second term HP:0000001; the first is at line 5"),
        (HEADER + stanza(1, "name: again"), r"line 8 is the second 'name:' of its stanza"),
        (
            HEADER + stanza(1, "is_a: HP:0000009 ! gone"),
            r"line 8 makes HP:0000001 a child of HP:0000009, which is unk",
        ),
        (
            HEADER + stanza(1, "is_obsolete: true") + stanza(2, "is_a: HP:0000001"),
            r"line 13 makes HP:0000002 a child of HP:0000001, which is obsolete",
        ),
        (HEADER + stanza(1, "is_a: HP:0000001"), r"line 8 closes a cycle .*, HP:0000001 -> HP:0000001"),
        (
            HEADER
            + ROOT
            + stanza(2, "is_a: HP:0000001", "is_a: HP:0000003")
            + stanza(3, "is_a: HP:0000002")
            + stanza(4, "is_a: HP:0000003"),
            r"line 13 closes a cycle of relations, HP:0000002 -> HP:0000003 -> HP:0000002; expect",
        ),
        (HEADER + stanza(1, "is_a:"), r"line 8 has the HPO id ''"),
        (HEADER + stanza(1, "is_obsolete: yes"), r"line 8 has is_obsolete 'yes', expected true or false"),
        (HEADER + stanza(1, "def: no quotes"), r"line 8 has a malformed definition, expected def: \"text\""),
        (HEADER + stanza(1, 'synonym: "open EXACT []'), r"line 8 has a malformed synonym"),
        (HEADER + stanza(1, 'synonym: "x" WIDE []'), r"line 8 has a malformed synonym, .*EXACT\|BROAD"),
        (HEADER + stanza(1, 'synonym: "x" EXACT'), r"line 8 has a malformed synonym"),
        (HEADER + stanza(1, 'synonym: "" EXACT []'), r"line 8 has a malformed synonym"),
        (HEADER + stanza(1, "garbage"), r"line 8 is 'garbage', expected 'tag: value'"),
        (
            HEADER + ROOT + stanza(2, "alt_id: HP:0000001"),
            r"line 9 gives HP:0000002 the alternative id HP:0000001, which line 5 makes a term",
        ),
        (
            HEADER + stanza(1, "alt_id: HP:0000007") + stanza(2, "alt_id: HP:0000007"),
            r"line 10 gives HP:0000002 the alternative id HP:0000007, which line 5 gives HP:0000001",
        ),
    ],
)
def test_faults_name_the_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataFormatError, match=message):
        read_ontology(write(tmp_path, text))


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "hp.obo"
    path.write_bytes((HEADER + ROOT).encode() + b"comment: M\xfcller\n")
    with pytest.raises(DataFormatError, match=r"hp\.obo: line 9 holds the byte 0xfc at byte offset"):
        read_ontology(path)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sets(st.integers(0, 30), max_size=3), min_size=1, max_size=12))
def test_ancestors_and_descendants_of_any_acyclic_hierarchy(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[set[int]]
) -> None:
    parents = [
        {parent % number for parent in chosen} if number else set() for number, chosen in enumerate(drawn)
    ]
    stanzas = [stanza(n, *(f"is_a: HP:{p:07} ! term {p}" for p in up)) for n, up in enumerate(parents)]
    ontology = read_ontology(write(tmp_path_factory.getbasetemp(), HEADER + "".join(reversed(stanzas))))
    above: list[set[int]] = []
    for up in parents:
        above.append(up.union(*(above[parent] for parent in up)))
    for number in range(len(parents)):
        below = {other for other in range(len(parents)) if number in above[other]}
        assert ontology.ancestors(f"HP:{number:07}") == {f"HP:{n:07}" for n in above[number]}
        assert ontology.descendants(f"HP:{number:07}") == {f"HP:{n:07}" for n in below}


@settings(max_examples=100, deadline=None)
@given(TEXT, TEXT)
def test_quoted_text_survives_escaping(
    tmp_path_factory: pytest.TempPathFactory, definition: str, synonym: str
) -> None:
    def quoted(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    text = HEADER + stanza(
        1, f"def: {quoted(definition)} [PMID:1]", f"synonym: {quoted(synonym)} NARROW plural []"
    )
    term = read_ontology(write(tmp_path_factory.getbasetemp(), text)).terms["HP:0000001"]
    assert term.definition == definition
    assert term.synonyms == (Synonym(synonym, "NARROW", "plural"),)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_damaged_line_gives_an_ontology_or_a_placed_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    lines = (HEADER + ROOT + GOLDEN).split("\n")
    place = data.draw(st.integers(0, len(lines) - 1))
    line = lines[place]
    cut = data.draw(st.integers(0, len(line)))
    lines[place] = line[:cut] + data.draw(
        st.sampled_from(["", "[", '"', ":", "\\", "is_a: HP:0001250\n", " {", "é"])
    )
    fault, terms = None, set[str]()
    try:
        terms = set(read_ontology(write(tmp_path_factory.getbasetemp(), "\n".join(lines))).terms)
    except DataFormatError as error:
        fault = error
    if fault is None:
        assert "HP:0000001" in terms
        assert terms <= {"HP:0000001", "HP:0001250"}
    else:
        assert fault.line is None or 1 <= fault.line <= len(lines) + 1
