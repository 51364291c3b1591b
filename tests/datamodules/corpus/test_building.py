"""Building: missing sources, order of rows, kills, errors, a missing engine."""

import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datamodules.corpus import Corpus, CorpusSources, build_corpus
from datamodules.corpus.layout import TABLES
from datamodules.sources.tables import MissingFileError
from geneverse_pl.exceptions import ConfigError, DataFormatError
from tests.datamodules.corpus.toy_file import header, rows
from tests.datamodules.corpus.toy_sources import FILES, annotation, write_toy_sources
from tests.datamodules.sources.test_hpo_annotations import COMMENTS, HEADER
from tests.datamodules.sources.test_omim_entries import TITLES

ROOT = Path(__file__).parents[3]


def tables(corpus: Corpus, folder: Path) -> dict[str, list[dict[str, Any]]]:
    """All tables, without the numbers of lines, which depend on the order of the rows."""
    from pyarrow import parquet

    corpus.export(folder)
    found = {}
    for name in TABLES:
        table = parquet.read_table(folder / f"{name}.parquet")
        names = [column for column in table.column_names if column != "line"]
        found[name] = table.select(names).to_pylist()
    return found


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_the_order_of_rows_makes_no_difference(
    toy_corpus: Corpus, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("shuffled")
    sources = write_toy_sources(folder, rng=random.Random(seed))
    with build_corpus(sources, folder / "corpus.duckdb") as shuffled:
        assert tables(shuffled, folder / "one") == tables(toy_corpus, folder / "other")


@pytest.mark.parametrize("key", FILES)
def test_one_source_alone(tmp_path: Path, key: str) -> None:
    with build_corpus(write_toy_sources(tmp_path, [key]), tmp_path / "corpus.duckdb") as corpus:
        assert [source.source for source in corpus.sources()] == [key]
        assert sum(corpus.counts().entities.values()) > 0


def test_any_source_may_be_missing(tmp_path: Path) -> None:
    for missing in ("hpo_ontology", "ncbi_gene_info_human", "hpo_annotations"):
        keys = [key for key in FILES if key != missing]
        with build_corpus(write_toy_sources(tmp_path, keys), tmp_path / "corpus.duckdb") as corpus:
            assert missing not in {source.source for source in corpus.sources()}
            assert sum(corpus.counts().relations.values()) > 10


def test_without_the_annotations_denials_are_not_known(tmp_path: Path) -> None:
    sources = write_toy_sources(tmp_path, ["hpo_genes_to_phenotype"])
    with build_corpus(sources, tmp_path / "corpus.duckdb") as corpus:
        pairs = [(one.subject, one.object) for one in corpus.relations("gene_phenotype")]
    assert ("NCBIGene:200", "HP:0001002") in pairs


def test_no_source_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="CorpusSources must name at least one file, names none"):
        build_corpus(CorpusSources(), tmp_path / "corpus.duckdb")
    sources = CorpusSources(hpo_ontology=tmp_path / "hp.obo")
    with pytest.raises(MissingFileError, match=r"hp\.obo: no such file, given as hpo_ontology\. Check"):
        build_corpus(sources, tmp_path / "corpus.duckdb")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_leaves_the_former_corpus(tmp_path: Path) -> None:
    sources = write_toy_sources(tmp_path, ["ncbi_gene_info_human", "ncbi_gene2go"])
    path = tmp_path / "corpus.duckdb"
    build_corpus(sources, path).close()
    before = path.read_bytes()
    with (tmp_path / "gene2go").open("a", encoding="utf-8") as stream:
        stream.write("9606\tx\n")
    with pytest.raises(DataFormatError, match=r"gene2go: line 5 has 2 columns, expected 8"):
        build_corpus(sources, path)
    assert path.read_bytes() == before
    assert {one.name for one in tmp_path.glob(".*")} == {".corpus.duckdb.lock"}


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_a_killed_build_leaves_nothing_that_looks_whole(tmp_path: Path) -> None:
    write_toy_sources(tmp_path)
    code = (
        "import os, signal, sys\n"
        "from datamodules.corpus import CorpusSources, build_corpus, building\n"
        "merge = building.merge\n"
        "def merge_and_die(*arguments):\n"
        "    merge(*arguments)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "building.merge = merge_and_die\n"
        "build_corpus(CorpusSources.in_folder(sys.argv[1]), sys.argv[1] + '/corpus.duckdb')\n"
    )
    outcome = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=False)
    assert outcome.returncode == -signal.SIGKILL
    path = tmp_path / "corpus.duckdb"
    assert not path.exists()
    with pytest.raises(MissingFileError, match=r"corpus\.duckdb: no such file\. Check the path, or build"):
        Corpus(path)
    assert (tmp_path / ".corpus.duckdb.partial").is_dir()
    with build_corpus(CorpusSources.in_folder(tmp_path), path) as corpus:
        assert corpus.counts().entities["gene"] > 0
    assert not (tmp_path / ".corpus.duckdb.partial").exists()


