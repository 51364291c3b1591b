"""Claims in hand-written answers, good and bad."""

from typing import Any

import pytest

from geneverse_pl.evaluation.claims import TruthRecord, check_claims, names_gene_and_function
from tests.geneverse_pl.evaluation.claims.conftest import catalase

GOOD = (
    "CAT is the symbol of the human gene catalase. It is a protein-coding gene. It lies on chromosome 11, at "
    "11p13. Molecular functions it is annotated with include catalase activity and heme binding. "
    "Diseases linked "
    "to it include Acatalasemia (OMIM:614097). It is also known as CAT1. Related records include HGNC:1516, "
    "Ensembl:ENSG00000121691, MIM:115500 and AllianceGenome:HGNC:1516."
)
BAD = (
    "CRAT (carnitine acetyltransferase) is a pseudogene located on chromosome 9 at 9q34.1. It is "
    "involved in fatty "
    "acid oxidation. It is also known as CAT9. Its records are HGNC:77, ENSG00000999999, OMIM:123456 "
    "and GO:0000001."
)


def verdicts(text: str, record: TruthRecord, given: str = "") -> dict[tuple[str, str], str]:
    """Field and text of each claim -> verdict."""
    return {(claim.field, claim.text): claim.verdict for claim in check_claims(text, record, given).claims}


def test_a_right_answer_is_supported_throughout(record: TruthRecord) -> None:
    report = check_claims(GOOD, record, given="CAT")
    assert verdicts(GOOD, record) == {
        ("symbol", "CAT"): "supported",
        ("name", "catalase"): "supported",
        ("type", "protein-coding"): "supported",
        ("location", "chromosome 11"): "supported",
        ("location", "11p13"): "supported",
        ("go.Function", "catalase activity"): "supported",
        ("go.Function", "heme binding"): "supported",
        ("diseases", "Acatalasemia"): "supported",
        ("identifiers", "OMIM:614097"): "supported",
        ("aliases", "CAT1"): "supported",
        ("identifiers", "HGNC:1516"): "supported",
        ("identifiers", "ENSG00000121691"): "supported",
        ("identifiers", "MIM:115500"): "supported",
        ("identifiers", "AllianceGenome:HGNC:1516"): "supported",
    }
    assert names_gene_and_function(report)
    assert report.share("supported") == 1.0
    assert report.num_hallucinated == 0
    # The question names the symbol, so repeating it earns nothing.
    assert [claim.text for claim in report.claims if claim.is_given] == ["CAT"]
    assert len(report.counted) == 13
    assert [GOOD[claim.start : claim.end] for claim in report.claims] == [
        claim.text for claim in report.claims
    ]


def test_a_wrong_answer_is_contradicted_where_the_record_is_closed(record: TruthRecord) -> None:
    report = check_claims(BAD, record)
    assert verdicts(BAD, record) == {
        ("symbol", "CRAT"): "contradicted",
        ("name", "carnitine acetyltransferase"): "contradicted",
        ("type", "pseudogene"): "contradicted",
        ("location", "chromosome 9"): "contradicted",
        ("location", "9q34.1"): "contradicted",
        ("go.Process", "fatty acid oxidation"): "unknown",
        ("aliases", "CAT9"): "unknown",
        ("identifiers", "HGNC:77"): "contradicted",
        ("identifiers", "ENSG00000999999"): "contradicted",
        ("identifiers", "OMIM:123456"): "unknown",
        ("identifiers", "GO:0000001"): "unknown",
    }
    assert not names_gene_and_function(report)
    assert report.share("contradicted") == pytest.approx(7 / 11)
    assert report.num_hallucinated == 4


@pytest.mark.parametrize("accession", ["ENST00000241052.5", "ENSP00000241052", "ENSMUSG00000027187"])
def test_transcripts_proteins_and_other_species_contradict_no_gene(
    accession: str, record: TruthRecord
) -> None:
    report = check_claims(f"CAT has the Ensembl accession {accession}.", record)
    [verdict] = [claim.verdict for claim in report.claims if claim.field == "identifiers"]
    assert (verdict, report.num_hallucinated) == ("unknown", 0)


