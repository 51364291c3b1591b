"""Which embedded engine should hold the merged corpus: DuckDB or Polars, on made-up relations.

    python benchmarks/corpus_engine.py --rows 3000000 --repeats 3

Each run is a process of its own, so that its peak memory is its own: statements arrive in batches as they do
in ``build_corpus`` (numbers of entities, source and line), are joined to the names of the entities, grouped
into evidence and relations, and written to Parquet. Polars has no file of tables: it keeps Parquet files.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from recording import in_turn, record, save, spread

_BATCH = 100_000
_NODES = 400_000
_KINDS, _SOURCES = 6, 15
_STEPS = ("insert", "group", "export", "read")

Batch = dict[str, npt.NDArray[Any]]


def batches(rows: int) -> Iterator[Batch]:
    """Seeded statements; a few entities have very many, as well-studied genes do, and pairs repeat."""
    rng = np.random.default_rng(0)
    for start in range(0, rows, _BATCH):
        size = min(_BATCH, rows - start)
        yield {
            "kind": rng.integers(0, _KINDS, size, dtype=np.int8),
            "subject": (_NODES * rng.random(size) ** 3).astype(np.int32),
            "object": (_NODES * rng.random(size) ** 3).astype(np.int32),
            "negated": rng.random(size) < 0.01,
            "source": rng.integers(0, _SOURCES, size, dtype=np.int16),
            "line": np.arange(start, start + size, dtype=np.int32),
        }


def names() -> list[str]:
    """The text of each entity's id; every eighth number is another name of the one before it."""
    return [f"OMIM:{number - (number % 8 == 7):07d}" for number in range(_NODES)]


def run_duckdb(rows: int, folder: Path, memory_gb: float) -> dict[str, float]:
    """All steps in one file of DuckDB, which spills to the disk beyond its limit."""
    import duckdb

    times = {}
    start = time.perf_counter()
    connection = duckdb.connect(str(folder / "corpus.duckdb"))
    connection.execute(f"SET memory_limit = '{memory_gb}GB'")
    connection.execute(
        "CREATE TABLE staged (kind TINYINT, subject INTEGER, object INTEGER, negated BOOLEAN, "
        "source SMALLINT, line INTEGER)"
    )
    for batch in batches(rows):
        connection.register("batch", batch)
        connection.execute(
            "INSERT INTO staged SELECT kind, subject, object, negated, source, line FROM batch"
        )
        connection.unregister("batch")
    connection.register(
        "batch", {"node": np.arange(_NODES, dtype=np.int32), "id": np.array(names(), dtype=object)}
    )
    connection.execute("CREATE TABLE nodes AS SELECT node, id FROM batch")
    times["insert"], start = time.perf_counter() - start, time.perf_counter()
    connection.execute(
        "CREATE TABLE evidence AS SELECT t.kind, s.id AS subject, o.id AS object, t.negated, t.source, "
        "min(t.line) AS line, count(*) AS num_rows FROM staged t JOIN nodes s ON t.subject = s.node "
        "JOIN nodes o ON t.object = o.node GROUP BY ALL ORDER BY ALL"
    )
    connection.execute(
        "CREATE TABLE relations AS SELECT kind, subject, object, negated, count(*) AS num_sources "
        "FROM evidence GROUP BY ALL ORDER BY ALL"
    )
    times["group"], start = time.perf_counter() - start, time.perf_counter()
    for table in ("evidence", "relations"):
        connection.execute(f"COPY {table} TO '{folder / table}.parquet' (FORMAT parquet, COMPRESSION zstd)")
    times["export"], start = time.perf_counter() - start, time.perf_counter()
    cursor = connection.execute("SELECT * FROM evidence WHERE kind = 1 ORDER BY subject, object")
    while cursor.fetchmany(10_000):
        pass
    times["read"] = time.perf_counter() - start
    connection.close()
    return times


