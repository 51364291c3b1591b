"""Questions of GeneTuring as a file for ``generate``, and scores of the answers it wrote.

python -m datamodules.benchmarks questions --files geneturing.json --out questions.jsonl
python -m datamodules.benchmarks grade --answers answers.jsonl --out scores.json
"""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from datamodules.benchmarks.geneturing_files import read_geneturing
from datamodules.benchmarks.geneturing_grading import grade, model_answer
from datamodules.benchmarks.geneturing_modules import MODULES, module_key
from datamodules.instruction.place import Place
from datamodules.instruction.rows import read_rows
from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.graded import CONTROLS, GRADED, graded_scores
from geneverse_pl.evaluation.report import TUNED, format_table
from geneverse_pl.evaluation.scores import write_scores
from geneverse_pl.evaluation.text_report import ItemResult
from geneverse_pl.exceptions import ConfigError, GeneverseError
from geneverse_pl.places import check_not_read, check_output_file
from geneverse_pl.whole_file import write_whole

_KEYS = ("module", "question", "goldstandard", "answer")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one of the two commands.

    Args:
        arguments: The command and its options; None takes those of the process.

    Returns:
        Exit code, 2 for an error that the user can mend.
    """
    options = _parser().parse_args(arguments)
    try:
        check_output_file("--out", options.out)
        if options.command == "questions":
            number = write_questions(options.files, options.out)
            sys.stdout.write(f"{number} questions written to {options.out}\n")
        else:
            if options.num_resamples < 1:
                raise ConfigError(f"--num_resamples must be > 0, got {options.num_resamples}.")
            check_not_read("--out", options.out, [options.answers])
            results = read_answers(options.answers, options.model)
            scores = graded_scores(results, grade, BootstrapSettings(num_resamples=options.num_resamples))
            options.out.parent.mkdir(parents=True, exist_ok=True)
            write_scores(options.out, scores)
            sys.stdout.write(f"{format_table(scores)}\n\nscores written to {options.out}\n")
    except GeneverseError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"error: {options.out} must be a file that can be written, and is not ({error}).\n")
        return 2
    return 0


def write_questions(files: Iterable[Path], out: Path) -> int:
    """Writes questions with their module and published answer, one JSON object a line.

    Args:
        files: Files of questions.
        out: The file to write, whole or not at all; its folder is made.

    Returns:
        Number of questions.

    Raises:
        ConfigError: If ``out`` is one of the files.
    """
    files = list(files)
    check_not_read("--out", out, files)
    questions = read_geneturing(files)
    rows = [{"question": one.question, "module": one.module, "goldstandard": one.answer} for one in questions]
    out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(out, (json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return len(rows)


def read_answers(path: Path, model: str = TUNED) -> list[ItemResult]:
    """Answers that ``generate`` wrote to such a file.

    Args:
        path: The file, with ``question``, ``module``, ``goldstandard`` and ``answer``.
        model: Name of the model in the table.

    Raises:
        ConfigError: If the model has the name of a control.
        DataFormatError: If a row lacks one of them or has an unknown module.
    """
    if not model or model in CONTROLS:
        raise ConfigError(f"--model must be a name other than {', '.join(CONTROLS)}, got '{model}'.")
    results = []
    for place, row in read_rows(path):
        module, question, gold, answer = (_text(place, row.get(key), key) for key in _KEYS)
        key = module_key(module)
        if key not in MODULES:
            raise place.error(f"has the unknown module {module!r}, expected one of: {', '.join(MODULES)}.")
        about = {
            "kind": f"{GRADED}/{key}",
            "answer": model_answer(key, gold),
            "module": key,
            "goldstandard": gold,
            "asked": question,
        }
        results.append(ItemResult("held_out", about, 0, question=question, texts={model: answer}))
    return results


def _text(place: Place, value: object, key: str) -> str:
    if not isinstance(value, str):
        raise place.error(
            f"must have a text as {key!r}. Make the questions with 'questions', answer them with generate."
        )
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("datamodules.benchmarks", description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    questions = commands.add_parser("questions", help="write a file of questions for generate")
    questions.add_argument("--files", type=Path, nargs="+", required=True, help="files of GeneTuring")
    questions.add_argument("--out", type=Path, required=True, help="file of questions, .jsonl")
    grading = commands.add_parser("grade", help="score the answers to it")
    grading.add_argument("--answers", type=Path, required=True, help="file that generate wrote")
    grading.add_argument("--out", type=Path, required=True, help="file of scores, .json")
    grading.add_argument("--model", default=TUNED, help="name of the model in the table [tuned]")
    grading.add_argument("--num_resamples", type=int, default=1000, help="bootstrap resamples [1000]")
    return parser


if __name__ == "__main__":
    sys.exit(main())
