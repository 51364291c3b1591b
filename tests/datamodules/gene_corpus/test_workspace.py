"""What is left on the disk: nothing, after a build, a failed one and a killed one."""

import subprocess
import sys
from pathlib import Path

import pytest

from datamodules.gene_corpus.workspace import Workspace
from geneverse_pl.exceptions import ConfigError, WorkerError
from tests.datamodules.gene_corpus.conftest import Make

KILLED = """
import os, signal, sys
from pathlib import Path
from datamodules.gene_corpus.workspace import Workspace
work = Workspace(Path(sys.argv[1]), Path(sys.argv[2]), 0.5)
os.kill(os.getpid(), signal.SIGKILL)
"""


def left(folder: Path) -> list[Path]:
    return sorted(folder.glob(".gene_corpus.*"))


def test_a_build_leaves_nothing(make: Make, tmp_path: Path) -> None:
    data = make(questions=["fact/disease_gene"], cache_dir=tmp_path)
    data.prepare_data()
    assert data.store_path.is_file()
    assert left(tmp_path) == []


def test_a_failed_build_leaves_nothing(make: Make, tmp_path: Path, tiny_hpo_folder: Path) -> None:
    data = make(corpus=None, sources=tiny_hpo_folder, questions=["list/gene_go"], cache_dir=tmp_path)
    with pytest.raises(ConfigError, match="has none for"):
        data.prepare_data()
    assert left(tmp_path) == []


def test_the_next_process_removes_what_a_killed_one_left(corpus_path: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(corpus_path), str(tmp_path)]
    subprocess.run(command, cwd=Path(__file__).parents[3], check=False)
    assert left(tmp_path)
    first = Workspace(corpus_path, tmp_path, 0.5)
    own = left(tmp_path)
    assert [path.suffix for path in own if path.is_file()] == [".lock"]
    assert len(own) == 2
    second = Workspace(corpus_path, tmp_path, 0.5)
    assert set(own) < set(left(tmp_path))
    assert list(first.rows("SELECT count(*) > 0 FROM corpus.entities")) == [(True,)]
    second.close()
    assert left(tmp_path) == own
    first.close()
    first.close()
    assert left(tmp_path) == []


def test_too_little_memory_is_told(corpus_path: Path, tmp_path: Path) -> None:
    work = Workspace(corpus_path, tmp_path, 0.02)
    query = "SELECT list(i) FROM range(20_000_000) r(i)"
    with pytest.raises(WorkerError, match=r"memory_gb must hold .*, and 0.02 GB do not. Set it to more"):
        list(work.rows(query))
    with pytest.raises(WorkerError, match="samples that are encoded are kept"):
        work.run(f"CREATE TABLE t AS {query}")
    work.close()
