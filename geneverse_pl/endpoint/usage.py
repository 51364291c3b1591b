"""What a set of answers took, however many runs it took to get them."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from geneverse_pl.endpoint.chat import Answer, Failure
from geneverse_pl.endpoint.config import EndpointConfig
from geneverse_pl.endpoint.tally import Tally
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.whole_file import write_whole

USAGE_FILE = "usage.json"


def usage(outcomes: Iterable[Answer | Failure], tally: Tally, config: EndpointConfig) -> dict[str, Any]:
    """Tokens, cost and latency of answers, those of earlier runs too; JSON-able, without the key.

    Args:
        outcomes: What came of each request.
        tally: Counts of this run.
        config: The endpoint, which holds the prices.

    Returns:
        ``model``; ``num_answers``, of them ``num_asked_now`` and ``num_kept`` from before; ``num_failed``,
        requests without an answer; ``num_cut``, answers cut at the most tokens; ``prompt_tokens`` and
        ``completion_tokens``, of answers whose tokens the server counts; ``num_uncounted``, the others;
        ``cost``, null if no price is known or an answer is uncounted; ``prices`` of a million tokens;
        ``latency_seconds``, ``mean`` and ``p95`` over ``n`` answers, tries and waits between them included,
        waits for the rate limit not.
    """
    found = list(outcomes)
    answers = [outcome for outcome in found if isinstance(outcome, Answer)]
    seconds = np.array([answer.seconds for answer in answers if answer.seconds > 0])
    total = Tally(
        prompt_tokens=sum(answer.prompt_tokens for answer in answers),
        completion_tokens=sum(answer.completion_tokens for answer in answers),
    )
    num_uncounted = sum(not (answer.prompt_tokens or answer.completion_tokens) for answer in answers)
    return {
        "model": config.model,
        "num_answers": len(answers),
        "num_asked_now": tally.num_answered,
        "num_kept": tally.num_cached,
        "num_failed": len(found) - len(answers),
        "failures": dict(tally.failures),
        "num_cut": sum(answer.is_cut for answer in answers),
        "num_http_requests_now": tally.num_tries,
        "prompt_tokens": total.prompt_tokens,
        "completion_tokens": total.completion_tokens,
        "num_uncounted": num_uncounted,
        "cost": None if num_uncounted else total.cost(config.input_price, config.output_price),
        "prices": {"input": config.input_price, "output": config.output_price},
        "latency_seconds": {
            "mean": float(seconds.mean()) if len(seconds) else None,
            "p95": float(np.quantile(seconds, 0.95)) if len(seconds) else None,
            "n": len(seconds),
        },
    }


def describe_usage(found: dict[str, Any]) -> str:
    """A few lines for the user.

    Args:
        found: What :func:`usage` gave.
    """
    lines = [
        f"answers: {found['num_asked_now']:,} new, {found['num_kept']:,} kept from before, "
        f"{found['num_failed']:,} failed, {found['num_cut']:,} cut; "
        f"{found['num_http_requests_now']:,} HTTP requests",
        f"tokens:  {found['prompt_tokens']:,} in prompts, {found['completion_tokens']:,} in answers",
    ]
    if found["cost"] is not None:
        lines.append(f"cost:    {found['cost']:,.4f} in all")
    elif found["num_uncounted"] and any(price is not None for price in found["prices"].values()):
        lines.append(f"cost:    not known, as the server did not count {found['num_uncounted']:,} answers")
    latency = found["latency_seconds"]
    if latency["n"]:
        lines.append(f"seconds: {latency['mean']:.2f} mean, {latency['p95']:.2f} at the 95th percentile")
    lines += [f"failed:  {number:,}  {reason}" for reason, number in found["failures"].items()]
    return "\n".join(lines)


def write_usage(folder: Path, content: Mapping[str, Any]) -> Path:
    """Writes ``usage.json``; one that is there is replaced whole or not at all.

    Args:
        folder: The model's folder, which must exist.
        content: What :func:`usage` gave, with the name of the model.
    """
    return write_whole(folder / USAGE_FILE, [json.dumps(content, indent=2, ensure_ascii=False) + "\n"])


def named_folder(parent: Path, name: str) -> Path:
    """The folder for what one model has answered; it is made when something is written.

    Its ``usage.json`` tells the name.

    Args:
        parent: Folder of such folders.
        name: The model's name; signs other than letters, digits, dots and dashes become ``_``.

    Returns:
        ``parent/NAME``.

    Raises:
        ConfigError: If it holds the answers of a model of another name.
    """
    folder = parent / (re.sub(r"[^A-Za-z0-9.-]+", "_", name).strip("._") or "model")
    before = folder / USAGE_FILE
    if before.is_file():
        other = json.loads(before.read_text(encoding="utf-8")).get("name")
        if other != name:
            raise ConfigError(
                f"{folder} must hold what '{name}' has answered, and holds that of '{other}'. Move it away, "
                "or give another name."
            )
    return folder