@pytest.mark.parametrize("text", ["", "I do not know.", "This gene is very important for the cell."])
def test_an_answer_that_says_nothing_is_not_right(text: str, record: TruthRecord) -> None:
    report = check_claims(text, record)
    assert list(report.claims) == []
    assert report.share("supported") == report.share("contradicted") == 0.0
    assert not names_gene_and_function(report)


@pytest.mark.parametrize(
    ("text", "field", "expected"),
    [
        ("It is not a pseudogene.", "type", "supported"),
        ("It is not a protein-coding gene.", "type", "contradicted"),
        ("It is not located on chromosome 11.", "location", "contradicted"),
        ("It isn't located on chromosome 9.", "location", "supported"),
        ("Its product is never found in the peroxisome.", "go.Component", "contradicted"),
        ("Heme binding is not among its functions.", "go.Function", "contradicted"),
        ("It lacks catalase activity.", "go.Function", "contradicted"),
        ("It is not only found in the peroxisome.", "go.Component", "supported"),
        ("It is not secreted but is found in the peroxisome.", "go.Component", "supported"),
        ("It is not secreted and is found in the peroxisome.", "go.Component", "supported"),
        ("Unlike TP53, it is located on chromosome 11.", "location", "supported"),
        ("NO synthase aside, it has heme binding activity.", "go.Function", "supported"),
    ],
)
def test_negations(text: str, field: str, expected: str, record: TruthRecord) -> None:
    found = [verdict for (name, _), verdict in verdicts(text, record).items() if name == field]
    assert found == [expected]


@pytest.mark.parametrize(
    ("symbol", "word"), [("CAT", "cat"), ("WAS", "was"), ("REST", "rest"), ("SHE", "she")]
)
def test_symbols_that_are_words(symbol: str, word: str) -> None:
    record = TruthRecord.from_mapping(catalase(symbol=symbol, aliases=[]))
    assert verdicts(f"The {word} and the {word} of it all was there.", record) == {}
    for text in (
        f"{symbol} is the symbol of a human gene.",
        f"The {symbol} gene encodes it.",
        f"It has the symbol {symbol}.",
    ):
        found = {key: verdict for key, verdict in verdicts(text, record).items() if key[0] == "symbol"}
        assert found == {("symbol", symbol): "supported"}


def test_another_gene_in_passing_is_no_claim_and_as_the_subject_is(record: TruthRecord) -> None:
    assert not any(f == "symbol" for f, _ in verdicts("It is stable. TP53 is a regulator of it.", record))
    assert verdicts("TP53 is a regulator.", record) == {("symbol", "TP53"): "contradicted"}
    assert verdicts("The symbol is TP53.", record) == {("symbol", "TP53"): "contradicted"}
    assert verdicts("DNA is a polymer.", record) == {}


def test_pseudogenes_and_deletions_elsewhere_are_not_the_gene(record: TruthRecord) -> None:
    assert verdicts("A pseudogene of this gene has been identified on chromosome 5.", record) == {}
    assert verdicts("It is lost in the 9q34 deletion mapped before.", record) == {}


@pytest.mark.parametrize(
    ("band", "expected"),
    [
        ("11p13", "supported"),
        ("11p", "supported"),
        ("11p13.2", "unknown"),
        ("11q13", "contradicted"),
        ("9p13", "contradicted"),
    ],
)
def test_coarser_bands_are_true_and_finer_ones_unknown(band: str, expected: str, record: TruthRecord) -> None:
    assert verdicts(f"It maps to {band}.", record) == {("location", band): expected}


def test_ranges_of_bands_and_several_chromosomes() -> None:
    record = TruthRecord.from_mapping(
        {"symbol": "SHOX", "chromosomes": ["X", "Y"], "map_location": "Xp22.33 and Yp11.2"}
    )
    assert record.bands == ("Xp22.33", "Yp11.2")
    assert TruthRecord.from_mapping({"map_location": "11p15.5-p15.4"}).bands == ("11p15.5", "11p15.4")
    assert verdicts("It lies on chromosomes X and Y, at Xp22.33 and Yp11.2.", record) == {
        ("location", "chromosomes X and Y"): "supported",
        ("location", "Xp22.33"): "supported",
        ("location", "Yp11.2"): "supported",
    }