def test_a_folder_is_searched_for_the_names_of_the_catalogue(tmp_path: Path) -> None:
    write_toy_sources(
        tmp_path, ["hpo_ontology", "hpo_annotations", "dbgap_dictionaries", "uniprot_human_reviewed"]
    )
    sources = CorpusSources.in_folder(tmp_path)
    assert sources == CorpusSources(
        hpo_ontology=tmp_path / "hp.obo",
        hpo_annotations=tmp_path / "phenotype.hpoa",
        dbgap_dictionaries=tuple(tmp_path.glob("*.xml")),
    )


def test_the_format_of_proteins_is_told_by_the_ending(tmp_path: Path) -> None:
    path = tmp_path / "proteins.xml"
    path.write_text("<x/>", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"proteins\.xml: must end in \.dat, \.json, \.jsonl, \.tsv"):
        build_corpus(CorpusSources(uniprot_human_reviewed=path), tmp_path / "corpus.duckdb")


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without duckdb."""
    monkeypatch.setitem(sys.modules, "duckdb", None)


@pytest.mark.usefixtures("no_engine")
def test_a_missing_engine_is_named(tmp_path: Path) -> None:
    sources = write_toy_sources(tmp_path, ["hpo_ontology"])
    message = (
        r'kept with duckdb, which is not installed\. Install it with: pip install "geneverse_pl\[corpus\]"'
    )
    with pytest.raises(ConfigError, match=message):
        build_corpus(sources, tmp_path / "corpus.duckdb")
    with pytest.raises(ConfigError, match=message):
        Corpus(tmp_path / "corpus.duckdb")


def test_faulty_rows_are_counted_among_those_passed_over(tmp_path: Path) -> None:
    sources = write_toy_sources(tmp_path)
    for path in (sources.hpo_annotations, sources.ncbi_gene2go):
        assert path is not None
        with path.open("a", encoding="utf-8") as file:
            file.write("9606\tcut\n")
    with pytest.raises(DataFormatError, match=r"phenotype\.hpoa: line \d+ has 2 columns, expected 12"):
        build_corpus(sources, tmp_path / "corpus.duckdb")
    assert not (tmp_path / "corpus.duckdb").exists()
    with build_corpus(sources, tmp_path / "corpus.duckdb", max_skipped_rows=1) as corpus:
        passed_over = corpus.counts().passed_over
        found = {key: number for key, number in passed_over.items() if key[1].startswith("faulty row")}
    # phenotype.hpoa is read for two sources, and its faulty row is counted once.
    assert sorted(key for key, _ in found) == ["hpo_annotations", "ncbi_gene2go"]
    assert set(found.values()) == {1}
    assert "first at line 5: has ... columns, expected 8" in next(
        k[1] for k in found if k[0] == "ncbi_gene2go"
    )


def test_a_tolerance_out_of_range_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="max_skipped_rows must be a number of rows >= 0"):
        build_corpus(CorpusSources(), tmp_path / "corpus.duckdb", max_skipped_rows=-1)


def test_an_entry_moved_to_one_that_no_file_has(tmp_path: Path) -> None:
    (tmp_path / "mimTitles.txt").write_text(header(TITLES) + "Caret\t100400\tMOVED TO 100100\t\t\n")
    told = annotation("OMIM:100400", "Alpha syndrome", "HP:0001001")
    (tmp_path / "phenotype.hpoa").write_text(COMMENTS + HEADER + "".join(rows(told)))
    sources = CorpusSources(
        omim_mim_titles=tmp_path / "mimTitles.txt", hpo_annotations=tmp_path / "phenotype.hpoa"
    )
    with build_corpus(sources, tmp_path / "corpus.duckdb") as corpus:
        [disease] = corpus.entities("disease")
    assert (disease.id, disease.identifiers) == ("OMIM:100100", ("OMIM:100100", "OMIM:100400"))
    assert not disease.is_obsolete


def test_the_number_of_a_disease_is_none_of_its_gene(tmp_path: Path) -> None:
    sources = write_toy_sources(tmp_path, ["ncbi_gene_info_human", "hpo_annotations"])
    with build_corpus(sources, tmp_path / "corpus.duckdb") as corpus:
        assert corpus.resolve("gene", "OMIM:600100") == "NCBIGene:100"
        assert corpus.resolve("gene", "OMIM:100100") is None
        assert corpus.resolve("disease", "OMIM:100100") == "OMIM:100100"
        [conflict] = [one for one in corpus.conflicts() if one.reason == "other_kind"]
    assert (conflict.kind, conflict.ids) == ("gene", ("OMIM:100100",))
