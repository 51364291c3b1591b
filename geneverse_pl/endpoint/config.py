"""Settings of an OpenAI-compatible endpoint."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from geneverse_pl.exceptions import ConfigError

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LONGEST_SHOWN = 40
NO_KEY = "none"  # what servers without keys are sent, as the client wants one


@dataclass
class EndpointConfig:
    """A server that answers chats in the way of OpenAI's API: ``POST {base_url}/chat/completions``.

    Args:
        base_url: Address up to and with the version: ``http://localhost:8000/v1``.
        model: Name of the model, as the server calls it.
        api_key_variable: Name of the environment variable that holds the key; None for a server without
            keys. The key itself is never a setting, and is neither logged nor stored.
        temperature: Sampling temperature, >= 0; None leaves it to the server.
        max_tokens: Most tokens of an answer, > 0; None leaves it to the server.
        extra: Further fields of each request, such as ``{max_completion_tokens: 512}``.
        timeout: Seconds to wait for an answer, > 0.
        max_retries: Tries after the first one where a server is busy, fails or drops the connection, >= 0.
        requests_per_minute: Most requests a minute, tries counted, > 0; None sets no limit.
        tokens_per_minute: Most tokens a minute, of prompts and answers, > 0; None sets no limit.
        concurrency: Requests under way at once, > 0.
        input_price: Price of a million tokens of prompts, >= 0, in any currency; None if not known.
        output_price: Price of a million tokens of answers, >= 0, in the same; None if not known.

    Raises:
        ConfigError: If a setting is out of range, or one price is given without the other.
    """

    base_url: str
    model: str
    api_key_variable: str | None = None
    temperature: float | None = 0.7
    max_tokens: int | None = 1024
    extra: dict[str, Any] = field(default_factory=dict)
    timeout: float = 120.0
    max_retries: int = 5
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    concurrency: int = 4
    input_price: float | None = None
    output_price: float | None = None

    def __post_init__(self) -> None:
        _check_address(self.base_url)
        if not self.model:
            raise ConfigError("endpoint.model must name a model, got an empty text.")
        if self.api_key_variable is not None and not _VARIABLE.fullmatch(self.api_key_variable):
            # Not shown, as it may be the key itself.
            raise ConfigError(
                "endpoint.api_key_variable must name an environment variable, in letters, digits and "
                "underscores, and does not. Put the key into a variable, and give the variable's name."
            )
        for name in ("timeout", "max_tokens", "requests_per_minute", "tokens_per_minute", "concurrency"):
            number = getattr(self, name)
            if number is not None and not 0 < number < float("inf"):
                raise ConfigError(f"endpoint.{name} must be > 0, got {number}.")
        for name in ("temperature", "max_retries", "input_price", "output_price"):
            number = getattr(self, name)
            if number is not None and not 0 <= number < float("inf"):
                raise ConfigError(f"endpoint.{name} must be >= 0, got {number}.")
        if (self.input_price is None) != (self.output_price is None):
            raise ConfigError(
                "endpoint.input_price and endpoint.output_price must be given together, got one of them. "
                "Give the other as well, 0 if it is free, or leave both out."
            )
        given = {"messages", "model", "stream"} & set(self.extra)
        if given:
            raise ConfigError(
                "endpoint.extra must hold further fields of a request, and holds "
                f"{', '.join(sorted(given))}, set elsewhere. Take it out."
            )

    def read_key(self) -> str:
        """The key, from the environment.

        Raises:
            ConfigError: If the variable is not set, or what it holds cannot be sent.
        """
        name = self.api_key_variable
        if name is None:
            return NO_KEY
        key = os.environ.get(name, "").strip()
        if not key:
            # What may be a key in place of the name is not shown; most names are of capitals and short.
            is_shown = name.isupper() and len(name) <= _LONGEST_SHOWN
            raise ConfigError(
                f"The environment variable {name if is_shown else 'that endpoint.api_key_variable names'} "
                f"must hold the key of {self.base_url}, and is not set. Set it with: "
                f"export {name if is_shown else 'NAME'}=..."
            )
        if not (key.isascii() and key.isprintable()) or " " in key:
            raise ConfigError(
                f"The environment variable {name} must hold a key of one line without spaces, and does not. "
                "Set it anew."
            )
        return key

    def request_fields(self) -> Mapping[str, Any]:
        """Fields of each request besides its messages; they decide an answer."""
        chosen = {"model": self.model, "temperature": self.temperature, "max_tokens": self.max_tokens}
        return {name: value for name, value in chosen.items() if value is not None} | self.extra


def _check_address(address: str) -> None:
    try:
        parts = urlsplit(address)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_good = False
    if not is_good:
        raise ConfigError(
            f"endpoint.base_url must be an address as http://localhost:8000/v1, got '{address}'."
        )
    if "@" in parts.netloc or parts.query or parts.fragment:
        # Not shown, as it may hold a secret.
        raise ConfigError(
            f"endpoint.base_url must hold neither a user's name nor what follows a '?' or '#', and that of "
            f"{parts.hostname} does. Give the key by endpoint.api_key_variable."
        )