@pytest.mark.parametrize(
    ("gene_type", "text", "expected"),
    [
        ("snoRNA", "It is a gene of a small nucleolar RNA.", "supported"),
        ("snoRNA", "It is a non-coding RNA.", "supported"),
        ("ncRNA", "It is a microRNA.", "supported"),
        ("ncRNA", "It is a gene of a ribosomal RNA.", "contradicted"),
        ("pseudo", "This gene encodes a member of the kinase family.", "contradicted"),
        ("protein-coding", "This gene encodes a member of the kinase family.", "supported"),
        ("other", "It is a pseudogene.", "unknown"),
        ("ncRNA", "It is a non-protein coding gene.", "supported"),
        ("protein-coding", "It is a non-protein-coding RNA.", "contradicted"),
        ("snoRNA", "This gene encodes a small nucleolar RNA that changes the receptor.", "supported"),
        ("tRNA", "By its type the gene is a gene of a transfer RNA.", "supported"),
        ("tRNA", "It is a nuclear tRNA gene.", "supported"),
        ("pseudo", "It is a tRNA pseudogene.", "supported"),
        ("ncRNA", "It is a human microRNA (miRNA) of 22 nucleotides.", "supported"),
        ("protein-coding", "It isn't a microRNA.", "supported"),
        ("protein-coding", "It is not a long non-coding RNA.", "supported"),
    ],
)
def test_types(gene_type: str, text: str, expected: str) -> None:
    found = verdicts(text, TruthRecord.from_mapping(catalase(gene_type=gene_type)))
    assert [verdict for (field, _), verdict in found.items() if field == "type"] == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "It takes part in processes that include rRNA processing and snoRNA binding.",
        "It is a tRNA ligase.",
        "It encodes a ribosomal RNA processing protein.",
        "It regulates the rRNA gene.",
        "It is a component of a small nuclear RNA.",
        "It is an enzyme that modifies a tRNA.",
        "It is a factor cleaving rRNA.",
        "Its functions include microRNA binding.",
    ],
)
def test_an_rna_that_the_product_works_on_is_not_the_type(text: str, record: TruthRecord) -> None:
    found = [verdict for (field, _), verdict in verdicts(text, record).items() if field == "type"]
    assert "contradicted" not in found


def test_the_question_may_give_the_name_and_not_the_function(record: TruthRecord) -> None:
    text = "CAT has catalase activity."
    assert names_gene_and_function(check_claims(text, record, "CAT"))
    assert not names_gene_and_function(check_claims(text, record, "CAT, catalase activity"))


def test_listed_items_are_judged_by_their_words(record: TruthRecord) -> None:
    text = (
        "Processes annotated to it include catabolic process of hydrogen peroxide, glycolysis and peroxide."
    )
    assert verdicts(text, record) == {
        ("go.Process", "catabolic process of hydrogen peroxide"): "supported",
        ("go.Process", "glycolysis"): "unknown",
        # One word of an entry is too little.
        ("go.Process", "peroxide"): "unknown",
    }


def test_denied_entries_are_contradicted() -> None:
    record = TruthRecord.from_mapping(catalase(denied={"go.Function": [["GO:1", "DNA binding"]]}))
    assert verdicts("It has DNA binding activity.", record)[("go.Function", "DNA binding")] == "contradicted"
    assert verdicts("It has no DNA binding activity.", record)[("go.Function", "DNA binding")] == "supported"


def test_a_claim_counts_once(record: TruthRecord) -> None:
    once = check_claims("It maps to 11p13. HGNC:1516.", record)
    twice = check_claims("It maps to 11p13. It maps to 11p13. HGNC:1516, HGNC: 1516, HGNC:1516.", record)
    assert len(once.claims) == len(twice.claims) == 2


