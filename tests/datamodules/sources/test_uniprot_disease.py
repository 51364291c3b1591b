"""The grammar of DISEASE comments: golden comments, odd ones, and any that is written by its rules."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.sources.uniprot_disease import ProteinDisease, parse_disease, parse_diseases

WORD = st.text("abcdefghijklmnopqrstuvwxyzABCDEFXYZ0123456789-/'", min_size=1, max_size=8).filter(
    lambda word: not word.endswith("-")
)
WORDS = st.lists(WORD, min_size=1, max_size=5).map(" ".join)
NAME = st.one_of(WORDS, st.tuples(WORDS, WORDS).map(lambda pair: f"{pair[0]}, with (a {pair[1]}) form"))
ACRONYM = st.text("ABCDEFGHIJKLMNOP0123456789-", min_size=1, max_size=8)
MIM = st.integers(100000, 999999).map(str)
EVIDENCE = st.sampled_from(
    ["", " {ECO:0000269|PubMed:9399911}", " {ECO:0000269|PubMed:1, ECO:0000305, ECO:0000269|Ref.2}"]
)
CITATION = st.sampled_from(["", " (PubMed:9399911)", " (PubMed:1, PubMed:22)", " (Ref.4, PubMed:3)"])
SENTENCE = st.tuples(WORDS, CITATION)
MOLECULE = st.one_of(st.none(), WORDS)


def test_golden_comment() -> None:
    comment = (
        "DISEASE: Pyruvate dehydrogenase E3-binding protein deficiency (PDHXD) [MIM:245349]: A "
        "metabolic disorder "
        "(PubMed:9399911), with fits. {ECO:0000269|PubMed:12557299, ECO:0000269|PubMed:9399911}. "
        "Note=The disease "
        "is caused by variants affecting the gene represented in this entry."
    )
    assert parse_diseases(comment) == (
        ProteinDisease(
            "Pyruvate dehydrogenase E3-binding protein deficiency",
            "PDHXD",
            "245349",
            "A metabolic disorder, with fits.",
            "The disease is caused by variants affecting the gene represented in this entry.",
        ),
    )


@pytest.mark.parametrize(
    ("comment", "disease"),
    [
        (
            "Note=Defects in POP1 may be the cause of a dysplasia. {ECO:0000269|PubMed:1}.",
            ProteinDisease(None, note="Defects in POP1 may be the cause of a dysplasia."),
        ),
        (
            "Deafness, autosomal recessive, 12 (DFNB12) [MIM:601386]: A form of deafness.",
            ProteinDisease("Deafness, autosomal recessive, 12", "DFNB12", "601386", "A form of deafness."),
        ),
        (
            "Acyl-CoA dehydrogenase (long chain) deficiency (ACAD9 deficiency) [MIM:611126]: Weakness",
            ProteinDisease(
                "Acyl-CoA dehydrogenase (long chain) deficiency", "ACAD9 deficiency", "611126", "Weakness."
            ),
        ),
        ("Cancer (CRC): Growth (fast): bad.", ProteinDisease("Cancer", "CRC", None, "Growth (fast): bad.")),
        ("Cancer [MIM:114500]: Growth.", ProteinDisease("Cancer", None, "114500", "Growth.")),
        ("Cancer (CRC) [MIM:114500]:", ProteinDisease("Cancer", "CRC", "114500")),
        (
            "[Isoform 2]: Cancer (CRC) [MIM:114500]: Growth. Note=Rare",
            ProteinDisease("Cancer", "CRC", "114500", "Growth.", "Rare.", "Isoform 2"),
        ),
        (
            "Defects in PHKA1 are linked to glycogenosis [MIM:311870]. It is a disease (PubMed:2) of muscle.",
            ProteinDisease(
                None,
                note="Defects in PHKA1 are linked to glycogenosis [MIM:311870]. It is a disease of muscle.",
            ),
        ),
        ("A sentence. Note=And more.", ProteinDisease(None, note="A sentence. And more.")),
    ],
)
def test_forms(comment: str, disease: ProteinDisease) -> None:
    assert parse_disease(comment) == disease
    assert parse_diseases(f"DISEASE: {comment}") == (disease,)


def test_several_in_a_cell_and_none() -> None:
    cell = "DISEASE: A (B) [MIM:100000]: C.; DISEASE: Note=D. {ECO:0000305}. DISEASE: E (F) [MIM:100001]: G."
    assert [(one.name, one.note) for one in parse_diseases(cell)] == [("A", None), (None, "D."), ("E", None)]
    assert parse_diseases("  ") == ()


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("Cancer (CRC)", r"has the text 'Cancer \(CRC\)', expected it to begin with 'DISEASE: '"),
        ("x DISEASE: Cancer", "expected it to begin with 'DISEASE: '"),
        ("DISEASE: ", "has a DISEASE comment without a text"),
        ("DISEASE: {ECO:0000305}.", "has a DISEASE comment without a text"),
        ("DISEASE: Note=", "has a DISEASE comment without a text"),
    ],
)
def test_faults(cell: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_diseases(cell)


@st.composite
def written(draw: st.DrawFn) -> tuple[str, ProteinDisease]:
    """A comment by the rules, and what must be read from it."""
    (description, cited), (note, also_cited) = draw(SENTENCE), draw(SENTENCE)
    molecule = draw(MOLECULE)
    about = f"[{molecule}]: " if molecule else ""
    has_note = draw(st.booleans())
    tail = f" Note={note}{also_cited}.{draw(EVIDENCE)}" if has_note else ""
    noted = f"{note}." if has_note else None
    if has_note and draw(st.booleans()):
        return about + tail.strip(), ProteinDisease(None, note=noted, molecule=molecule)
    name, acronym, mim = draw(NAME), draw(ACRONYM), draw(MIM)
    evidence = draw(EVIDENCE)
    text = (
        f"{about}{name} ({acronym}) [MIM:{mim}]: {description}{cited}.{evidence}{'.' * bool(evidence)}{tail}"
    )
    return text, ProteinDisease(name, acronym, mim, f"{description}.", noted, molecule)


@settings(max_examples=200, deadline=None)
@given(st.lists(written(), min_size=1, max_size=4), st.sampled_from(["; ", " ", "  \n"]))
def test_what_is_written_by_the_rules_is_read(pairs: list[tuple[str, ProteinDisease]], between: str) -> None:
    cell = between.join(f"DISEASE: {text}" for text, _ in pairs)
    assert parse_diseases(cell) == tuple(disease for _, disease in pairs)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(["DISEASE: ", "A", " (B)", ")", "(", "[MIM:1]", ": ", "Note=", ". ", "{ECO:1}", "é"])
    )
)
def test_any_text_gives_diseases_that_say_something_or_an_error(parts: list[str]) -> None:
    try:
        diseases = parse_diseases("DISEASE: " + "".join(parts))
    except ValueError:
        return
    assert all(disease.name or disease.note for disease in diseases)
