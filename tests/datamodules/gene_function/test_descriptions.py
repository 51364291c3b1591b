import itertools
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamodules.gene_function.descriptions import (
    DescriptionLimits,
    describe,
    listed,
    location,
    spans_of,
    text_of,
)
from datamodules.gene_function.facts import GeneFacts, Statement
from datamodules.gene_function.templates import GENE_TYPES, TEMPLATES, Template
from tests.datamodules.gene_function.conftest import INFO

Make = Callable[..., GeneFacts]

ROOMY = DescriptionLimits(characters=5000, items=5, findings=1)
PROSE = (
    "HOXA1 is the symbol of the human gene homeobox A1. It is a protein-coding gene. It lies on "
    "chromosome 7, at 7p15.2. It is a transcription factor. It acts early. Molecular functions it is "
    "annotated with include DNA binding and sequence-specific DNA binding. Biological processes it is "
    "annotated with include inner ear development. Cellular components it is annotated with include "
    "nucleus; and chromatin, inactive. Diseases linked to it include Bosley-Salih-Alorainy syndrome "
    "(OMIM:601536). Phenotypes of diseases linked to it include Hearing impairment. A published "
    "finding: Loss impairs hearing. It is also known as BSAS, HOX1 and HOX1F. Related records include "
    "HGNC:5099, Ensembl:ENSG00000105991, MIM:142955 and AllianceGenome:HGNC:5099.",
    "The human gene HOXA1 has the full name homeobox A1. Other symbols of it include BSAS, HOX1 and "
    "HOX1F. NCBI Gene lists it as a protein-coding gene. It is related to HGNC:5099, "
    "Ensembl:ENSG00000105991, MIM:142955 and AllianceGenome:HGNC:5099. It is located on chromosome 7, "
    "at 7p15.2. The Gene Ontology annotates its product with functions such as DNA binding and "
    "sequence-specific DNA binding. Processes annotated to it include inner ear development. Cellular "
    "components annotated to it include nucleus; and chromatin, inactive. It is a transcription factor. "
    "It acts early. One article reports: Loss impairs hearing. It has been linked to diseases such as "
    "Bosley-Salih-Alorainy syndrome (OMIM:601536). Diseases linked to it show phenotypes such as "
    "Hearing impairment.",
    "HOXA1 denotes homeobox A1, a gene of Homo sapiens. It is a transcription factor. It acts early. "
    "Annotations of the gene name biological processes such as inner ear development. Annotations of "
    "the gene name molecular functions such as DNA binding and sequence-specific DNA binding. "
    "Annotations of the gene name cellular components such as nucleus; and chromatin, inactive. The "
    "gene has been linked to diseases that include Bosley-Salih-Alorainy syndrome (OMIM:601536). "
    "Diseases linked to the gene come with phenotypes that include Hearing impairment. By its type the "
    "gene is a protein-coding gene. Its place is chromosome 7, at 7p15.2. Synonyms include BSAS, HOX1 "
    "and HOX1F. Cross-references lead to HGNC:5099, Ensembl:ENSG00000105991, MIM:142955 and "
    "AllianceGenome:HGNC:5099. The literature notes: Loss impairs hearing.",
    "The human gene known as homeobox A1 bears the symbol HOXA1. This is a protein-coding gene. It is "
    "annotated with functions that include DNA binding and sequence-specific DNA binding. It is "
    "annotated with processes that include inner ear development. It is annotated with locations that "
    "include nucleus; and chromatin, inactive. It is a transcription factor. It acts early. The "
    "diseases linked to this gene include Bosley-Salih-Alorainy syndrome (OMIM:601536). The phenotypes "
    "of diseases linked to this gene include Hearing impairment. This gene maps to chromosome 7, at "
    "7p15.2. Entries of other databases for it include HGNC:5099, Ensembl:ENSG00000105991, MIM:142955 "
    "and AllianceGenome:HGNC:5099. Alternative symbols include BSAS, HOX1 and HOX1F. It has been "
    "reported: Loss impairs hearing.",
)


@pytest.mark.parametrize(("number", "prose"), list(enumerate(PROSE)))
def test_the_prose_of_each_template(number: int, prose: str, make_gene: Make) -> None:
    assert text_of(describe(make_gene(), TEMPLATES[number], ROOMY)) == prose


def test_every_template_tells_every_kind_of_fact() -> None:
    assert len(TEMPLATES) == len(PROSE)
    for template in TEMPLATES:
        assert set(template.facts) == set(TEMPLATES[0].facts)
        assert next(iter(template.facts)) == "name"


def test_what_is_not_known_is_not_told(make_bare: Make) -> None:
    for template in TEMPLATES:
        assert text_of(describe(make_bare(), template, ROOMY)) == template.unnamed.format(symbol="HOXA1")
    named_like_its_symbol = make_bare(description="HOXA1", gene_type="unknown", chromosomes=("Un",))
    assert len(describe(named_like_its_symbol, TEMPLATES[0], ROOMY)) == 1


