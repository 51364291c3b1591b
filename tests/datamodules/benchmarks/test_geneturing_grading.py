"""What answers are worth, worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamodules.benchmarks.geneturing_grading import genegpt_score, grade, model_answer
from datamodules.benchmarks.geneturing_modules import MODULES, module_key
from tests.datamodules.benchmarks.toy_geneturing import ROWS

ALIAS = "What is the official gene symbol of LMP-10?"
REGION = "chr15:91950805-91950932"


def graded(module: str, answer: str, gold: str, asked: str = "") -> dict[str, float]:
    return grade(answer, {"module": module, "goldstandard": gold, "asked": asked})


@pytest.mark.parametrize(
    ("module", "answer", "gold", "score"),
    [
        ("gene_alias", "PSMB10", "PSMB10", 1),
        ("gene_alias", "The official gene symbol of LMP-10 is PSMB10.", "PSMB10", 1),
        ("gene_alias", "Answer: PSMB10", "PSMB10", 1),
        ("gene_alias", "<think>LMP7 is PSMB8, so</think>\n\nPSMB10", "PSMB10", 1),
        ("gene_alias", "NM_002801.4 (UniProt P40306, EC 3.4.25.1, MGI:1096380) is of PSMB10", "PSMB10", 1),
        ("gene_disease_association", "PFKM: 12q13, PFKL: 21q22", "PFKL, PFKM", 1),
        ("gene_alias", "PSMB9 or PSMB10", "PSMB10", 0),  # what is named first counts
        ("gene_alias", "Psmb10", "PSMB10", 0),  # the gene of the mouse
        ("gene_alias", "LMP-10", "PSMB10", 0),
        ("gene_alias", "According to HGNC, this DNA is C20orf195", "C20orf195", 1),
        ("gene_alias", "POC1B-GALNT4", "POC1B-GALNT4", 1),
        ("gene_alias", "POC1B-GALNT4", "POC1B", 0),
        ("gene_name_conversion", "ENSG00000205403.5 is CFI", "CFI", 1),
        ("gene_snp_association", "It lies in LOC107986092.", "LOC107986092", 1),
        ("gene_location", "chr8", "chr8", 1),
        ("gene_location", "The gene is located on chromosome 8 of the human genome.", "chr8", 1),
        ("gene_location", "8", "chr8", 1),
        ("gene_location", "8q24.3", "chr8", 1),
        ("gene_location", "Chromosome x", "chrX", 1),
        ("gene_location", "It is on chromosome **8**.", "chr8", 1),
        ("snp_location", "GRCh38: 11:5,227,002", "chr11", 1),
        ("multi_species_dna_alignment", "M. musculus", "mouse", 1),
        ("amino_acid_translation", "M-K-V-L-A", "MKVLA", 1),
        ("tf_regulation", "It positively regulates it.", "Activation", 1),
        ("tf_regulation", "It decreases its expression.", "Repression", 1),
        ("tf_regulation", "It represses it; its loss increases it.", "Repression", 1),
        ("gene_name_extraction", "The names in the sentence are p53 and BRCA1.", "p53, BRCA1", 1),
        ("gene_name_extraction", "The sentence names two genes:\n\n1. p53\n2. BRCA1", "p53, BRCA1", 1),
        ("gene_name_extraction", "Gene names: p53; BRCA1", "p53, BRCA1", 1),
        ("gene_name_extraction", "Genes: p53\nProteins: BRCA1", "p53, BRCA1", 1),
        ("gene_name_extraction", "The sentence does not contain any gene names.", "No gene", 1),
        ("gene_name_extraction", "It contains no gene or protein names.", "No gene", 1),
        ("gene_name_extraction", "There are no gene names but p53.", "p53", 0),
        ("gene_location", "**Answer**: `chr8`", "chr8", 1),
        ("gene_location", "chr8q24.3", "chr8", 1),
        ("gene_location", "the long arm of the 8th chromosome", "chr8", 1),
        ("gene_location", "chr18q", "chr8", 0),
        ("gene_location", "chr18", "chr8", 0),
        ("gene_ontology", "Mitochondrion (GO:0005739)", "mitochondrion", 1),
        ("gene_ontology", "The term is GO:0005739, mitochondrion.", "mitochondrion", 1),
        ("gene_location", "chr1, chr2, chr8", "chr8", 0),
        ("snp_location", "chromosome MT", "chrM", 1),
        ("human_genome_dna_alignment", REGION, REGION, 1),
        ("human_genome_dna_alignment", "It aligns to chr15: 91,950,805 - 91,950,932.", REGION, 1),
        ("human_genome_dna_alignment", "chr15:1-2", REGION, 0.5),
        ("human_genome_dna_alignment", "on chromosome 15", REGION, 0.5),
        ("human_genome_dna_alignment", "chr1:91950805-91950932", REGION, 0),
        ("multi_species_dna_alignment", "Caenorhabditis elegans", "worm", 1),
        ("multi_species_dna_alignment", "This is C. elegans DNA", "worm", 1),
        ("multi_species_dna_alignment", "A rat, perhaps a mouse", "mouse", 0),
        ("multi_species_dna_alignment", "Humans", "human", 1),
        ("protein_coding_genes", "Yes", "TRUE", 1),
        ("protein_coding_genes", "No, it is a long non-coding RNA.", "NA", 1),
        ("protein_coding_genes", "NODAL is a protein-coding gene.", "TRUE", 1),
        ("protein_coding_genes", "AMD1P4 is not a protein-coding gene.", "TRUE", 0),
        ("protein_coding_genes", "AMD1P4 is a pseudogene", "NA", 1),
        ("protein_coding_genes", "It is not a pseudogene; it encodes a kinase.", "TRUE", 1),
        ("gene_location", "It lies on the X chromosome.", "chrX", 1),
        ("gene_location", "Chromosome number 5", "chr5", 1),
        ("gene_location", "chromosome #7", "chr8", 0),
        ("protein_coding_genes", "It encodes a microRNA.", "NA", 1),
        ("protein_coding_genes", "The gene is a lncRNA.", "NA", 1),
        ("protein_coding_genes", "Yes, it is translated from its mRNA.", "TRUE", 1),
        ("tf_regulation", "Repression", "Repression", 1),
        ("tf_regulation", "ETV4 represses ERBB2", "Repression", 1),
        ("tf_regulation", "It can activate or repress; here it activates.", "Activation", 1),
        ("tf_regulation", "ETV4 doesn't activate, it represses ERBB2.", "Repression", 1),
        ("tf_regulation", "ETV4 represses ERBB2 and does not activate it.", "Repression", 1),
        ("tf_regulation", "Not activation but repression", "Activation", 0),
        ("gene_ontology", "RNA binding.", "rna binding", 1),
        ("gene_ontology", "The enriched term is RNA binding", "rna binding", 1),
        ("gene_ontology", "DNA binding", "rna binding", 0),
        ("gene_name_extraction", "No genes", "No gene", 1),
        ("gene_name_extraction", "TP53", "No gene", 0),
        ("gene_name_extraction", "DH5 and H5F", "H5 mutants, DH5, H5F", 2 / 3),
        ("gene_disease_association", "KRT12; KRT3", "KRT12, KRT3", 1),
        ("gene_disease_association", "It is caused by KRT3 mutations", "KRT12, KRT3", 0.5),
        ("gene_disease_association", "AK1, IL6", "IL6, IL6", 1),
        ("amino_acid_translation", "MKVLA*", "MKVLA", 1),
        ("amino_acid_translation", "The sequence is MKV\nLAW", "MKVLAW", 1),
        ("amino_acid_translation", "MKVLAW", "MKVLA", 0),
        ("dna_sequence_extraction", "acgt", "ACGT", 1),
        ("disease_gene_location", "2q11, 1p36", "1p36, 2q11", 1),
    ],
)  # fmt: skip
def test_scores_by_hand(module: str, answer: str, gold: str, score: float) -> None:
    found = graded(module, answer, gold, ALIAS)
    assert found["score"] == pytest.approx(score)
    assert found["no_answer"] == found["unparsable"] == 0


def test_a_list_that_names_everything_has_full_recall_and_little_f1() -> None:
    found = graded("gene_disease_association", "AK1, PFKL, TP53, BRCA1", "PFKL")
    assert found["score"] == found["genegpt_score"] == 1.0
    assert found["set_f1"] == pytest.approx(2 / 5)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("I don't know.", "no_answer"),
        ("I do not have information on this gene.", "no_answer"),
        ("As an AI language model, I cannot determine that.", "no_answer"),
        ("I'm sorry, I am not able to answer TP53 questions.", "no_answer"),
        ("Unknown", "no_answer"),
        ("I do not know whether TP53 is a protein-coding gene.", "no_answer"),
        ("", "unparsable"),
        ("of course it depends", "unparsable"),
    ],
)
def test_an_answer_that_names_nothing_is_wrong_and_counted_apart(answer: str, kind: str) -> None:
    for module in ("gene_alias", "gene_location", "protein_coding_genes", "tf_regulation"):
        found = graded(module, answer, {"protein_coding_genes": "TRUE"}.get(module, "TP53"), ALIAS)
        assert found["score"] == 0
        assert {"no_answer", "unparsable"} & {name for name, value in found.items() if value} == {kind}


def test_a_guess_after_an_admission_is_an_answer() -> None:
    found = graded("gene_alias", "I am not sure, but it may be PSMB10.", "PSMB10", ALIAS)
    assert (found["score"], found["no_answer"]) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("module", "answer", "gold"),
    [
        ("gene_alias", "PSMB10, but I am not sure.", "PSMB10"),
        ("gene_alias", "The symbol is PSMB10. I'm sorry if this is wrong.", "PSMB10"),
        ("gene_location", "chr8 (I am not certain)", "chr8"),
        ("gene_alias", "I'm not sure, but it may be PSMB10. However, I don't have data.", "PSMB10"),
    ],
)
def test_an_answer_before_an_admission_is_an_answer(module: str, answer: str, gold: str) -> None:
    found = graded(module, answer, gold, ALIAS)
    assert (found["score"], found["no_answer"]) == (1.0, 0.0)


def test_who_is_sorry_and_does_not_know_has_not_said_yes() -> None:
    answer = "I'm sorry, but I do not have information on whether TP53 is a protein-coding gene."
    found = graded("protein_coding_genes", answer, "TRUE")
    assert (found["score"], found["no_answer"]) == (0.0, 1.0)


def test_thoughts_that_were_cut_off_are_no_answer() -> None:
    assert graded("gene_alias", "<think>It must be PSMB10", "PSMB10")["unparsable"] == 1


def test_dna_of_the_question_is_no_protein() -> None:
    asked = "Translate the DNA sequence ATGAAAGTTCTTGCATAA to amino acids."
    answer = "The DNA sequence ATGAAAGTTCTTGCATAA is translated to MKVLA."
    assert graded("amino_acid_translation", answer, "MKVLA", asked)["score"] == 1


def test_a_list_after_its_introduction_holds_nothing_else() -> None:
    for answer in ("The gene names are p53 and BRCA1.", "Two are named:\n- p53\n- BRCA1"):
        found = graded("gene_name_extraction", answer, "p53, BRCA1")
        assert found["score"] == 1
    assert graded("gene_name_extraction", "The sentence names: p53; BRCA1", "p53, BRCA1")["set_f1"] == 1


@pytest.mark.parametrize("label", ["Question:", "Q:", "**Question 2:**", "### Question:"])
def test_what_a_model_answers_to_a_question_of_its_own_does_not_count(label: str) -> None:
    answer = f"PSMB10\n\n{label} What is the official gene symbol of SNR?\nAnswer: XYZ1"
    assert graded("gene_alias", answer, "PSMB10", ALIAS)["score"] == 1
    repeated = f"Question: {ALIAS}\nAnswer: {answer}"
    assert graded("gene_alias", repeated, "PSMB10", ALIAS)["score"] == 1
    assert graded("gene_alias", answer, "XYZ1", ALIAS)["score"] == 0


def test_a_question_that_is_repeated_is_no_answer() -> None:
    asked = "Is ATP5F1EP2 a protein-coding gene?"
    assert graded("protein_coding_genes", f"{asked} No.", "NA", asked)["score"] == 1
    assert graded("protein_coding_genes", f"{asked} No.", "TRUE", asked)["score"] == 0
    translate = "Translate ATGAAAGTTCTGGCATGA"
    assert graded("amino_acid_translation", f"{translate}: MKVLA", "MKVLA", translate)["score"] == 1


@pytest.mark.parametrize(
    "answer",
    ['It may be "DNA binding", "RNA binding" or "ATP binding".', "DNA binding: RNA binding: ATP binding: X"],
)
def test_a_term_that_is_named_after_others_does_not_count(answer: str) -> None:
    assert graded("gene_ontology", answer, "rna binding")["score"] == 0


@pytest.mark.parametrize(
    "answer",
    [
        "activates and represses",
        "does not activate",
        "doesn't activate",
        "doesn\u2019t really repress",
        "It neither activates nor represses ERBB2.",
        "It does not induce or silence ERBB2.",
        "regulates",
    ],
)
def test_both_effects_or_a_denied_one_are_no_answer(answer: str) -> None:
    assert graded("tf_regulation", answer, "Activation")["unparsable"] == 1


@pytest.mark.parametrize(("module", "question", "gold"), [row for row in ROWS if row[2]])
def test_the_published_answer_scores_one(module: str, question: str, gold: str) -> None:
    key = module_key(module)
    found = graded(key, model_answer(key, gold), gold, question)
    assert found["score"] == 1.0
    assert found.get("genegpt_score", 1.0) == 1.0
    assert found["no_answer"] == found["unparsable"] == 0


@pytest.mark.parametrize(
    ("module", "answer", "gold", "score"),
    [
        ("gene_alias", "Answer: PSMB10", "PSMB10", 1),
        ("gene_alias", "It is PSMB10", "PSMB10", 0),
        ("gene_location", "on chromosome 8", "chr8", 1),
        ("gene_location", "chr8 it is", "chr8", 0),
        ("gene_location", "", "chr8", 0),
        ("gene_disease_association", "Answer: AK1, PFKL", "PFKL, IL6, IL6", 1 / 3),
        ("human_genome_dna_alignment", "chr15:1-2", REGION, 0.5),
        ("protein_coding_genes", "Yes", "TRUE", 1),
        ("protein_coding_genes", "Yes.", "TRUE", 0),
        ("multi_species_dna_alignment", "Rattus norvegicus", "rat", 1),
    ],
)
def test_the_rule_of_genegpt_takes_the_text_as_it_is(
    module: str, answer: str, gold: str, score: float
) -> None:
    assert genegpt_score(module, answer, gold) == pytest.approx(score)


@given(
    st.sampled_from(sorted(MODULES)), st.text(), st.sampled_from(["TP53", "chr8", "TRUE", REGION, "No gene"])
)
def test_any_text_can_be_graded(module: str, answer: str, gold: str) -> None:
    found = graded(module, answer, gold, ALIAS)
    assert all(0 <= value <= 1 for value in found.values())
    assert found["no_answer"] + found["unparsable"] <= 1
    if found["no_answer"] or found["unparsable"]:
        assert found["score"] == 0
