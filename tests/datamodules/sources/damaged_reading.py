"""Reads damaged files in a process of its own, so that a crash, a hang or a flood of memory harms no test."""

import gzip
import logging
import multiprocessing
import random
import resource
import shutil
import tempfile
import traceback
import warnings
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.datamodules.sources.damaged_bytes import DAMAGES, FLOODS, GZIP_MAGIC

#: A directory in the place of the file, besides what can happen to bytes.
DIRECTORY = "directory"
MAX_SECONDS = 60
MAX_GROWTH = 1 << 30

Case = tuple[str, str, str]
Kind = Literal["records", "refused", "unnamed", "lines", "foreign", "hung", "died"]


@dataclass(frozen=True)
class Outcome:
    """What came of reading a damaged file.

    Args:
        format: Name of the format.
        damage: Name of the damage.
        seed: Seed of the damage.
        kind: ``records`` were read, or the file was ``refused`` by an error that names it; everything else is
            a fault: the error does not name it (``unnamed``), has several ``lines``, is none of the project
            (``foreign``), or there was none because the process ``hung`` or ``died``.
        text: The error.
        line: Whether the error gives a line.
    """

    format: str
    damage: str
    seed: str
    kind: Kind
    text: str = ""
    line: bool = False

    @property
    def is_fault(self) -> bool:
        """Whether it must not happen."""
        return self.kind not in ("records", "refused")


def cases(name: str, number: int, seed: int, *, floods: bool) -> list[Case]:
    """So many damages to a format, in a random order, each of them once before any comes again.

    Args:
        name: Name of the format.
        number: How many.
        seed: Seed of the order, and of the damages themselves.
        floods: Whether those that unpack or nest to something large are among them.
    """
    rng = random.Random(f"{seed}/{name}")
    damages = sorted({*DAMAGES, DIRECTORY} - (frozenset() if floods else FLOODS))
    order: list[str] = []
    while len(order) < number:
        order += rng.sample(damages, len(damages))
    return [(name, damage, f"{seed}/{name}/{place}") for place, damage in enumerate(order[:number])]


class Readers:
    """One process that reads; a new one takes the place of one that ends."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    def read(self, case: Case) -> Outcome:
        """Damages an example, reads it, and says what came of it."""
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, context, initializer=_start)
            self._pool.submit(_warm).result()
        try:
            return self._pool.submit(attempt, *case).result(timeout=MAX_SECONDS)
        except TimeoutError:
            self.stop()
            return Outcome(*case, "hung")
        except BrokenProcessPool as error:
            self.stop()
            return Outcome(*case, "died", str(error))

    def stop(self) -> None:
        """Ends the process, even one that hangs."""
        if self._pool is not None:
            for process in list(self._pool._processes.values()):
                process.kill()
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


def _start() -> None:
    logging.disable()
    warnings.simplefilter("ignore")


def _warm() -> None:
    """Imports what reads, then limits how much the process may grow."""
    import anndata  # noqa: F401
    import pyarrow.parquet  # noqa: F401

    from tests.datamodules.sources.damaged_formats import FORMATS

    for name, example in FORMATS.items():
        with tempfile.TemporaryDirectory() as folder:
            num_records = len(list(example.read(example.write(Path(folder)))))
        if not num_records:
            raise AssertionError(f"the example of {name} must give records before it is damaged")
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MAX_GROWTH, resource.RLIM_INFINITY))


def attempt(name: str, damage: str, seed: str) -> Outcome:
    """Damages an example of a format in a folder of its own, and reads it."""
    from geneverse_pl.exceptions import DataFormatError, GeneverseError
    from tests.datamodules.sources.damaged_formats import FORMATS

    example = FORMATS[name]
    folder = Path(tempfile.mkdtemp())
    try:
        place = example.write(folder)
        rng = random.Random(seed)
        target = rng.choice(example.targets(place))
        inflict(target, damage, rng)
        for _ in example.read(place):
            pass
    except GeneverseError as error:
        kind: Kind = "refused" if str(folder) in str(error) else "unnamed"
        kind = "lines" if "\n" in str(error) else kind
        has_line = isinstance(error, DataFormatError) and error.line is not None
        return Outcome(name, damage, seed, kind, str(error)[:2000], has_line)
    except BaseException:  # noqa: BLE001 - whatever it is, is what is looked for
        return Outcome(name, damage, seed, "foreign", traceback.format_exc()[-3000:])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Outcome(name, damage, seed, "records")


def inflict(path: Path, damage: str, rng: random.Random) -> None:
    """Damages a file; one that is a gzip by its name is damaged within it half of the times."""
    if damage == DIRECTORY:
        path.unlink()
        path.mkdir()
        return
    data = path.read_bytes()
    if data.startswith(GZIP_MAGIC) and "gzip" not in damage and rng.random() < 0.5:
        path.write_bytes(gzip.compress(DAMAGES[damage](gzip.decompress(data), rng), 1, mtime=0))
    else:
        path.write_bytes(DAMAGES[damage](data, rng))