def test_lists_are_bounded_and_findings_counted(make_gene: Make) -> None:
    text = text_of(describe(make_gene(), TEMPLATES[0], DescriptionLimits(5000, items=1, findings=0)))
    assert "functions it is annotated with include DNA binding. " in text
    assert "also known as BSAS. Related records include HGNC:5099." in text
    assert "published" not in text
    text = text_of(describe(make_gene(), TEMPLATES[0], DescriptionLimits(5000, items=1, findings=2)))
    assert "A published finding: Loss impairs hearing. A published finding: More is known." in text


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("characters", range(100, 900, 50))
def test_whole_sentences_are_left_out(template: Template, characters: int, make_gene: Make) -> None:
    whole = [sentence.text for sentence in describe(make_gene(), template, ROOMY)]
    kept = describe(make_gene(), template, replace(ROOMY, characters=characters))
    assert len(text_of(kept)) <= characters
    remaining = iter(whole)
    assert all(sentence.text in remaining for sentence in kept)  # in the same order
    kinds = [sentence.kind for sentence in kept]
    assert kinds[0] == "name"
    if "summary" in kinds:
        assert kept[kinds.index("summary")].text == "It is a transcription factor."


def test_the_name_stays_though_it_has_no_room(make_bare: Make) -> None:
    gene = make_bare(authority_name="a" * 500, gene_type="pseudo")
    sentences = describe(gene, TEMPLATES[0], replace(ROOMY, characters=100))
    assert [sentence.kind for sentence in sentences] == ["name"]


def test_spans_point_at_sentences_and_lines(make_gene: Make) -> None:
    sentences = describe(make_gene(), TEMPLATES[0], ROOMY)
    text, spans = text_of(sentences), spans_of(sentences)
    assert [text[span["start"] : span["end"]] for span in spans] == [s.text for s in sentences]
    lines = {span["kind"]: span["sources"] for span in spans}
    assert lines["name"] == lines["identifiers"] == ["gene_info.gz:9"]
    assert lines["function"] == ["gene2go.gz:5", "gene2go.gz:6", "gene2go.gz:7"]
    assert lines["summary"] == ["summary.gz:4"]
    assert lines["disease"] == ["diseases.txt:2"]


WORDS = st.text("abcXYZ019-", min_size=1, max_size=8)
STATEMENTS = st.lists(st.builds(Statement, WORDS, WORDS), max_size=4)


@given(
    symbol=WORDS,
    name=st.none() | WORDS,
    aliases=st.lists(WORDS, max_size=4),
    gene_type=st.sampled_from([None, "other", *GENE_TYPES]),
    terms=st.tuples(STATEMENTS, STATEMENTS, STATEMENTS, STATEMENTS, STATEMENTS),
    template=st.sampled_from(TEMPLATES),
    items=st.integers(1, 4),
)
def test_nothing_is_invented(
    symbol: str,
    name: str | None,
    aliases: list[str],
    gene_type: str | None,
    terms: tuple[list[Statement], ...],
    template: Template,
    items: int,
) -> None:
    info = replace(
        INFO,
        symbol=symbol,
        description=name,
        authority_name=None,
        synonyms=tuple(aliases),
        gene_type=gene_type,
    )
    functions, processes, components, diseases, phenotypes = terms
    gene = GeneFacts(
        info,
        go={"Function": functions, "Process": processes, "Component": components},
        diseases=diseases,
        phenotypes=phenotypes,
    )
    limits = DescriptionLimits(5000, items, 1)
    text = text_of(describe(gene, template, limits))
    # What is left without the words of the template must come from the record.
    wordings = [*template.facts.values(), template.unnamed]
    fixed = {word for wording in wordings for word in re.findall(r"[\w-]+", re.sub(r"\{\w+\}", " ", wording))}
    fixed |= set(re.findall(r"[\w-]+", " ".join(GENE_TYPES.values()))) | {"and", "at", "chromosome"}
    known = {symbol, *aliases, *([name] if name else []), "7", "7p15", "2"}
    known |= {part for one in itertools.chain(*terms) for part in (one.text, one.id)}
    known |= {"HGNC", "5099", "Ensembl", "ENSG00000105991", "MIM", "142955", "AllianceGenome"}
    assert set(re.findall(r"[\w-]+", text)) <= fixed | known
    assert text.endswith(".")


@pytest.mark.parametrize(
    ("chromosomes", "band", "words"),
    [
        (("7",), "7p15.2", "chromosome 7, at 7p15.2"),
        (("X", "Y"), "Xp22.33; Yp11.2", "chromosomes X and Y, at Xp22.33; Yp11.2"),
        (("X",), "X", "chromosome X"),
        (("7",), None, "chromosome 7"),
        (("MT",), None, "the mitochondrial chromosome"),
        (("Un",), "Un", None),
        ((), None, None),
    ],
)
def test_locations(
    chromosomes: tuple[str, ...], band: str | None, words: str | None, make_bare: Make
) -> None:
    assert location(make_bare(chromosomes=chromosomes, map_location=band)) == words


def test_lists() -> None:
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(["a", "b, c", "d"]) == "a; b, c; and d"
    assert listed(["fire and ice", "b"]) == "fire and ice; and b"
