"""Drawing protein structures beside a bare PyMOL loop: the same files, size and cartoon.

Both draw the same generated backbones, in turn, several times over, each time in a process of its own:
once as the data module does (all cores, each picture written whole), once in a plain loop of ``load``,
``show``, ``orient`` and a ray-traced ``png``.

    python benchmarks/rendering_speed.py --repeats 5
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from recording import in_turn, record, save, spread

HERE = Path(__file__).parent
NAMES = ("geneverse_pl", "bare PyMOL loop")


def draw(name: str, files: list[Path], folder: Path, size: int) -> int:
    """Draws every file once; returns the number of pictures."""
    if name == "geneverse_pl":
        from datamodules.rendering.structure import StructureRendering, render_structures
        from datamodules.sources.structures import read_structure

        records = [read_structure(path) for path in files]
        return len(render_structures(records, folder, StructureRendering(engine="pymol", size=size)).drawn)
    import pymol2

    with pymol2.PyMOL() as session:
        cmd = session.cmd
        for path in files:
            cmd.load(str(path), "structure")
            cmd.hide("everything")
            cmd.show("cartoon")
            cmd.orient()
            cmd.png(str(folder / f"{path.stem}.png"), width=size, height=size, ray=1, quiet=1)
            cmd.delete("all")
    return len(list(folder.glob("*.png")))


def run_once(name: str, source: Path, size: int) -> dict[str, Any]:
    """One contender over all files, in a process of its own; its start is part of the time."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--draw", name, str(source), folder, "--size", str(size)]
        start = time.perf_counter()
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        seconds = time.perf_counter() - start
    drawn = int(done.stdout.split()[-1])
    return {"contender": name, "pictures": drawn, "seconds": seconds, "pictures_per_second": drawn / seconds}


def summary(results: list[dict[str, Any]]) -> str:
    """Markdown table of medians."""
    lines = ["| contender | pictures/s (range) | runs |", "|---|---|---|"]
    for name in NAMES:
        rates = [r["pictures_per_second"] for r in results if r["contender"] == name]
        lines.append(f"| {name} | {spread(rates, '.2f')} | {len(rates)} |")
    return "\n".join(lines)


def main() -> None:
    """Runs the benchmark, or one contender of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--structures", type=int, default=60)
    parser.add_argument("--size", type=int, default=224, help="width and height in pixels")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "rendering_speed.json")
    parser.add_argument("--draw", nargs=3, metavar=("CONTENDER", "FILES", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.draw:
        name, source, folder = options.draw
        print(draw(name, sorted(Path(source).glob("*.pdb")), Path(folder), options.size))
        return

    from datamodules.protein_structure.backbone_files import generate_files
    from datamodules.protein_structure.backbones import GeneratedStructures

    results: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as temporary:
        generate_files(Path(temporary), GeneratedStructures(number=options.structures))
        for name in in_turn(NAMES, options.repeats):
            record(run_once(name, Path(temporary), options.size), results)
    save(options.out, options, results)
    print("\n" + summary(results))


if __name__ == "__main__":
    main()
