"""Options of the commands that ask an OpenAI-compatible server."""

import argparse
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from geneverse_pl.exceptions import ConfigError, EndpointError

if TYPE_CHECKING:
    from geneverse_pl.endpoint.config import EndpointConfig

# What the settings of an endpoint are called on these command lines, where it is another name.
_NAMES = {
    "base_url": "url",
    "api_key_variable": "api_key_env",
    "input_price": "price_in",
    "output_price": "price_out",
}


def add_endpoint_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options that say who is asked, how fast, and at what price.

    Args:
        parser: The parser of a command.
    """
    parser.add_argument("--url", required=True, help="address of the server, as http://localhost:8000/v1")
    parser.add_argument("--model", required=True, help="name of the model, as the server calls it")
    parser.add_argument("--api_key_env", help="environment variable that holds the key")
    parser.add_argument(
        "--temperature", type=_number_or_none, default=0.0, help="none leaves it to the server"
    )
    parser.add_argument("--max_tokens", type=_whole_or_none, default=1024, help="most tokens of an answer")
    parser.add_argument("--extra", type=_json_object, default={}, help="further fields of a request, as JSON")
    parser.add_argument("--timeout", type=float, default=120.0, help="seconds to wait for an answer")
    parser.add_argument(
        "--max_retries", type=int, default=5, help="tries again where a server is busy or fails"
    )
    parser.add_argument("--requests_per_minute", type=float, help="most requests a minute")
    parser.add_argument("--tokens_per_minute", type=float, help="most tokens a minute")
    parser.add_argument("--concurrency", type=int, default=4, help="requests under way at once")
    parser.add_argument("--price_in", type=float, help="price of a million tokens of prompts")
    parser.add_argument("--price_out", type=float, help="price of a million tokens of answers")


def endpoint_config(options: argparse.Namespace) -> "EndpointConfig":
    """The endpoint of ``add_endpoint_options``.

    Args:
        options: The options.

    Raises:
        ConfigError: If one is out of range, or the key is not there.
    """
    from geneverse_pl.endpoint.config import EndpointConfig

    config = EndpointConfig(
        base_url=options.url,
        model=options.model,
        api_key_variable=options.api_key_env,
        temperature=options.temperature,
        max_tokens=options.max_tokens,
        extra=options.extra,
        timeout=options.timeout,
        max_retries=options.max_retries,
        requests_per_minute=options.requests_per_minute,
        tokens_per_minute=options.tokens_per_minute,
        concurrency=options.concurrency,
        input_price=options.price_in,
        output_price=options.price_out,
    )
    config.read_key()  # a missing one is told before anything is opened
    return config


@contextmanager
def named_as_options() -> Iterator[None]:
    """Within it, errors on the endpoint name its settings as the command line does."""
    try:
        yield
    except (ConfigError, EndpointError) as error:
        raise type(error)(re.sub(r"\bendpoint\.(\w+)", _option, str(error))) from None


def _option(found: re.Match[str]) -> str:
    return f"--{_NAMES.get(found[1], found[1])}"


def _number_or_none(text: str) -> float | None:
    try:
        return None if text.lower() == "none" else float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a number or none, got '{text}'") from None


def _whole_or_none(text: str) -> int | None:
    try:
        return None if text.lower() == "none" else int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a whole number or none, got '{text}'") from None


def _json_object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise argparse.ArgumentTypeError(f"must be an object of JSON, got '{text}'")
    return found
