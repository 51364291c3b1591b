"""Running text in records: whole sentences, their lines, their masks, and what training must not hear of."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamodules import GeneCorpusDataModule
from datamodules.corpus import Corpus, CorpusSources
from datamodules.gene_corpus.texts import ToldSentence, fitting, told_lines
from geneverse_pl.data.datamodule import HELD_OUT, TRAIN, VAL
from geneverse_pl.data.records import Sample
from tests.datamodules.gene_corpus.conftest import Make, Splits, lists

WORDS = st.lists(
    st.sampled_from(["FBN1", "fbn1", "binds", "Marfan", "syndrome", "DNA"]), min_size=1, max_size=6
)
SENTENCES = WORDS.map(lambda words: " ".join(words) + ".")


def sentence(text: str, number: int = 0) -> ToldSentence:
    return ToldSentence("summary", text, (f"ncbi_gene_summary gene_summary:{number}",))


def spans(sample: Sample) -> list[dict[str, object]]:
    found = sample.metadata.get("sentences", [])
    assert isinstance(found, list)
    return found


def unmasked(sample: Sample) -> str:
    text = sample.context
    for number, hidden in reversed(list(enumerate(sample.gold, start=1))):
        text = text.replace(f"[MASK{number}]", hidden)
    return text


# --- sentences and their places ---


@given(st.lists(st.lists(SENTENCES, max_size=5), max_size=4), st.integers(0, 120))
def test_whole_sentences_within_the_budget(texts: list[list[str]], characters: int) -> None:
    told = [[sentence(text) for text in one] for one in texts]
    kept = fitting(told, characters)
    assert len(" ".join(one.text for one in kept)) <= characters
    everything = [one for of_text in told for one in of_text]
    assert all(one in everything for one in kept)
    assert len({one.text.casefold() for one in kept}) == len(kept)
    for of_text in told:
        distinct = list(dict.fromkeys(one.text.casefold() for one in of_text))
        flags = [any(text == one.text.casefold() for one in kept) for text in distinct]
        # The later ones lean on the first ones; some may be said by another text as well.
        missing = flags.index(False) if False in flags else len(flags)
        others = {one.text.casefold() for other in told if other is not of_text for one in other}
        assert all(
            text in others
            for text, is_kept in zip(distinct, flags, strict=True)
            if is_kept and distinct.index(text) > missing
        )


@given(st.lists(SENTENCES, min_size=1, max_size=5), st.integers(0, 50))
def test_every_sentence_is_found_at_its_place_and_hides_what_is_masked(texts: list[str], start: int) -> None:
    told = [sentence(text, number) for number, text in enumerate(texts, start=2)]
    lines, places = told_lines(told, ["Marfan syndrome", "FBN1"], start)
    whole = "." * start + lines
    assert [whole[int(str(p["start"])) : int(str(p["end"]))] for p in places] == [
        re.sub(r"\bFBN1\b", "[MASK2]", text.replace("Marfan syndrome", "[MASK1]")) for text in texts
    ]
    assert [p["sources"] for p in places] == [list(one.evidence) for one in told]
    assert lines.startswith("\nSummary: ")
    assert "\n" not in lines[1:]


@pytest.mark.parametrize(
    ("hidden", "text", "expected"),
    [
        (["WAS"], "It was found. WAS is a gene.", "It was found. [MASK1] is a gene."),
        (["FBN1"], "FBN10 and FBN1-related, NFBN1.", "FBN10 and [MASK1]-related, NFBN1."),
        (["Fibrillin-1", "Fibrillin-1 defect"], "A fibrillin 1 defect.", "A [MASK2]."),
        (["A"], "A gene.", "A gene."),
        (["+"], "A + B.", "A + B."),
        ([], "A gene.", "A gene."),
    ],
)
def test_masks_in_sentences(hidden: list[str], text: str, expected: str) -> None:
    assert told_lines([sentence(text)], hidden, 0)[0] == f"\nSummary: {expected}"


# --- records ---


def test_records_of_genes_and_proteins_tell_what_the_sources_do(recorded: Splits, corpus_path: Path) -> None:
    with Corpus(corpus_path) as corpus:
        texts = {one.entity: one.text for kind in ("gene", "protein") for one in corpus.texts(kind)}
        lines = {
            one.entity: one.evidence[0].line for kind in ("gene", "protein") for one in corpus.texts(kind)
        }
    checked = 0
    for sample in recorded[HELD_OUT]:
        text = texts.get(str(sample.metadata["subject"]))
        if text is None:
            assert sample.kind == "list/disease_record" or not spans(sample)
            continue
        title = "Summary" if sample.kind == "list/gene_record" else "Function"
        assert unmasked(sample).endswith(f"\n{title}: {text}")
        evidence = sample.metadata["evidence"]
        assert isinstance(evidence, dict)
        for span in spans(sample):
            assert span["sources"] == evidence[sample.metadata["subject"]]
            assert str(span["sources"]).endswith(f":{lines[str(sample.metadata['subject'])]}']")
            assert sample.context[int(str(span["start"])) : int(str(span["end"]))][-1] == "."
            checked += 1
    assert checked > 20


def test_training_hears_of_no_gene_of_another_split(recorded: Splits, corpus_path: Path) -> None:
    with Corpus(corpus_path) as corpus:
        names = {one.id: one.name for kind in ("gene", "protein") for one in corpus.entities(kind)}
    held = {
        names[str(s.metadata["subject"])]
        for split in (VAL, HELD_OUT)
        for s in recorded[split]
        if str(s.metadata["subject"]) in names
    }
    told = [unmasked(sample) for sample in recorded[TRAIN] if spans(sample)]
    assert len(told) > 100
    for text in told:
        words = set(text.partition("Summary: ")[2].replace(".", "").split())
        assert not words & held
    # Those whose third sentence names a training gene have it, and the one after it.
    assert any(text.endswith("It does no more.") for text in told)
    assert any(text.endswith("in the eye.") for text in told)


def test_no_mention_of_what_is_masked_stays(recorded: Splits) -> None:
    for sample in (one for one in recorded[TRAIN] if one.kind == "list/gene_record" and spans(one)):
        for hidden in sample.gold:
            told = sample.context.partition("\nSummary: ")[2]
            assert not re.search(rf"(?<!\w){re.escape(hidden)}(?!\w)", told)
    assert any("encodes [MASK" in sample.context for sample in recorded[TRAIN])


def test_a_budget_of_nothing_leaves_text_out(make: Make) -> None:
    samples = lists(make(stage="records", max_text_characters=0, records=["gene"]))[TRAIN]
    assert samples
    assert not any(spans(sample) or "Summary" in sample.context for sample in samples)


def test_a_small_budget_keeps_the_first_sentences(make: Make) -> None:
    samples = lists(make(stage="records", max_text_characters=60, records=["gene"], masks_per_record=1))[
        TRAIN
    ]
    told = [unmasked(sample).partition("\nSummary: ")[2] for sample in samples if spans(sample)]
    assert told
    assert all(re.fullmatch(r"This gene encodes Protein \w+ kinase\.", text) for text in told)


def test_the_newest_findings_come_first(tmp_path: Path) -> None:
    head = "#Tax ID\tGene ID\tPubMed ID (PMID) list\tlast update timestamp\tGeneRIF text\n"
    genes = [
        "#tax_id\tGeneID\tSymbol\tLocusTag\tSynonyms\tdbXrefs\tchromosome\tmap_location\tdescription"
        "\ttype_of_gene\tSymbol_from_nomenclature_authority\tFull_name_from_nomenclature_authority"
        "\tNomenclature_status\tOther_designations\tModification_date"
    ]
    rows = []
    for number in range(1, 40):
        symbol = chr(64 + number % 26 + (number % 26 == 0)) * 3 + f"{number}Q"
        cells = ["9606", str(number), symbol, *["-"] * 5, f"gene {number}", "ncRNA", *["-"] * 4, "20240101"]
        genes.append("\t".join(cells))
        rows += [f"9606\t{number}\t{y}\t{y}-01-20 00:00\tFound in {y}\n" for y in (2011, 2015, 2013)]
        rows.append(f"9606\t{number}\t9\t2020-01-20 00:00\t{'Far too long ' * 30}\n")
    (tmp_path / "generifs_basic").write_text(head + "".join(rows))
    (tmp_path / "gene_info").write_text("\n".join(genes) + "\n")
    data = GeneCorpusDataModule(
        sources=CorpusSources(
            ncbi_gene_info_human=tmp_path / "gene_info", ncbi_generifs=tmp_path / "generifs_basic"
        ),
        bundled_hpo=False,
        stage="records",
        max_list_items=2,
        max_text_characters=100,
        val_fraction=0.2,
        held_out_fraction=0.2,
        cache_dir=tmp_path / "cache",
    )
    samples = lists(data)[TRAIN]
    assert samples
    assert all(sample.context.endswith("\nFindings: Found in 2015. Found in 2013.") for sample in samples)
    assert spans(samples[0])[0]["sources"] != spans(samples[0])[1]["sources"]
