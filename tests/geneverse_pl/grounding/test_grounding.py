"""What is corrected, what is marked, and what is left alone."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geneverse_pl.evaluation.claims.identifiers import PATTERNS
from geneverse_pl.grounding import GroundingTable, TableEntity, ground, write_table
from geneverse_pl.grounding.mentions import find_mentions
from geneverse_pl.grounding.wording import Token, tokens_of

RIGHT = [
    "BRCA1 (HGNC:1100, Ensembl:ENSG00000012048.12, MIM:113705) is a gene.",
    "Its partner is BARD1 [HGNC:952].",
    "Seizure (HP:0001250); Spider fingers - HP:0001166; HP:0007359 (focal-onset seizure).",
    "It takes part in DNA repair (GO:0006281) and the regulation of the cell cycle (GO:0051726).",
    "Marfan syndrome (MIM:154700, ORPHA:558) is due to FBN1 (MIM:134797).",
    # The number of a gene's disease, and of a disease's gene.
    "The Marfan syndrome gene FBN1 (MIM:154700); Marfan syndrome (MIM:134797)",
    "The protein of BRCA1 is UniProt:P38398, AllianceGenome:HGNC:1100.",
    "CDKN2A (UniProt:P42771) and CDKN2A (UniProt:Q8N726)",
    "Heart, malformed (HP:0001627)",
    # Names on both sides: the id is right of one of them.
    "HP:0001250 Seizure, HP:0001166 Arachnodactyly, HP:0007359 of another name",
    # P16 is an alias, AMB1 one of two genes.
    "P16 (HGNC:1787) and AMB1 (HGNC:1100) and AMB1 (HGNC:11998)",
    # Several names and as many ids: which is whose is not said.
    "BRCA1 and TP53 (HGNC:1100 and HGNC:11998, respectively)",
    "The HGNC IDs of BRCA1 and TP53 are HGNC:1100 and HGNC:11998.",
    "HGNC:1100 and HGNC:11998 are BRCA1 and TP53.",
    "Seizure, arachnodactyly: HP:0001250, HP:0001166",
    "BRCA1 and TP53 (HGNC:1100, MIM:113705; HGNC:11998, MIM:191170)",
    # What is called a gene ID here is not of NCBI Gene.
    "TP53 has the HGNC gene ID 11998. TP53's OMIM gene ID: 191170.",
    "TP53 (UniProt: P04637-2)",
]
CHANGED = [
    # (subject, old text, new text, reason)
    (None, "BRCA1 (HGNC:1234)", "BRCA1 (HGNC:1100)", "not_in_table"),
    (None, "BRCA1 (HGNC:952)", "BRCA1 (HGNC:1100)", "other_entity"),
    (None, "BRCA1 (HGNC:1099)", "BRCA1 (HGNC:1100)", "former"),
    (None, "It is HGNC:1099 here", "It is HGNC:1100 here", "former"),
    (None, "The HGNC ID of BRCA1 is HGNC:HGNC:5.", "The HGNC ID of BRCA1 is HGNC:HGNC:1100.", "not_in_table"),
    (None, "BRCA1's Ensembl gene ID is ENSG00000141510.4,", "BRCA1's Ensembl gene ID is ENSG00000012048,",
     "other_entity"),
    (None, "TP53 (ENSG141510)", "TP53 (ENSG00000141510)", "malformed"),
    (None, "TP53 (MIM 191171)", "TP53 (MIM 191170)", "not_in_table"),
    (None, "TP53 (MIM:19117)", "TP53 (MIM:191170)", "not_in_table"),
    (None, "(TP53; OMIM #113705)", "(TP53; OMIM #191170)", "other_entity"),
    (None, "tumor protein p53 (TP53) HGNC:1", "tumor protein p53 (TP53) HGNC:11998", "not_in_table"),
    (None, "TP53 (NCBIGene:672)", "TP53 (NCBIGene:7157)", "other_entity"),
    (None, "TP53 (NCBI Gene ID 672)", "TP53 (NCBI Gene ID 7157)", "other_entity"),
    # The other protein has no isoform 2.
    (None, "TP53 (UniProt: P38398-2)", "TP53 (UniProt: P04637)", "other_entity"),
    (None, "TP53 has the HGNC identifier 1100", "TP53 has the HGNC identifier 11998", "other_entity"),
    (None, "TP53 (UniProt: P38398)", "TP53 (UniProt: P04637)", "other_entity"),
    (None, "BRCA1's ids include HGNC:952", "BRCA1's ids include HGNC:1100", "other_entity"),
    (None, "BRCA1 (HGNC:952, AllianceGenome:HGNC:1100)", "BRCA1 (HGNC:1100, AllianceGenome:HGNC:1100)",
     "other_entity"),
    (None, "BRCA1 AllianceGenome:HGNC:11998", "BRCA1 AllianceGenome:HGNC:1100", "other_entity"),
    (None, "Seizure (HP:1250)", "Seizure (HP:0001250)", "malformed"),
    (None, "seizures [HP:00001250]", "seizures [HP:0001250]", "malformed"),
    (None, "HP:0001166 (Seizure)", "HP:0001250 (Seizure)", "other_entity"),
    (None, "HP:0002279 is old", "HP:0001250 is old", "former"),
    (None, "Arachnodactyly: HP:0002279", "Arachnodactyly: HP:0001166", "other_entity"),
    (None, "Seizure (HP:٠٠٠١٢٥٠)", "Seizure (HP:0001250)", "malformed"),
    (None, "involved in DNA repair (GO: 6281)", "involved in DNA repair (GO: 0006281)", "malformed"),
    (None, "**TP53** is a gene.\n- **HGNC ID**: 1100\n", "**TP53** is a gene.\n- **HGNC ID**: 11998\n",
     "other_entity"),
    (None, "**TP53**\n- **Gene ID:** 672\n", "**TP53**\n- **Gene ID:** 7157\n", "other_entity"),
    (None, "| Seizure | HP:0001166 |", "| Seizure | HP:0001250 |", "other_entity"),
    (None, "Marfan syndrome (ORPHA:559)", "Marfan syndrome (ORPHA:558)", "not_in_table"),
    (None, "“Marfan syndrome” (MONDO:7947)", "“Marfan syndrome” (MONDO:0007947)", "malformed"),
    ("BRCA1", "It is a gene. Its HGNC ID is HGNC:952.", "It is a gene. Its HGNC ID is HGNC:1100.",
     "other_entity"),
    ("HGNC:1100", "HGNC ID: 952\nA text.", "HGNC ID: 1100\nA text.", "other_entity"),
    ("NCBIGene:672", "Ensembl: ENSG00000141510", "Ensembl: ENSG00000012048", "other_entity"),
    (None, "BRCA1 is a gene. It has the Ensembl accession ENSG00000141510.",
     "BRCA1 is a gene. It has the Ensembl accession ENSG00000012048.", "other_entity"),
]  # fmt: skip
UNKNOWN = [
    ("Something (HGNC:99999) else", "HGNC:99999", "not_in_table"),
    ("the id ENSG00000999999 of it", "ENSG00000999999", "not_in_table"),
    ("HP:1250 alone", "HP:1250", "malformed"),
    ("HP:000125O is misread", "HP:000125O", "malformed"),
    ("MIM:12345", "MIM:12345", "malformed"),
    ("OMIM 999999", "OMIM 999999", "not_in_table"),
    ("GO:0000001 was two", "GO:0000001", "former"),
    ("CDKN2A (UniProt:P38398)", "UniProt:P38398", "other_entity"),
    ("UniProt:P00000-2 is none", "UniProt:P00000-2", "not_in_table"),
    ("CDKN2A (UniProt:P00000)", "UniProt:P00000", "not_in_table"),
    ("CAT (UniProt: P38398)", "UniProt: P38398", "other_entity"),
]
ALONE = [
    "BRCA1 interacts with HGNC:952 and regulates ENSG00000141510.",
    "Its paralog is HGNC:952. The gene HGNC:952 is near.",
    "In 1994, at position 113705 of 41,196,312, 12 of 191170 cells (2019) had 7157 reads.",
    "OMIM 2019 and NCBI Gene 2015 say so; HGNC 1994 too, approved by HGNC 5 years ago.",
    # A name that is part of a longer one, and one beside which another species stands.
    "Focal seizure (HP:0007359), regulation of the cell cycle (GO:0051726)",
    "anti-BRCA1 and BRCA1-associated things (HGNC:952)",
    "the mouse gene BRCA1 (HGNC:952)",
    "cat (HGNC:1100) and Seizure disorder HP:0001166",
    # Names on both sides, of which neither fits.
    "| Seizure | HP:0007359 | Arachnodactyly |",
    # Parts and examples; transcripts, proteins and genes of other species.
    "the BRCA1 locus includes gene HGNC:952",
    "TP53 (ENST00000269305) and TP53 (ENSP00000269305.4), TP53 (ENSMUSG00000059552)",
    "TP53 ENSGALG00000042364 of chicken, ENSGGOG00000012345 of gorilla, TP53 ENSGT00390000012345",
    "AMB1 (HGNC:952), and ENSMUSG00000017146, RefSeq NM_007294.4, Reactome R-HSA-1.",
    "BRCA1, TP53 and BARD1: HP:0001250\n\nHGNC:11998\n",
    "Genes: HGNC:952, ENSG00000141510 (BRCA1 is none of them)",
    "",
    "α-Synuclein 🧬 is no \ud83e gene",
]


@pytest.mark.parametrize("text", RIGHT)
def test_what_is_right_is_confirmed(text: str, table: GroundingTable) -> None:
    grounded = ground(text, table)
    assert grounded.text == text
    assert (grounded.changes, grounded.unknown) == ((), ())
    assert grounded.num_confirmed == grounded.num_identifiers == len(find_mentions(text))


@pytest.mark.parametrize(("subject", "old", "new", "reason"), CHANGED)
def test_what_has_one_right_answer_is_corrected(
    subject: str | None, old: str, new: str, reason: str, table: GroundingTable
) -> None:
    grounded = ground(old, table, subject)
    assert grounded.text == new
    [change] = grounded.changes
    assert change.reason == reason
    assert old[change.start : change.end] == change.old
    assert old[: change.start] + change.new + old[change.end :] == new
    again = ground(new, table, subject)
    assert (again.text, again.changes, again.num_confirmed) == (new, (), len(find_mentions(new)))


@pytest.mark.parametrize(("text", "found", "reason"), UNKNOWN)
def test_what_has_none_is_marked(text: str, found: str, reason: str, table: GroundingTable) -> None:
    grounded = ground(text, table)
    [unknown] = grounded.unknown
    assert (unknown.text, unknown.reason) == (found, reason)
    assert text[unknown.start : unknown.end] == found
    assert grounded.text == text.replace(found, f"{found} [?]")
    assert grounded.changes == ()
    assert ground(text, table, marks=False).text == text
    assert ground(grounded.text, table).text == grounded.text


@pytest.mark.parametrize("text", ALONE)
def test_what_names_nothing_for_certain_is_left_alone(text: str, table: GroundingTable) -> None:
    grounded = ground(text, table, "BRCA1")
    assert (grounded.text, grounded.changes, grounded.unknown) == (text, (), ())


def test_a_pronoun_after_another_gene_may_mean_that_one(table: GroundingTable) -> None:
    text = "BRCA1 binds BARD1. Its HGNC ID is HGNC:952."
    assert ground(text, table, "BRCA1").text == text
    assert ground(text, table).text == text
    assert ground("BRCA1 binds it. Its HGNC ID is HGNC:952.", table).changes[0].entity == "BRCA1"


def test_a_change_tells_what_was_wrong(table: GroundingTable) -> None:
    [change] = ground("BRCA1 (HGNC:952)", table).changes
    assert (change.old, change.new, change.entity) == ("HGNC:952", "HGNC:1100", "BRCA1")
    assert change.about == "HGNC 952 is BARD1"


def test_a_transcript_does_not_become_a_protein(tmp_path: Path) -> None:
    proteins = TableEntity("gene", "NCBIGene:672", "BRCA1", identifiers=("NP_009225",))
    with GroundingTable(write_table(tmp_path / "refseq.sqlite", [proteins], [])) as table:
        assert ground("BRCA1 (NM_007294.4)", table, marks=False).text == "BRCA1 (NM_007294.4)"
        assert ground("BRCA1 (NP_009226)", table).text == "BRCA1 (NP_009225)"


def test_schemes_that_the_table_leaves_out_are_not_judged(table: GroundingTable) -> None:
    assert not table.knows("RefSeq")
    assert ground("NM_007294.4 and XP_1.1", table).unknown == ()


def test_listed_aliases_are_checked(table: GroundingTable) -> None:
    text = (
        "BRCA1 is a gene. It is also known as RNF53, BRCC-1, GLI-4 and “breast cancer 1”, or XYZ9; no more."
    )
    grounded = ground(text, table)
    assert [unknown.text for unknown in grounded.unknown] == ["GLI-4", "XYZ9"]
    assert {unknown.reason for unknown in grounded.unknown} == {"no_alias"}
    assert grounded.text == text.replace("GLI-4", "GLI-4 [?]").replace("XYZ9", "XYZ9 [?]")
    assert ground(grounded.text, table).text == grounded.text
    assert ground("TP53 (also known as p53, LFS1)", table).unknown == ()
    assert ground("TP53, also called RNF53, is", table).unknown[0].text == "RNF53"
    # Of what nobody says.
    assert ground("Something, also known as RNF53 and XYZ9", table).unknown == ()


def test_official_symbols_on_request(table: GroundingTable) -> None:
    text = "P53 and LFS1 differ from AMB1 and MTS1-like cells. P16 (HGNC:1787) is CDKN2A."
    assert ground(text, table).text == text
    grounded = ground(text, table, use_official_symbols=True)
    assert grounded.text == "TP53 and TP53 differ from AMB1 and MTS1-like cells. P16 (HGNC:1787) is CDKN2A."
    assert [change.reason for change in grounded.changes] == ["alias", "alias"]
    assert ground(grounded.text, table, use_official_symbols=True).text == grounded.text
    listed = "It is also known as P53."
    assert ground(listed, table, "TP53", use_official_symbols=True).text == listed


def test_a_vitamin_is_no_alias(tmp_path: Path) -> None:
    genes = [TableEntity("gene", "HGNC:7698", "NDUFB3", ("B12",)), TableEntity("gene", "HGNC:7468", "MTR")]
    with GroundingTable(write_table(tmp_path / "genes.sqlite", genes, [])) as table:
        text = "MTR needs vitamin B12 and B12. Its HGNC ID is HGNC:1."
        assert ground(text, table, use_official_symbols=True).text.startswith(
            "MTR needs vitamin B12 and NDUFB3."
        )
        only = ground("MTR needs vitamin B12. Its HGNC ID is HGNC:1.", table)
        assert only.text == "MTR needs vitamin B12. Its HGNC ID is HGNC:7468."


_PIECES = """BRCA1 TP53 P53 AMB1 RNF53 CAT BARD1's (HGNC:1100) HGNC:952 HGNC:1099 HGNC:77777 ENSG00000141510.2
    ENSG141510 MIM:113705 MIM:154700 OMIM 2019 HP:1250 HP:0002279 HP:0001166 (HP:9999999) GO:0000001 GO:6281
    UniProt:P38398 (UniProt Swiss-Prot Seizure Focal cell cycle regulation of DNA repair the It Its is ID
    also known as XYZ9, and in , ; : . ( ) [ ] [?] | - 🧬 é ٣ GeneID: 672 7157
    HP_0001166 hgnc:952 gene ID 1100 UniProt:P04637-2 **HGNC ID**: vitamin NCBIGene:672 ENSGALG00000000001"""

_TEXTS = st.lists(
    st.tuples(
        st.sampled_from([*_PIECES.split(), "\ud800", ".\n"]), st.sampled_from([" ", " ", " ", "", "\n"])
    ),
    max_size=25,
).map(lambda pieces: "".join(piece + gap for piece, gap in pieces))
_SUBJECTS = st.sampled_from([None, "BRCA1", "HP:0001250", "nothing"])


@settings(max_examples=150)
@given(_TEXTS, _SUBJECTS, st.booleans(), st.booleans())
def test_grounding_changes_what_it_reports_and_once(
    table: GroundingTable, text: str, subject: str | None, marks: bool, official: bool
) -> None:
    grounded = ground(text, table, subject, marks=marks, use_official_symbols=official)
    edits = [(change.start, change.end, change.new) for change in grounded.changes]
    if marks:
        ends = {unknown.end for unknown in grounded.unknown}
        edits += [(end, end, " [?]") for end in ends if not text.startswith(" [?]", end)]
    expected = text
    for start, end, new in sorted(edits, reverse=True):
        expected = expected[:start] + new + expected[end:]
    assert grounded.text == expected
    again = ground(grounded.text, table, subject, marks=marks, use_official_symbols=official)
    assert (again.text, again.changes) == (grounded.text, ())


@given(st.text(max_size=80))
def test_any_text_can_be_grounded(table: GroundingTable, text: str) -> None:
    assert ground(text, table, marks=False).num_identifiers == len(find_mentions(text))


def test_work_is_bounded_by_the_length_of_a_text(
    table: GroundingTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice the text, twice the characters that windows read: none reads beyond the next identifier."""
    read: list[int] = []

    def counted(text: str, start: int, end: int) -> list[Token]:
        read.append(end - start)
        return tokens_of(text, start, end)

    monkeypatch.setattr("geneverse_pl.grounding.neighbours.tokens_of", counted)
    totals = []
    for times in (50, 100):
        read.clear()
        text = "BRCA1 (HGNC:1100) and Seizure HP:0001250, HP:0001166 or else words. " * times
        ground(text, table)
        totals.append(sum(read))
        assert sum(read) <= 4 * len(text)
    assert totals[1] <= 2.1 * totals[0]


def test_patterns_have_bounded_groups() -> None:
    """No repeated group without a bound: what follows a name is read once from each name."""
    assert [name for name, pattern in PATTERNS.items() if ")*" in pattern.pattern] == []
