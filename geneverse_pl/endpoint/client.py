"""Asks an OpenAI-compatible server many things at once, within its limits, and nothing twice."""

import logging
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, Self

from tqdm import tqdm

from geneverse_pl.endpoint.cache import ResponseCache
from geneverse_pl.endpoint.chat import Answer, ChatRequest, Failure
from geneverse_pl.endpoint.config import EndpointConfig
from geneverse_pl.endpoint.failures import explain, one_line
from geneverse_pl.endpoint.pace import Pace
from geneverse_pl.endpoint.tally import Tally
from geneverse_pl.exceptions import ConfigError, EndpointError

if TYPE_CHECKING:
    import openai

logger = logging.getLogger(__name__)

_MAX_FAILURES = 10  # in a row
_AHEAD = 4  # requests begun for each that can be under way, as one slow answer holds up those behind it
_CHARACTERS_PER_TOKEN = 4  # a guess, put right by what the server counts


class Endpoint:
    """A client of one model of one server.

    Retries, their delays (``Retry-After`` is heeded) and connections are those of the ``openai`` package.

    Args:
        config: The server and how it is asked.
        cache: Where answers are kept and looked up first; None keeps none.

    Raises:
        ConfigError: If the package is not installed or the key's variable is not set.
    """

    def __init__(self, config: EndpointConfig, cache: ResponseCache | None = None) -> None:
        self.config = config
        self.cache = cache
        self.tally = Tally()
        self._openai = _import_openai()
        self._key = config.read_key()
        self._fields = config.request_fields()
        self._requests = Pace(config.requests_per_minute)
        self._tokens = Pace(config.tokens_per_minute)
        self._waited = threading.local()
        self._num_failed = 0  # in a row
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._client = self._connect()
        self._executor = ThreadPoolExecutor(config.concurrency, thread_name_prefix="endpoint")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Waits for the answers under way, which are paid for, and closes the connections."""
        self._stopped.set()
        try:
            self._executor.shutdown(wait=True, cancel_futures=True)
        finally:
            self._client.close()

    def answers(
        self, requests: Iterable[ChatRequest], total: int | None = None, label: str = "asking"
    ) -> Iterator[Answer | Failure]:
        """What comes of each request, in their order; they are read as they can be made.

        An answer is kept as soon as it comes, so that a run that is stopped can be run again and goes on.
        Failures are not kept.

        Args:
            requests: The requests.
            total: Their number, for the progress bar, where it is known.
            label: What the progress bar says.

        Raises:
            EndpointError: If no request can succeed: the server is not there, refuses the key or the model,
                or 10 requests in a row have failed.
        """
        waiting: deque[Future[Answer | Failure]] = deque()
        with tqdm(total=total, desc=label, unit=" answers", leave=False, disable=None) as bar:
            try:
                for request in requests:
                    waiting.append(self._begin(request))
                    if len(waiting) >= _AHEAD * self.config.concurrency:
                        yield waiting.popleft().result()
                        bar.update()
                while waiting:
                    yield waiting.popleft().result()
                    bar.update()
            finally:
                # Those under way end by themselves, and their answers are kept.
                for future in waiting:
                    future.cancel()

    def _begin(self, request: ChatRequest) -> "Future[Answer | Failure]":
        key = request.key({**self._fields, "base_url": self.config.base_url})
        kept = self.cache.get(key) if self.cache is not None else None
        if kept is None:
            return self._executor.submit(self._ask, request, key)
        self.tally.count_cached()
        done: Future[Answer | Failure] = Future()
        done.set_result(kept)
        return done

    def _ask(self, request: ChatRequest, key: str) -> Answer | Failure:
        estimate = request.num_characters / _CHARACTERS_PER_TOKEN + (self.config.max_tokens or 0)
        if not self._stopped.is_set():
            self._tokens.take(estimate)
        if self._stopped.is_set():  # it may have been while this one waited
            return Failure("stopped")
        self._waited.seconds = 0.0
        begin = time.monotonic()
        outcome = self._send(request)
        seconds = time.monotonic() - begin - self._waited.seconds
        self.tally.count(outcome, seconds)
        if isinstance(outcome, Failure):
            self._count_failure(outcome)
            return outcome
        used = outcome.prompt_tokens + outcome.completion_tokens
        self._tokens.correct((used or estimate) - estimate)
        with self._lock:
            self._num_failed = 0
        outcome = replace(outcome, seconds=round(seconds, 3))
        return outcome if self.cache is None else self.cache.put(key, outcome)

    def _send(self, request: ChatRequest) -> Answer | Failure:
        messages: Any = [dict(message) for message in request.messages]
        try:
            # As the body itself, so that fields of one server alone can be among them.
            completion = self._client.chat.completions.create(
                messages=messages, model=self.config.model, extra_body=dict(self._fields)
            )
        except self._openai.OpenAIError as error:
            outcome = explain(error, self.config, self._key, self._models)
            if isinstance(outcome, EndpointError):
                self._stopped.set()
                raise outcome from None
            return outcome
        except ValueError as error:  # the body is no JSON
            return Failure(f"an answer that is no chat completion ({one_line(error, self._key)})")
        return read_answer(completion)

    def _count_failure(self, failure: Failure) -> None:
        with self._lock:
            self._num_failed += 1
            if self._num_failed < _MAX_FAILURES:
                return
        self._stopped.set()
        raise EndpointError(
            f"The endpoint {self.config.base_url} must answer, and the last {_MAX_FAILURES} requests failed: "
            f"{failure.reason}. Mend its settings or its server, and run again: answers that came are kept."
        )

    def _models(self) -> list[str]:
        """Names of the server's models; empty where it tells none, or where ours has answered already."""
        if self.tally.num_answered:
            return []
        try:
            return [model.id for model in self._client.with_options(max_retries=0).models.list()]
        except (self._openai.OpenAIError, ValueError, TypeError, AttributeError):
            return []

    def _connect(self) -> "openai.OpenAI":
        hooks: Any = {"request": [self._before_try]}
        return self._openai.OpenAI(  # type: ignore[no-any-return]
            api_key=self._key,
            base_url=self.config.base_url,
            timeout=self.config.timeout,
            max_retries=self.config.max_retries,
            http_client=self._openai.DefaultHttpxClient(timeout=self.config.timeout, event_hooks=hooks),
        )

    def _before_try(self, _: object) -> None:
        """Holds each HTTP request to the pace, the client's own repetitions too."""
        waited = self._requests.take()
        self._waited.seconds = getattr(self._waited, "seconds", 0.0) + waited
        self.tally.count_try()


def read_answer(completion: Any) -> Answer | Failure:
    """The answer in what a server sent, which need not be what the API says.

    Args:
        completion: The ``ChatCompletion`` that the client made of it.
    """
    try:
        choice = completion.choices[0]
        text = choice.message.content
    except (AttributeError, IndexError, KeyError, TypeError):
        return Failure("an answer that is no chat completion")
    if not isinstance(text, str):
        return Failure("an answer without text")
    usage = getattr(completion, "usage", None)
    return Answer(
        text,
        getattr(choice, "finish_reason", None) == "length",
        _num_tokens(usage, "prompt_tokens"),
        _num_tokens(usage, "completion_tokens"),
    )


def _num_tokens(usage: Any, name: str) -> int:
    """What a server counted; 0 where it did not, or what it says is no number of tokens."""
    count = getattr(usage, name, 0)
    return int(count) if isinstance(count, int | float) and 0 <= count < float("inf") else 0


def _import_openai() -> ModuleType:
    try:
        import openai
    except ImportError:
        raise ConfigError(
            "Asking an endpoint needs the openai package, which is not installed. Install it with: "
            'pip install "geneverse_pl[endpoint]"'
        ) from None
    return openai
