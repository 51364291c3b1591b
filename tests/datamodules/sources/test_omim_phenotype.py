"""The grammar of phenotypes in OMIM's gene maps."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.sources.omim_phenotype import (
    INHERITANCE_MODES,
    MAPPING_KEYS,
    Inheritance,
    MappingKey,
    Phenotype,
    parse_phenotypes,
)

DOMINANT = Inheritance("Autosomal dominant")
RECESSIVE = Inheritance("Autosomal recessive")

WORDS = st.text("abcXYZ019-/'.{}[]?()é", min_size=1, max_size=7)
KEYS: st.SearchStrategy[MappingKey] = st.sampled_from(sorted(MAPPING_KEYS))


def is_plain(name: str) -> bool:
    """Whether a name holds nothing that would end the phenotype, be its mark, or be taken for its number."""
    return not re.search(r"^[{\[?]|\([0-9]\)(?=$| [{\[?])|[, ][0-9]{5,}$", name)


@st.composite
def joined_words(draw: st.DrawFn) -> str:
    separators = st.sampled_from([" ", ", ", " (3), ", ", 2 "])
    return draw(WORDS) + "".join(draw(st.lists(st.builds("{}{}".format, separators, WORDS), max_size=4)))


NAMES = joined_words().filter(is_plain)


@st.composite
def phenotypes(draw: st.DrawFn) -> Phenotype:
    mode = st.builds(Inheritance, st.sampled_from(INHERITANCE_MODES), st.booleans())
    return Phenotype(
        draw(NAMES),
        draw(st.none() | st.from_regex(r"[1-6][0-9]{5}", fullmatch=True)),
        draw(KEYS),
        susceptibility=draw(st.booleans()),
        non_disease=draw(st.booleans()),
        provisional=draw(st.booleans()),
        inheritance=tuple(draw(st.lists(mode, max_size=3))),
    )


def written(phenotype: Phenotype, question_first: bool = False) -> str:
    """The phenotype in the form of OMIM."""
    text = phenotype.name
    if phenotype.provisional and not question_first:
        text = f"?{text}"
    if phenotype.non_disease:
        text = f"[{text}]"
    if phenotype.susceptibility:
        text = f"{{{text}}}"
    if phenotype.provisional and question_first:
        text = f"?{text}"
    if phenotype.mim is not None:
        text += f", {phenotype.mim}"
    modes = [f", {'?' * mode.provisional}{mode.mode}" for mode in phenotype.inheritance]
    return f"{text} ({phenotype.key}){''.join(modes)}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Cyst of the ear, 602345 (3)", [Phenotype("Cyst of the ear", "602345", 3)]),
        ("17,20-lyase lack, isolated, 202110 (3)", [Phenotype("17,20-lyase lack, isolated", "202110", 3)]),
        ("Wilms tumor, type 3 (2)", [Phenotype("Wilms tumor, type 3", None, 2)]),
        ("Tumor, type (2), of the ear, 1 (4)", [Phenotype("Tumor, type (2), of the ear, 1", None, 4)]),
        (
            "Cyst, 602345 (3), Autosomal recessive, ?Autosomal dominant",
            [
                Phenotype(
                    "Cyst",
                    "602345",
                    3,
                    inheritance=(RECESSIVE, Inheritance("Autosomal dominant", provisional=True)),
                )
            ],
        ),
        (
            "Cyst, 602345(3),AUTOSOMAL DOMINANT",
            [Phenotype("Cyst", "602345", 3, inheritance=(DOMINANT,))],
        ),
        ("{Cyst, susceptibility to}, 602345 (3)", [Phenotype("Cyst, susceptibility to", "602345", 3, True)]),
        ("{Cyst, resistance to} 602345 (1)", [Phenotype("Cyst, resistance to", "602345", 1, True)]),
        ("{Cyst}, of the ear, 602345 (1)", [Phenotype("Cyst, of the ear", "602345", 1, True)]),
        ("{Cyst, 602345 (1)", [Phenotype("Cyst", "602345", 1, True)]),
        ("[Taste [bitter]], 602345 (3)", [Phenotype("Taste [bitter]", "602345", 3, False, True)]),
        ("?Cyst, 602345 (3)", [Phenotype("Cyst", "602345", 3, provisional=True)]),
        ("{?Cyst 2}, 602345 (2)", [Phenotype("Cyst 2", "602345", 2, True, provisional=True)]),
        ("?[Cyst 2], 602345 (2)", [Phenotype("Cyst 2", "602345", 2, False, True, True)]),
        (
            "A, 602345 (3), Autosomal dominant; {B, of C}, 602346 (3), X-linked recessive, Digenic; D (1)",
            [
                Phenotype("A", "602345", 3, inheritance=(DOMINANT,)),
                Phenotype(
                    "B, of C",
                    "602346",
                    3,
                    True,
                    inheritance=(Inheritance("X-linked recessive"), Inheritance("Digenic")),
                ),
                Phenotype("D", None, 1),
            ],
        ),
        # Two phenotypes run together, as in the row of TAS2R16 in a morbidmap.txt of 2019.
        (
            "[Taste], 602345 (3) {Thirst}, 602346 (3)",
            [Phenotype("Taste", "602345", 3, False, True), Phenotype("Thirst", "602346", 3, True)],
        ),
        ("Cyst, 602345 (3);", [Phenotype("Cyst", "602345", 3)]),
        ("", []),
        ("  ", []),
    ],
)
def test_golden_texts(text: str, expected: list[Phenotype]) -> None:
    assert list(parse_phenotypes(text)) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Cyst, 602345", r"has the phenotype 'Cyst, 602345', expected 'name, nnnnnn \(k\)\[, inheritance\]'"),
        ("Cyst, 602345 (5)", r"has the phenotype 'Cyst, 602345 \(5\)', expected .* with k from 1 to 4"),
        ("Cyst, 60234 (3)", r"has the phenotype 'Cyst, 60234 \(3\)'"),
        ("Cyst, 6023456 (3)", r"has the phenotype 'Cyst, 6023456 \(3\)'"),
        ("(3)", r"has the phenotype '\(3\)'"),
        (", 602345 (3)", r"has the phenotype ', 602345 \(3\)'"),
        ("{}, 602345 (3)", r"has the phenotype '\{\}, 602345 \(3\)'"),
        ("A, 602345; B, 602346 (3)", r"has the phenotype 'A, 602345; B, 602346 \(3\)', .* '; ' between"),
        ("A, 602345 (3); B, 602346", r"has the phenotype 'B, 602346'"),
        ("A, 602345 (3), Maternal", r"has the inheritance 'Maternal', expected one of Autosomal dominant, "),
        ("A, 602345 (3), ??Digenic", r"has the phenotype 'A, 602345 \(3\), \?\?Digenic'"),
    ],
)
def test_other_texts_are_errors(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_phenotypes(text)


def test_keys_and_numbers_have_a_meaning() -> None:
    own, shared = parse_phenotypes("A, 602345 (3); B (2)")
    assert own.key_meaning == "the molecular basis is known, a mutation was found in the gene"
    assert (own.number_at("600001"), shared.number_at("600001")) == ("602345", "600001")


@settings(max_examples=150, deadline=None)
@given(st.lists(phenotypes(), max_size=3), st.booleans())
def test_what_is_written_is_read(records: list[Phenotype], question_first: bool) -> None:
    text = "; ".join(written(record, question_first) for record in records)
    assert list(parse_phenotypes(text)) == records


@settings(max_examples=300, deadline=None)
@given(st.text("aZ ,;?{}[]()0123456789-é", max_size=40))
def test_any_text_is_phenotypes_or_an_error(text: str) -> None:
    fault, found = "", None
    try:
        found = parse_phenotypes(text)
    except ValueError as error:
        fault = str(error)
    if found is None:
        assert fault.startswith("has the ")
    else:
        assert all(phenotype.name and phenotype.key in MAPPING_KEYS for phenotype in found)
        assert bool(found) == bool(text.strip())
