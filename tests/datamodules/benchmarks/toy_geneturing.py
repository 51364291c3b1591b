"""Rows in the forms of GeneTuring's files, written for the tests."""

import csv
import json
from pathlib import Path

SEQUENCE = "ACGTTGCAACGGTTAACCGGATATCGCGTACG"
# module as the files spell it, question as they word it, answer as they write it
ROWS: tuple[tuple[str, str, str | None], ...] = (
    ("Gene alias", "What is the official gene symbol of P53?", "TP53"),
    ("Gene alias", "What is the official gene symbol of HER2?", "ERBB2"),
    ("Gene disease association", "What are genes related to Marfan syndrome?", "FBN1"),
    ("Gene disease association", "What are genes related to Achromatopsia type 9?", "CNGA3, CNGB3, GNAT2"),
    ("Gene location", "Which chromosome is TP53 gene located on human genome?", "chr17"),
    ("Gene location", "Which chromosome is DMD gene located on human genome?", "chrX"),
    ("Human genome DNA aligment", f"Align the DNA sequence to the human genome:{SEQUENCE}", "chr15:100-131"),
    ("Multi-species DNA aligment", f"Which organism does the DNA sequence come from:{SEQUENCE}", "worm"),
    ("Gene name conversion", "Convert ENSG00000012048 to official gene symbol.", "BRCA1"),
    ("Protein–coding genes", "Is TP53 a protein-coding gene?", "TRUE"),
    ("Protein–coding genes", "Is HOTAIR a protein-coding gene?", "NA"),
    ("Protein–coding genes", "Is XIST a protein-coding gene?", None),
    ("Gene SNP association", "Which gene is SNP rs1217 associated with?", "LINC01270"),
    ("SNP location", "Which chromosome does SNP rs1430 locate on human genome?", "chr13"),
    ("TF regulation", "Does transcription factor ETV4 activate or repress gene ERBB2?", "Repression"),
    ("Gene ontology", "What is the enriched gene ontology term associated with FMR1, FBXL2?", "rna binding"),
    ("Gene name extraction", "What are the gene and protein names in the sentence: None here.?", "No gene"),
    ("Gene name extraction", "What are the gene and protein names in the sentence: A binds B2.?", "A, B2"),
    ("Amino acid translation", f"Translate {SEQUENCE}", "TLQRLTGYRVR"),
    ("DNA sequence extraction", "Extract the sequence of chr1:1-4", "ACGT"),
    ("Gene ontology", "What is the enriched gene ontology term associated with nothing?", None),
)  # fmt: skip
NUM_KEPT = len(ROWS) - 1  # the last one has no answer


def write_geneturing(folder: Path, form: str) -> Path:
    """The rows in one of the forms: ``genegpt``, ``csv``, ``tsv``, ``json`` or ``jsonl``."""
    path = folder / f"geneturing.{'json' if form == 'genegpt' else form}"
    if form == "genegpt":
        nested: dict[str, dict[str, str | None]] = {}
        for module, question, answer in ROWS:
            nested.setdefault(module, {})[question] = answer
        path.write_text(json.dumps(nested, indent=4))
        return path
    records = [
        {"Model": model, "Module": module, "Question": question, "Goldstandard": answer}
        for model in ("BioGPT", "GPT-4o")
        for module, question, answer in ROWS
    ]
    if form == "json":
        path.write_text(json.dumps(records))
    elif form == "jsonl":
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
    else:
        with path.open("w", newline="") as stream:
            names = [*records[0], "Answer1"]
            writer = csv.DictWriter(stream, names, delimiter="," if form == "csv" else "\t")
            writer.writeheader()
            # Answers of models are texts with quotes, commas and line breaks.
            writer.writerows({**record, "Answer1": 'It is "that",\nI think.'} for record in records)
    return path
