"""Claims in the wordings that language models use of genes."""

import pytest

from geneverse_pl.evaluation.claims import TruthRecord, check_claims, names_gene_and_function

TP53 = TruthRecord.from_mapping(
    {
        "gene_id": "7157",
        "symbol": "TP53",
        "name": "tumor protein p53",
        "gene_type": "protein-coding",
        "chromosomes": ["17"],
        "map_location": "17p13.1",
        "aliases": ["P53", "LFS1"],
        "identifiers": {"HGNC": ["HGNC:11998"], "Ensembl": ["ENSG00000141510"]},
        "go": {
            "Function": [["GO:0003677", "DNA binding"], ["GO:0042802", "identical protein binding"]],
            "Process": [["GO:0006281", "DNA repair"], ["GO:0006417", "regulation of translation"]],
            "Component": [["GO:0005634", "nucleus"]],
        },
        "diseases": [["OMIM:151623", "Li-Fraumeni syndrome"], ["OMIM:114480", "breast cancer"]],
    }
)
BRCA1 = TruthRecord.from_mapping(
    {
        "symbol": "BRCA1",
        "name": "BRCA1 DNA repair associated",
        "gene_type": "protein-coding",
        "go": {"Process": [["GO:0006281", "DNA repair"]]},
        "diseases": ["breast cancer"],
    }
)


def verdicts(text: str, field: str, record: TruthRecord = TP53) -> dict[str, str]:
    """Text of each claim of a field -> its verdict."""
    return {one.text: one.verdict for one in check_claims(text, record).claims if one.field == field}


@pytest.mark.parametrize(
    "bracket",
    [
        "also known as p53 or LFS1",
        "a tumor suppressor",
        "the p53 gene",
        "p53 protein",
        "located at 17p13.1",
        "formerly LFS1",
        "on chromosome 17",
    ],
)
def test_a_bracket_that_is_no_name_contradicts_none(bracket: str) -> None:
    text = f"TP53 ({bracket}) has DNA binding activity."
    assert "contradicted" not in verdicts(text, "name").values()
    assert names_gene_and_function(check_claims(text, TP53, "TP53"))


def test_a_bracket_with_another_name_contradicts() -> None:
    assert verdicts("TP53 (tumor necrosis factor) binds DNA.", "name") == {
        "tumor necrosis factor": "contradicted"
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TP53, also known as P53, is a suppressor.", {"P53": "supported"}),
        ("TP53 (also known as p53 or LFS1) is a gene.", {"p53": "supported", "LFS1": "supported"}),
        ("Also known as: P53; BCC7.", {"P53": "supported", "BCC7": "unknown"}),
        ("It is also called P53 and encodes a protein.", {"P53": "supported"}),
        ("Also known as LFS1, this gene lies on chromosome 17.", {"LFS1": "supported"}),
    ],
)
def test_other_names_end_where_the_sentence_goes_on(text: str, expected: dict[str, str]) -> None:
    assert verdicts(text, "aliases") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "The full name of TP53 is tumor protein p53, and it lies on chromosome 17.",
            {"tumor protein p53": "supported"},
        ),
        ("The full name of TP53 is tumor factor.", {"tumor factor": "contradicted"}),
    ],
)
def test_the_full_name_of_a_symbol(text: str, expected: dict[str, str]) -> None:
    assert verdicts(text, "name") == expected


def test_a_function_within_the_name_is_not_told() -> None:
    text = "BRCA1 DNA repair associated is a human gene."
    assert not names_gene_and_function(check_claims(text, BRCA1, "BRCA1"))
    assert verdicts("Breast cancer 1 (BRCA1) is a gene.", "diseases", BRCA1) == {}


@pytest.mark.parametrize(
    "text",
    [
        "There is no evidence that TP53 is secreted. It has DNA binding activity.",
        "In mice lacking TP53, tumours form. It has DNA binding activity.",
        "The absence of TP53 is fatal. It has DNA binding activity.",
    ],
)
def test_what_is_denied_in_a_sentence_leaves_the_gene(text: str) -> None:
    assert verdicts(text, "symbol") == {"TP53": "supported"}
    assert names_gene_and_function(check_claims(text, TP53))


