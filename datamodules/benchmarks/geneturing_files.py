"""Reads GeneTuring's questions from the forms in which they are passed on.

Three forms are known. The benchmark's own table has the columns ``Model``, ``Module``, ``Question`` and
``Goldstandard``, and repeats a question for every model and replicate. GeneGPT (Jin et al. 2024) has one JSON
object, module -> question -> answer. Others have the table as a JSON list or JSON lines.
"""

import json
import logging
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from datamodules.benchmarks.geneturing_modules import MODULES, UNGRADED, module_key
from datamodules.instruction.place import Place, described, shown
from datamodules.instruction.rows import read_rows
from datamodules.sources.names import listed_names
from datamodules.sources.tables import MissingFileError, read_chunks
from geneverse_pl.exceptions import DataFormatError

logger = logging.getLogger(__name__)

_MODULE = ("module", "task")
_QUESTION = ("question",)
_ANSWER = ("goldstandard", "gold", "groundtruth", "answer")
_NOT_CODING = "NA"  # the published answer for genes that code for no protein, which some files leave empty


@dataclass(frozen=True)
class GeneTuringQuestion:
    """A question of the benchmark.

    Args:
        module: Key of its module.
        question: The question, as published.
        answer: The published answer, as published; commas separate the items of a list.
        place: Where it was read.
    """

    module: str
    question: str
    answer: str
    place: Place


def read_geneturing(paths: Iterable[Path]) -> list[GeneTuringQuestion]:
    """The questions of some files, each once, in the order of the files.

    Rows that ask a known question again (of another model, or another replicate) are passed over. So are,
    with a note in the log, tasks that no rule can grade, and questions without an answer, of which the
    published table has some; in *Protein-coding genes* an empty answer means what ``NA`` means there: not
    coding.

    Args:
        paths: JSON, JSON lines, CSV, TSV or Parquet; text files may be gzipped.

    Raises:
        MissingFileError: If a file cannot be opened.
        DataFormatError: If a file is not of a known form, a module is unknown, or two rows give one question
            different answers; names file and line.
    """
    found: dict[tuple[str, str], GeneTuringQuestion] = {}
    left_out: Counter[str] = Counter()
    for path in paths:
        for question in _read(path, left_out):
            known = found.setdefault((question.module, question.question), question)
            if known.answer != question.answer:
                raise question.place.error(
                    f"answers {shown(question.question)} with {shown(question.answer)}, and {known.place} "
                    f"with {shown(known.answer)}. Keep one of the two."
                )
    for reason, count in left_out.items():
        logger.warning("%d questions are left out: %s", count, reason)
    return list(found.values())


def _read(path: Path, left_out: Counter[str]) -> Iterator[GeneTuringQuestion]:
    if not path.is_file():
        raise MissingFileError(f"{path}: no such file. Check data.init_args.files.")
    nested = _nested(path)
    rows = _table_rows(path) if nested is None else _nested_rows(path, *nested)
    for place, module, question, answer in rows:
        key = module_key(module)
        if key in UNGRADED:
            left_out[f"no rule grades the task '{module}'"] += 1
            continue
        if key not in MODULES:
            titles = ", ".join(one.title for one in MODULES.values())
            raise place.error(f"has the unknown module {shown(module)}, expected one of: {titles}.")
        text = _NOT_CODING if answer is None and MODULES[key].form == "yes_no" else answer
        if text is None:
            left_out[f"'{MODULES[key].title}' has no answer to them"] += 1
            continue
        yield GeneTuringQuestion(key, question, text, place)


def _nested(path: Path) -> tuple[Mapping[str, Mapping[str, object]], str] | None:
    """Module -> question -> answer, with the file's text; None where the file has another form."""
    name = path.name.lower().removesuffix(".gz")
    if not name.endswith(".json"):
        return None
    text = "".join(read_chunks(path))
    if not text.lstrip().startswith("{"):
        return None
    try:
        content = json.loads(text, object_pairs_hook=_unique)
    except _RepeatedError as error:
        raise DataFormatError(path, f"must name each question once, but {error}. Remove one.") from None
    except json.JSONDecodeError as error:
        # Objects one a line are no whole document, and are read as a table.
        if error.msg == "Extra data":
            return None
        message = f"is no valid JSON ({error.msg}, column {error.colno}). Download it again."
        raise DataFormatError(path, message, error.lineno) from None
    except RecursionError:
        raise DataFormatError(path, "is no valid JSON (nested too deeply). Download it again.") from None
    except ValueError as error:
        raise DataFormatError(path, f"is no valid JSON ({error}). Download it again.") from None
    if not all(isinstance(questions, dict) for questions in content.values()):
        return None
    return content, text


class _RepeatedError(Exception):
    """A key comes twice in an object."""


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        repeated = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise _RepeatedError(f"has {shown(repeated)} twice")
    return found


_Rows = Iterator[tuple[Place, str, str, str | None]]


def _nested_rows(path: Path, content: Mapping[str, Mapping[str, object]], text: str) -> _Rows:
    lines = _line_finder(text)
    for module, questions in content.items():
        for question, answer in questions.items():
            place = Place(path, lines(question))
            yield place, module, question.strip(), _answer(place, answer)


def _line_finder(text: str) -> Callable[[str], int | None]:
    """Gives the line that a key stands on, from 1; keys must be asked for in their order."""
    position, line = 0, 1

    def find(key: str) -> int | None:
        nonlocal position, line
        places = [text.find(json.dumps(key, ensure_ascii=ascii_), position) for ascii_ in (False, True)]
        after = min((place for place in places if place >= 0), default=None)
        if after is None:  # written with escapes of its own
            return None
        line += text.count("\n", position, after)
        position = after
        return line

    return find


def _table_rows(path: Path) -> _Rows:
    for place, record in read_rows(path):
        cells = {re.sub(r"[^a-z0-9]", "", key.lower()): value for key, value in record.items()}
        module = _cell(place, record, cells, _MODULE)
        question = _cell(place, record, cells, _QUESTION)
        for name, value in (("module", module), ("question", question)):
            if not isinstance(value, str) or not value.strip():
                raise place.error(f"must have a text as {name}, got {described(value)}.")
        yield place, str(module), str(question).strip(), _answer(place, _cell(place, record, cells, _ANSWER))


def _cell(
    place: Place, record: Mapping[str, object], cells: Mapping[str, object], names: Sequence[str]
) -> object:
    name = next((name for name in names if name in cells), None)
    if name is None:
        raise place.error(
            f"must have the columns Module, Question and Goldstandard, found: {listed_names(record)}. "
            "Give the benchmark's table, or GeneGPT's geneturing.json."
        )
    return cells[name]


def _answer(place: Place, value: object) -> str | None:
    """The answer as one text; None where there is none."""
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        value = ", ".join(value)
    if isinstance(value, bool):
        value = str(value).upper()
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if not isinstance(value, str):
        raise place.error(f"must have a text or a list of texts as answer, got {described(value)}.")
    return value.strip() or None