def run_polars(rows: int, folder: Path, engine: Any) -> dict[str, float]:
    """All steps over Parquet files, with the engine in memory or the streaming one."""
    import polars as pl

    times = {}
    start = time.perf_counter()
    (folder / "staged").mkdir()
    for number, batch in enumerate(batches(rows)):
        pl.DataFrame(batch).write_parquet(folder / "staged" / f"{number:06d}.parquet")
    nodes = {"node": np.arange(_NODES, dtype=np.int32), "id": names()}
    pl.DataFrame(nodes).write_parquet(folder / "nodes.parquet")
    times["insert"], start = time.perf_counter() - start, time.perf_counter()
    staged, ids = pl.scan_parquet(folder / "staged" / "*.parquet"), pl.scan_parquet(folder / "nodes.parquet")
    key = ["kind", "subject", "object", "negated"]
    joined = staged.join(ids, left_on="subject", right_on="node").drop("subject").rename({"id": "subject"})
    joined = joined.join(ids, left_on="object", right_on="node").drop("object").rename({"id": "object"})
    evidence = (
        joined.group_by([*key, "source"])
        .agg(pl.col("line").min(), pl.len().alias("num_rows"))
        .sort([*key, "source"])
    )
    # Grouping and writing are one step here, as Parquet is where the tables lie.
    evidence.sink_parquet(folder / "evidence.parquet", engine=engine)
    stored = pl.scan_parquet(folder / "evidence.parquet")
    relations = stored.group_by(key).agg(pl.len().alias("num_sources")).sort(key)
    relations.sink_parquet(folder / "relations.parquet", engine=engine)
    times["group"], start = time.perf_counter() - start, time.perf_counter()
    times["export"] = 0.0
    wanted = stored.filter(pl.col("kind") == 1).sort("subject", "object").collect(engine=engine)
    for _ in wanted.iter_rows():
        pass
    times["read"] = time.perf_counter() - start
    return times


_RUNS: dict[str, Callable[[int, Path], dict[str, float]]] = {
    "duckdb, 2 GB": lambda rows, folder: run_duckdb(rows, folder, 2),
    "duckdb, 0.25 GB": lambda rows, folder: run_duckdb(rows, folder, 0.25),
    "polars streaming": lambda rows, folder: run_polars(rows, folder, "streaming"),
    "polars in memory": lambda rows, folder: run_polars(rows, folder, "in-memory"),
}


def run(engine: str, rows: int) -> dict[str, Any]:
    """One run in this process: seconds of each step, peak memory, what lies on the disk."""
    with tempfile.TemporaryDirectory() as name:
        times = _RUNS[engine](rows, Path(name))
        sizes = {path.name: path.stat().st_size / 2**20 for path in Path(name).glob("*.*") if path.is_file()}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {
        "engine": engine,
        **{f"{step}_seconds": round(times[step], 3) for step in _STEPS},
        "peak_gib": round(peak, 3),
        "files_mib": {file: round(size, 1) for file, size in sizes.items()},
    }


def main() -> None:
    """Runs the engines in turn and keeps the raw figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=3_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--engine", choices=tuple(_RUNS), help="run this one here, once")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/corpus_engine.json"))
    options = parser.parse_args()
    if options.engine:
        print(json.dumps(run(options.engine, options.rows)))
        return
    results: list[dict[str, Any]] = []
    for engine in in_turn(tuple(_RUNS), options.repeats):
        command = [sys.executable, __file__, "--engine", engine, "--rows", str(options.rows)]
        record(json.loads(subprocess.run(command, check=True, capture_output=True).stdout), results)
        save(options.out, options, results)
    for engine in _RUNS:
        own = [result for result in results if result["engine"] == engine]
        cells = [spread([result[f"{step}_seconds"] for result in own], ".1f") for step in _STEPS]
        print(f"{engine}: {', '.join(cells)} s; {spread([r['peak_gib'] for r in own], '.2f')} GiB")


if __name__ == "__main__":
    main()
