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