@pytest.mark.parametrize(
    ("text", "field", "expected"),
    [
        ("TP53 is NOT located on chromosome 17.", "location", ["contradicted"]),
        ("It is unlikely that it has DNA binding activity.", "go.Function", ["contradicted"]),
        ("It is hardly linked to breast cancer.", "diseases", ["contradicted"]),
        ("It is unclear whether it causes breast cancer.", "diseases", []),
        ("It is unknown if it causes breast cancer.", "diseases", []),
        ("I cannot tell whether it lies on chromosome 17.", "location", []),
        ("Without doubt it has DNA binding activity.", "go.Function", ["supported"]),
        ("Lack of it causes breast cancer.", "diseases", ["supported"]),
        ("Patients lacking the protein develop breast cancer.", "diseases", ["supported"]),
        ("Absence of its product results in breast cancer.", "diseases", ["supported"]),
        ("It lacks DNA binding.", "go.Function", ["contradicted"]),
        ("TP53 does not encode an enzyme.", "type", []),
        ("TP53 does not encode the membrane protein.", "type", []),
        ("TP53 does not encode a functional protein.", "type", ["contradicted"]),
    ],
)
def test_denials_and_doubts(text: str, field: str, expected: list[str]) -> None:
    assert list(verdicts(text, field).values()) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It lies on the short arm of chromosome 17.", {"short arm of chromosome 17": "supported"}),
        ("It lies on the long arm of chromosome 17.", {"long arm of chromosome 17": "contradicted"}),
        ("Its product binds MDM2, which is located on 12q15.", {}),
        ("It is located near WRAP53 (17p13.3) at 17p13.1.", {"17p13.1": "supported"}),
        ("TP53, which is located on chromosome 13, is a gene.", {"chromosome 13": "contradicted"}),
        ("MDM2 is located on chromosome 12.", {"chromosome 12": "contradicted"}),
        ("It lies on chromosomes 17 and 18.", {"chromosomes 17 and 18": "contradicted"}),
    ],
)
def test_places_of_the_gene_and_of_others(text: str, expected: dict[str, str]) -> None:
    assert verdicts(text, "location") == expected


def test_lists_and_marks_of_stress_are_read_as_prose_is() -> None:
    text = (
        "- **Symbol**: TP53\n- **Type**: pseudogene\n2. Location: Chromosome 3\n"
        "## Aliases: P53\n* Diseases: `breast cancer`"
    )
    claims = {one.text: (one.field, one.verdict) for one in check_claims(text, TP53).claims}
    assert claims == {
        "TP53": ("symbol", "supported"),
        "pseudogene": ("type", "contradicted"),
        "Chromosome 3": ("location", "contradicted"),
        "P53": ("aliases", "supported"),
        "breast cancer": ("diseases", "supported"),
    }


@pytest.mark.parametrize(
    ("text", "field", "expected"),
    [
        ("TP53 binds DNA.", "go.Function", {"DNA": "supported"}),
        ("TP53 does not bind DNA.", "go.Function", {"DNA": "contradicted"}),
        ("TP53 binds DNA polymerase.", "go.Function", {"DNA polymerase": "unknown"}),
        ("TP53 regulates translation.", "go.Process", {"translation": "supported"}),
        ("TP53 inhibits DNA repair.", "go.Process", {}),
        ("TP53 regulates DNA repair.", "go.Process", {"DNA repair": "unknown"}),
    ],
)
def test_verbs_say_what_terms_say_in_nouns(text: str, field: str, expected: dict[str, str]) -> None:
    assert verdicts(text, field) == expected


def test_transcripts_and_proteins_are_not_held_against_the_gene() -> None:
    report = check_claims("Its transcript is ENST00000269305, its protein ENSP00000269305.", TP53)
    assert {one.verdict for one in report.claims} == {"unknown"}
    assert report.num_hallucinated == 0
    assert check_claims("Its id is ENSG00000141511.", TP53).num_hallucinated == 1


def test_a_missing_mim_number_of_the_gene_is_not_held_against_an_answer() -> None:
    assert check_claims("Its MIM number is MIM:191170.", TP53).num_hallucinated == 0


def test_an_identifier_in_two_writings_is_hallucinated_once() -> None:
    assert check_claims("Gene ID: 7158. NCBI Gene ID 7158.", TP53).num_hallucinated == 1
