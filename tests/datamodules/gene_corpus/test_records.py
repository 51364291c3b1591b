"""Records, without their masks."""

from collections import Counter
from pathlib import Path

from datamodules import GeneCorpusDataModule
from datamodules.corpus import Corpus, CorpusSources, RelationKind
from datamodules.corpus.identifiers import ENTITY_KINDS, RELATION_KINDS
from datamodules.sources.names import normalised_name
from geneverse_pl.data.datamodule import TRAIN
from geneverse_pl.data.records import Sample
from tests.datamodules.corpus.toy_file import rows
from tests.datamodules.corpus.toy_sources import annotation
from tests.datamodules.gene_corpus.conftest import Splits, lists
from tests.datamodules.gene_function.toy_genes import GENE_INFO, info_row, write_table
from tests.datamodules.sources.test_hpo_annotations import COMMENTS, HEADER

FIELDS: dict[str, dict[str, RelationKind]] = {
    "list/gene_record": {
        "Encoded protein": "gene_encodes_protein",
        "Diseases": "gene_disease",
        "Phenotypes": "gene_phenotype",
        "GO terms": "gene_go",
    },
    "list/protein_record": {"Diseases": "protein_disease"},
    "list/disease_record": {"Phenotypes": "disease_phenotype"},
}


def fields_of(sample: Sample) -> dict[str, list[str]]:
    """The fields of a record with what was masked."""
    text = sample.context
    for number, hidden in reversed(list(enumerate(sample.gold, start=1))):
        text = text.replace(f"[MASK{number}]", hidden)
    pairs = (line.split(": ", 1) for line in text.splitlines())
    return {field: told.split("; ") for field, told in pairs}


def test_every_field_tells_what_the_corpus_does(recorded: Splits, corpus_path: Path) -> None:
    with Corpus(corpus_path) as corpus:
        names = {one.id: one.name for kind in ENTITY_KINDS for one in corpus.entities(kind)}
        told: dict[tuple[str, str], set[str]] = {}
        for relation in RELATION_KINDS:
            for one in corpus.relations(relation):
                told.setdefault((relation, one.subject), set()).add(str(names[one.object]))
    seen = Counter[tuple[str, str]]()
    for sample in recorded[TRAIN]:
        fields = fields_of(sample)
        for title, relation in FIELDS[sample.kind].items():
            if sample.kind == "list/disease_record":
                # Diseases of one name are one, so that more is told of it than of its first id.
                seen[sample.kind, title] += title in fields
                continue
            known = told.get((relation, str(sample.metadata["subject"])), set())
            assert set(fields.get(title, ())) <= known
            assert bool(known) >= (title in fields)
            seen[sample.kind, title] += title in fields
    assert min(seen.values()) > 10
    assert len(seen) == 6


def test_no_alias_gives_the_name_or_another_alias_away(tmp_path: Path) -> None:
    names = ("Zeta {} syndrome", "ZETA {} SYNDROME", "Zeta-{} syndrome", "Other {}", "OTHER {}")
    told = [
        annotation(f"{database}:{number}", name.format(letter), "HP:0001001")
        for number, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ", start=100_100)
        for database, given in (("OMIM", names), ("ORPHA", reversed(names)))
        for name in given
    ]
    (tmp_path / "phenotype.hpoa").write_text(COMMENTS + HEADER + "".join(rows(*told)))
    data = GeneCorpusDataModule(
        sources=CorpusSources(hpo_annotations=tmp_path / "phenotype.hpoa"),
        bundled_hpo=False,
        stage="records",
        records=["disease"],
        allow_shared_families=True,
        cache_dir=tmp_path / "cache",
    )
    samples = [sample for found in lists(data).values() for sample in found]
    assert len(samples) > 50
    for sample in samples:
        text = sample.context
        for number, hidden in enumerate(sample.gold, start=1):
            text = text.replace(f"[MASK{number}]", hidden)
        fields = dict(line.split(": ", 1) for line in text.splitlines())
        shown = [fields["Disease"], *fields.get("Also known as", "").split("; ")]
        plain = [normalised_name(name) for name in shown if name]
        assert len(plain) == len(set(plain)) == 2


def gene_records(folder: Path, genes: list[list[str]]) -> dict[str, dict[str, list[str]]]:
    """Symbol -> fields of the records of some rows of ``gene_info`` and 30 more."""
    more = [info_row(number, f"GEN{number}", f"gene of number {number}") for number in range(1, 31)]
    write_table(folder / "gene_info", GENE_INFO.split(), [*genes, *more])
    data = GeneCorpusDataModule(
        sources=CorpusSources(ncbi_gene_info_human=folder / "gene_info"),
        bundled_hpo=False,
        stage="records",
        records=["gene"],
        allow_shared_families=True,
        cache_dir=folder / "cache",
    )
    records = [fields_of(sample) for found in lists(data).values() for sample in found]
    return {fields["Gene"][0]: fields for fields in records}


def test_of_several_omim_ids_of_a_gene_none_is_asked_for(tmp_path: Path) -> None:
    row = info_row(501, "TWO1", "gene of two numbers")
    row[5] = "MIM:114480|MIM:191170|HGNC:HGNC:501"
    records = gene_records(tmp_path, [row])
    assert records["TWO1"]["Identifiers"] == ["HGNC:501", "NCBIGene:501"]
    assert "OMIM:600007" in records["GEN7"]["Identifiers"]


def test_a_symbol_that_is_the_number_is_not_asked_for_beside_it(tmp_path: Path) -> None:
    plain, linked, renamed = (info_row(number, f"LOC{number}", "") for number in (601, 602, 603))
    for row in (plain, linked):
        row[4], row[5], row[8], row[11] = "-", "-", f"uncharacterized {row[2]}", "-"
    linked[5] = "Ensembl:ENSG00000000602"
    renamed[2], renamed[4], renamed[10] = "REN1", "LOC603|OLD1|LOC999", "REN1"
    records = gene_records(tmp_path, [plain, linked, renamed])
    assert "LOC601" not in records
    assert records["LOC602"] == {"Gene": ["LOC602"], "Identifiers": ["ENSEMBL:ENSG00000000602"]}
    assert "NCBIGene:603" in records["REN1"]["Identifiers"]
    assert records["REN1"]["Also known as"][:2] == ["OLD1", "LOC999"]
