"""What an error of the ``openai`` client means: does it end the run, and what is the user told?"""

import difflib
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from geneverse_pl.endpoint.chat import Failure
from geneverse_pl.endpoint.config import NO_KEY, EndpointConfig
from geneverse_pl.exceptions import EndpointError

if TYPE_CHECKING:
    import openai

_LONGEST = 300
_MOST_MODELS = 10
_FORBIDDEN = (401, 403)
_NOT_FOUND = 404
_MAY_MEAN_MODEL = (400, _NOT_FOUND, 422)  # what servers answer where they do not have a model


def explain(
    error: "openai.OpenAIError", config: EndpointConfig, secret: str, models: Callable[[], Sequence[str]]
) -> Failure | EndpointError:
    """A failure of one request, or an error for which no other request can do better.

    Args:
        error: What the client raised, when its own tries were used up.
        config: The endpoint.
        secret: The key, which is taken out of what the server says.
        models: Asks the server for the names of its models; empty where it tells none.
    """
    import openai

    place = config.base_url
    if isinstance(error, openai.APITimeoutError):
        return Failure(f"no answer within {config.timeout:g} seconds")
    if isinstance(error, openai.APIConnectionError):
        cause = one_line(error.__cause__ or error, secret)
        return EndpointError(
            f"The endpoint {place} must be reachable, and is not ({cause}). Check endpoint.base_url, and "
            "that its server runs."
        )
    if not isinstance(error, openai.APIStatusError):
        return Failure(f"an answer that is no chat completion ({one_line(error, secret)})")
    said = one_line(_said(error), secret)
    if error.status_code in _FORBIDDEN:
        return _refused_key(config, error.status_code)
    if error.status_code in _MAY_MEAN_MODEL:
        known = models()
        if known and config.model not in known:
            return _unknown_model(config, known)
    if error.status_code == _NOT_FOUND:
        return EndpointError(
            f"The endpoint {place} must have the model '{config.model}' at chat/completions, and answers "
            f"404: {said}. Check endpoint.model and endpoint.base_url, which mostly ends in /v1."
        )
    return Failure(f"the server answers {error.status_code}: {said}")


def _refused_key(config: EndpointConfig, status: int) -> EndpointError:
    # What the server says is left out: some repeat parts of the key.
    if config.api_key_variable is None:
        hint = "Name the environment variable that holds it with endpoint.api_key_variable."
        return EndpointError(
            f"The endpoint {config.base_url} must get a key, and gets none ({status}). {hint}"
        )
    return EndpointError(
        f"The endpoint {config.base_url} must accept the key in {config.api_key_variable}, and refuses it "
        f"({status}). Check the key, and what it is good for."
    )


def _unknown_model(config: EndpointConfig, models: Sequence[str]) -> EndpointError:
    near = difflib.get_close_matches(config.model, models, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    shown = ", ".join(sorted(models)[:_MOST_MODELS])
    more = ", …" if len(models) > _MOST_MODELS else ""
    return EndpointError(
        f"endpoint.model must be a model of {config.base_url}, and '{config.model}' is none.{hint} "
        f"It has: {shown}{more}."
    )


def _said(error: "openai.APIStatusError") -> object:
    """The server's own words, where they stand in the usual place."""
    body: Any = error.body
    if isinstance(body, dict):
        for name in ("message", "detail", "error"):
            if isinstance(body.get(name), str):
                return body[name]
    return body or error


def one_line(said: object, secret: str) -> str:
    """What was said, in one line of bounded length, without the key.

    Args:
        said: An error, or a text.
        secret: The key; what stands for one where there is none may be any word, and stays.
    """
    text = str(said) if secret == NO_KEY else str(said).replace(secret, "***")
    text = text or type(said).__name__
    text = re.sub(r"\s+", " ", text).strip()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"