@pytest.mark.parametrize("truth", [{}, {"symbol": None, "go": None, "aliases": None}])
def test_an_empty_record_knows_nothing(truth: dict[str, Any]) -> None:
    report = check_claims(GOOD, TruthRecord.from_mapping(truth))
    assert {claim.verdict for claim in report.claims} == {"unknown"}
    assert report.num_hallucinated == 0


@pytest.mark.parametrize(
    ("truth", "message"),
    [
        ({"symbol": 1}, "truth.symbol must be a text or null, got 1"),
        ({"aliases": [1]}, r"truth.aliases must be a list of texts, got \[1\]"),
        ({"diseases": [["a", "b", "c"]]}, r"truth.diseases must hold names or \[id, name\] pairs"),
    ],
)
def test_records_are_checked(truth: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TruthRecord.from_mapping(truth)


TP53 = {
    "symbol": "TP53",
    "name": "tumor protein p53",
    "aliases": ["P53"],
    "chromosomes": ["17"],
    "go": {
        "Function": [["GO:0003677", "DNA binding"]],
        "Process": [["GO:0006915", "apoptotic process"], ["GO:0001558", "regulation of cell growth"]],
    },
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Its full name is tumor protein p53.", {"tumor protein p53": "supported"}),
        (
            "Its full name is tumor protein p53, a suppressor.",
            {"tumor protein p53, a suppressor": "supported"},
        ),
        (
            "Its full name is tumor protein p53 binding protein 1.",
            {"tumor protein p53 binding protein 1": "contradicted"},
        ),
        ("It encodes tumor protein p53 binding protein 1.", {}),
        ("It encodes tumor protein p53 2.", {}),
        ("It encodes tumor protein p53 and others.", {"tumor protein p53": "supported"}),
    ],
)
def test_a_longer_name_is_that_of_another_gene(text: str, expected: dict[str, str]) -> None:
    found = verdicts(text, TruthRecord.from_mapping(TP53))
    assert {said: verdict for (field, said), verdict in found.items() if field == "name"} == expected


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        ("MDM2 binds the TP53 protein. It has DNA binding activity.", False),
        ("The human MDM2 gene and TP53 interact. It has DNA binding activity.", False),
        ("P53 is what TP53 encodes. It has DNA binding activity.", True),
        ("DNA damage raises TP53. It has DNA binding activity.", True),
        ("In humans TP53 encodes a suppressor. It has DNA binding activity.", True),
        ("TP53 is not secreted. It has DNA binding activity.", True),
        ("This gene is not TP53. It has DNA binding activity.", False),
    ],
)
def test_a_sentence_about_another_gene_does_not_name_this_one(text: str, is_named: bool) -> None:
    assert names_gene_and_function(check_claims(text, TruthRecord.from_mapping(TP53), "TP53")) == is_named


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is involved in apoptotic process.", "supported"),
        ("It is involved in negative regulation of apoptotic process.", "unknown"),
        ("It is involved in inhibition of the apoptotic process.", "unknown"),
        ("It is involved in regulation of cell growth.", "supported"),
        ("It is involved in negative regulation of cell growth.", "unknown"),
        ("It is involved in cell growth.", "unknown"),
    ],
)
def test_the_regulation_of_a_process_is_another_process(text: str, expected: str) -> None:
    found = verdicts(text, TruthRecord.from_mapping(TP53))
    assert [verdict for (field, _), verdict in found.items() if field == "go.Process"] == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "Although its function is not fully known, TP53 has DNA binding activity.",
        "Unlike MDM2, TP53 has DNA binding activity.",
        "Because it does not stay in the nucleus, TP53 loses DNA binding.",
    ],
)
def test_what_opens_a_sentence_does_not_deny_what_follows(text: str) -> None:
    found = verdicts(text, TruthRecord.from_mapping(TP53))
    assert found["go.Function", "DNA binding"] == "supported"


def test_what_fails_is_denied() -> None:
    found = verdicts("It fails to show DNA binding.", TruthRecord.from_mapping(TP53))
    assert found["go.Function", "DNA binding"] == "contradicted"
