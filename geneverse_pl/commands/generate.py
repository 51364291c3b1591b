"""``generate``: answers a file of questions, batch by batch, into JSON lines."""

import logging
import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from geneverse_pl.commands.options import (
    OptionParser,
    add_decoding_options,
    add_model_options,
    add_retrieval_options,
    device_and_dtype,
    load_model,
    load_passages,
)
from geneverse_pl.exceptions import ConfigError

if TYPE_CHECKING:
    from geneverse_pl.generation.answer_file import AnswerFile, FurtherFields
    from geneverse_pl.generation.decoding import DecodingConfig
    from geneverse_pl.generation.generator import Generator
    from geneverse_pl.generation.questions import Question

logger = logging.getLogger(__name__)

_SECONDS_BETWEEN_NOTES = 30.0


def parser() -> OptionParser:
    """The options of the command."""
    options = OptionParser("generate", "Answer a file of questions.")
    add_model_options(options)
    options.add_argument(
        "--questions",
        type=Path,
        required=True,
        help=".jsonl, .json, .csv, .tsv or .txt, one question a record",
    )
    options.add_argument(
        "--out", type=Path, required=True, help="file of answers, .jsonl; gone on with if it is there"
    )
    options.add_argument("--image_dir", type=Path, help="folder of the images [that of the questions]")
    options.add_argument("--batch_size", default="auto", help="prompts at a time; auto takes what fits")
    add_decoding_options(options, max_new_tokens=256)
    add_retrieval_options(options)
    options.add_argument("--beams", type=int, default=1, help="beams that are followed")
    options.add_argument(
        "--choices", default="", help="answers to choose from, as Yes,No, where a question has none"
    )
    options.add_argument(
        "--choices_column", default="choices", help="field of a question that holds its choices"
    )
    options.add_argument(
        "--engine", choices=("transformers", "vllm"), default="transformers", help="what decodes"
    )
    options.add_argument(
        "--ground", type=Path, help="table of names and ids; adds grounded answers beside the answers"
    )
    return options


def run(arguments: Sequence[str]) -> int:
    """Runs the command.

    Args:
        arguments: Arguments after its name.

    Returns:
        Exit code.

    Raises:
        ConfigError: If an option is wrong, or the file of answers is of another run.
        DataFormatError: If a question cannot be read.
    """
    options = parser().read(arguments)
    batch_size = _batch_size(options.batch_size)

    from geneverse_pl.generation.answer_file import AnswerFile
    from geneverse_pl.generation.decoding import DecodingConfig
    from geneverse_pl.generation.questions import QuestionReader

    choices = tuple(choice.strip() for choice in options.choices.split(",")) if options.choices else ()
    reader = QuestionReader(options.image_dir, choices, options.choices_column)
    questions = dict(enumerate(reader.read(options.questions)))
    decoding = DecodingConfig(
        options.max_new_tokens, options.beams, options.temperature, options.top_p, options.seed
    )
    grounding = _grounding(options.ground)
    file = AnswerFile(options.out, run_settings(options, decoding), grounding)
    with file.open():
        left = list(file.remaining(questions.items()))
        if file.num_done:
            logger.info("%s holds %d answers already, %d are left", file.path, file.num_done, len(left))
        if left:
            _answer(build_generator(options), decoding, batch_size, left, file, options)
    logger.info("answers written to %s", options.out)
    return 0


def _batch_size(value: str) -> int | None:
    if value == "auto":
        return None
    if not value.isdecimal() or int(value) < 1:
        raise ConfigError(f"batch_size must be auto or a number > 0, got '{value}'.")
    return int(value)


def run_settings(options: Namespace, decoding: "DecodingConfig") -> dict[str, object]:
    """What determines the answers besides the questions.

    Args:
        options: Options of the command.
        decoding: How answers are made.
    """
    from dataclasses import asdict

    from geneverse_pl.grounding.records import file_source
    from geneverse_pl.models.adapter_folder import folder_digest
    from geneverse_pl.models.references import resolve_model, weights_digest

    if options.adapter is not None:
        model: object = folder_digest(options.adapter)
    else:
        model = [weights_digest(resolve_model(options.model)), options.template or "chat"]
    also: dict[str, object] = {}
    if options.ground is not None:
        also["ground"] = file_source(options.ground).sha256
    if options.retrieve is not None:
        from geneverse_pl.retrieval.index import index_digest

        shown = [options.top_k, options.passage_tokens, options.search_by]
        also["retrieval"] = [index_digest(options.retrieve), *shown]
    return also | {
        "model": model,
        "system": options.system,
        "dtype": str(device_and_dtype(options.device, options.dtype)[1]),
        "engine": options.engine,
        "decoding": asdict(decoding),
    }


def _grounding(table: Path | None) -> "FurtherFields | None":
    """What adds grounded answers, open until the end of the command."""
    if table is None:
        return None
    from geneverse_pl.grounding import GroundingTable
    from geneverse_pl.grounding.answer_rows import AnswerGrounder

    return AnswerGrounder(GroundingTable(table)).fields


def build_generator(options: Namespace) -> "Generator":
    """The generator that the options ask for.

    Args:
        options: Options of the command.

    Raises:
        ConfigError: If vLLM is asked for and not installed, or cannot serve the model.
    """
    from geneverse_pl.generation.generator import Generator

    if options.engine == "vllm":
        from geneverse_pl.generation.vllm_engine import vllm_generator

        _, dtype = device_and_dtype(options.device, options.dtype)
        on_cpu = Namespace(**{**vars(options), "device": "cpu", "dtype": str(dtype).removeprefix("torch.")})
        return vllm_generator(load_model(on_cpu), system=options.system)
    return Generator.from_adapter(load_model(options), system=options.system)


def _answer(
    generator: "Generator",
    decoding: "DecodingConfig",
    batch_size: int | None,
    left: "Sequence[tuple[int, Question]]",
    file: "AnswerFile",
    options: Namespace,
) -> None:
    from geneverse_pl.generation.retrieved import with_sources

    questions = dict(left)
    passages = load_passages(options, generator.encoder, generator.engine.context_length)
    asked = left if passages is None else with_sources(left, passages, questions)
    start = noted = time.monotonic()
    num_answers = num_tokens = 0
    for batch in generator.stream(asked, decoding, batch_size=batch_size):
        file.write(batch, questions)
        num_answers += len(batch)
        num_tokens += sum(answer.num_tokens for answer in batch)
        now = time.monotonic()
        if now - noted > _SECONDS_BETWEEN_NOTES or num_answers == len(left):
            noted = now
            seconds = max(now - start, 1e-9)
            logger.info(
                "%d of %d questions, %.1f tokens/s, %.2f questions/s",
                num_answers,
                len(left),
                num_tokens / seconds,
                num_answers / seconds,
            )
