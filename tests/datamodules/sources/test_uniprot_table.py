"""UniProt's tables: other labels and columns, names with parentheses, and faults."""

from pathlib import Path

import pytest

from datamodules.sources.uniprot_record import GoAnnotation, ProteinRecord
from datamodules.sources.uniprot_table import COLUMNS, read_protein_table
from geneverse_pl.exceptions import DataFormatError
from tests.datamodules.sources.uniprot_examples import EMPTY, RECORD, TABLE


def read(folder: Path, text: str) -> list[ProteinRecord]:
    path = folder / "uniprot.tsv"
    path.write_text(text, encoding="utf-8")
    return list(read_protein_table(path))


def read_one(folder: Path, **cells: str) -> ProteinRecord:
    """A row with an accession and some cells; an underscore stands for a space of the label."""
    cells = {"Entry": "P04637"} | {name.replace("_", " "): cell for name, cell in cells.items()}
    (record,) = read(folder, "\t".join(cells) + "\n" + "\t".join(cells.values()) + "\n")
    return record


def test_labels_of_other_releases(tmp_path: Path) -> None:
    header, _, row = TABLE.partition("\n")
    other = header.replace("location [CC]", "location[CC]").replace("(primary)", " (primary )").upper()
    assert read(tmp_path, f"{other}\n{row}") == [RECORD]


def test_every_column_that_is_read_is_in_the_example() -> None:
    assert set(COLUMNS) <= set(TABLE.partition("\n")[0].split("\t"))


def test_what_has_no_column_is_none_or_empty(tmp_path: Path) -> None:
    assert read_one(tmp_path) == EMPTY


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("Protein X", ("Protein X",)),
        (
            "NAD(P)H dehydrogenase [quinone] 1 (EC 1.6.5.2) (Azoreductase)",
            ("NAD(P)H dehydrogenase [quinone] 1", "Azoreductase"),
        ),
        ("Acyl-CoA (8-3)-desaturase (EC 1.14.19.44) (D5D)", ("Acyl-CoA (8-3)-desaturase", "D5D")),
        ("Gag (Fragment)", ("Gag",)),
        ("A (B (c) d) (allergen Bos d 2)", ("A", "B (c) d", "Bos d 2")),
        ("A (B) [Includes: C (EC 1.1.1.1) (D)]", ("A", "B")),
        ("A (B) [Cleaved into: C (D); E]", ("A", "B")),
        ("(A)", ("(A)",)),
    ],
)
def test_protein_names(tmp_path: Path, cell: str, names: tuple[str, ...]) -> None:
    record = read_one(tmp_path, Protein_names=cell)
    assert (record.name, *record.alternative_names) == names


def test_gene_names_without_columns_of_their_own(tmp_path: Path) -> None:
    record = read_one(tmp_path, Gene_Names="H4C1 H4/A H4FA; H4C2 H4/I")
    assert (record.genes, record.gene_synonyms) == (("H4C1", "H4C2"), ("H4/A", "H4FA", "H4/I"))


def test_go_ids_alone_and_isoforms_of_references(tmp_path: Path) -> None:
    record = read_one(
        tmp_path,
        Gene_Ontology_IDs="GO:0006086; GO:0005759",
        MIM="191170;",
        HGNC="HGNC:11998 [P04637-1];HGNC:1;",
        **{"Gene Ontology (molecular function)": "a [b] c [GO:0006086]"},
    )
    assert record.go == (GoAnnotation("GO:0005759"), GoAnnotation("GO:0006086", "a [b] c", "F"))
    assert record.ids("HGNC") == ("HGNC:1", "HGNC:11998")


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"Entry": "P53"}, r"line 2 has the accession 'P53', expected one of UniProt such as P04637"),
        ({"Reviewed": "yes"}, r"line 2 has 'yes' in the column Reviewed, expected reviewed or unreviewed"),
        ({"Length": "12 AA"}, r"line 2 has the length '12 AA', expected digits"),
        ({"Organism (ID)": "human"}, r"line 2 has the taxonomy id 'human', expected digits"),
        (
            {"Involvement in disease": "Gout"},
            r"line 2 has the text 'Gout', expected it to begin with 'DISEASE: '",
        ),
        (
            {"Function [CC]": "Binds."},
            r"line 2 has the text 'Binds\.', expected it to begin with 'FUNCTION: '",
        ),
        (
            {"Gene Ontology (biological process)": "x [GO:0006086]; y"},
            r"line 2 has '; y' in Gene Ontology \(biological process\), expected 'name \[GO:nnnnnnn\]",
        ),
        ({"Gene Ontology IDs": "GO:1"}, r"line 2 has the GO id 'GO:1'"),
    ],
)
def test_faults(tmp_path: Path, cells: dict[str, str], message: str) -> None:
    with pytest.raises(DataFormatError, match=message):
        read_one(tmp_path, **cells)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "Accession\nP04637\n",
            r"line 1 must be a tab-separated header with the columns Entry; missing: Entry",
        ),
        (
            "Entry\tentry\nP04637\tP04637\n",
            r"line 1 must be a header that names each column once, but repeats Ent",
        ),
        ("Entry\tLength\nP04637\n", r"line 2 has 1 columns, expected 2"),
        ("Entry\n", r"line 1 is the header, and no row follows it"),
    ],
)
def test_faults_of_the_table(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataFormatError, match=message):
        read(tmp_path, text)
