"""What the readers take from answers, read one by one."""

import pytest

from datamodules.benchmarks.answer_reading import (
    read_chromosome,
    read_symbol,
    read_symbols,
    read_yes_no,
)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("The gene is located on the X chromosome.", "chrX"),
        ("It is on the Y chromosome, in Yq11", "chrY"),
        ("X-chromosome", "chrX"),
        ("on both the X and Y chromosomes", "chrX"),
        ("Chromosome number 5", "chr5"),
        ("chromosome no. 12", "chr12"),
        ("chromosome #7", "chr7"),
        ("#7", "chr7"),
        ("It lies on chromosome 8, not on the X chromosome.", "chr8"),
        ("It is not on the X chromosome but on chromosome 8.", "chr8"),
        ("It isn't located on chromosome X; it is on chromosome 8.", "chr8"),
        ("There are 22 chromosomes", None),
        ("on 1 chromosome of the two", None),
        ("chromosome number 50", None),
        ("The chromosome number is high", None),
    ],
)
def test_chromosomes(answer: str, expected: str | None) -> None:
    assert read_chromosome(answer) == expected


@pytest.mark.parametrize(
    "answer",
    [
        "It encodes a microRNA",
        "The gene is a lncRNA",
        "MIR21 encodes microRNA-21.",
        "It encodes the small nucleolar RNA that guides methylation.",
        "lincRNA",
        "A tRNA gene in the mitochondrial genome",
        "It is classified as an antisense RNA.",
        "The gene is transcribed into a long noncoding RNA",
        "It encodes an RNA, the 7SK component.",
        "It codes for ribosomal RNA.",
        "It is an RNA gene",
        "XIST encodes an RNA that silences the X chromosome",
    ],
)
def test_genes_of_rna_code_for_no_protein(answer: str) -> None:
    assert read_yes_no(answer) is False


@pytest.mark.parametrize(
    "answer",
    [
        "It encodes a tRNA synthetase",
        "It encodes a tRNA-specific adenosine deaminase.",
        "It encodes an RNA-binding protein",
        "It encodes an RNA polymerase II subunit.",
        "It encodes a ribosomal RNA processing protein",
        "It encodes a kinase that is regulated by a microRNA.",
        "It encodes a target of microRNA-21.",
        "A protein-coding gene beside a lncRNA",
        "The gene is a protein-coding gene, and a lncRNA is antisense to it",
        "It is not a microRNA; it encodes a kinase.",
        "Yes, although its locus is a microRNA gene too",
        "This gene encodes an mRNA export factor",
    ],
)
def test_proteins_that_work_on_rna_are_proteins(answer: str) -> None:
    assert read_yes_no(answer) is True


@pytest.mark.parametrize(
    "answer", ["It is a target of microRNAs.", "The product binds RNA.", "It is expressed in the liver."]
)
def test_what_is_said_of_rna_alone_is_no_answer(answer: str) -> None:
    assert read_yes_no(answer) is None


ALIAS = "What is the official gene symbol of PRO1557?"
FACTOR = "Which transcription factor (TF) binds the promoter of TP53?"


@pytest.mark.parametrize(
    ("answer", "question", "expected"),
    [
        ("The official gene symbol is TF.", ALIAS, "TF"),
        ("TF", ALIAS, "TF"),
        ("It is the TF gene, once PRO1557.", ALIAS, "TF"),
        ("The gene is a TF named SOX2.", ALIAS, "SOX2"),
        ("These TFs include SOX2.", ALIAS, "SOX2"),
        ("TF SOX2", FACTOR, "SOX2"),
        ("TF", FACTOR, None),
        ("The TF is E2F1.", "Which gene regulates TP53?", "E2F1"),
        ("TF", "What is the official gene symbol of TF?", "TF"),
    ],
)
def test_transferrin_is_a_symbol_but_in_questions_about_regulation(
    answer: str, question: str, expected: str | None
) -> None:
    assert read_symbol(answer, question) == expected


def test_transferrin_in_lists() -> None:
    assert read_symbols("TF, HFE and F3", question="What are genes related to atransferrinemia?") == [
        *("TF", "HFE", "F3")
    ]
    assert read_symbols("TF: HFE", question="Which transcription factors?") == ["HFE"]
