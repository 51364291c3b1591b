"""The client against a server on the loopback interface that is busy, broken, slow, or talks nonsense."""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from geneverse_pl.endpoint.cache import ResponseCache
from geneverse_pl.endpoint.chat import Answer, Failure, chat
from geneverse_pl.endpoint.client import Endpoint
from geneverse_pl.endpoint.config import EndpointConfig
from geneverse_pl.exceptions import ConfigError, EndpointError
from tests.chat_site import ChatSite, Reply

Make = Callable[..., EndpointConfig]


def ask(endpoint: Endpoint, *texts: str) -> list[Answer | Failure]:
    return list(endpoint.answers(chat(text) for text in texts))


def texts_of(outcomes: list[Answer | Failure]) -> list[str]:
    return [outcome.text if isinstance(outcome, Answer) else outcome.reason for outcome in outcomes]


# --- what is asked, and what comes ---


def test_answers_come_in_the_order_of_the_requests(site: ChatSite, make_config: Make) -> None:
    site.replies = [Reply(delay=0.2), Reply(delay=0.1)]
    with Endpoint(make_config(concurrency=3)) as endpoint:
        outcomes = ask(endpoint, *"abcdefghijklmnopqrst")
    assert texts_of(outcomes) == list("ABCDEFGHIJKLMNOPQRST")
    assert outcomes[0] == Answer("A", is_cut=False, prompt_tokens=7, completion_tokens=3)


def test_a_request_holds_the_settings_and_the_fields_of_one_server(site: ChatSite, make_config: Make) -> None:
    config = make_config(temperature=0.5, max_tokens=None, extra={"max_completion_tokens": 9, "top_k": 3})
    with Endpoint(config) as endpoint:
        list(endpoint.answers([chat("a", "Be exact.")]))
    assert site.requests == [
        {
            "model": "tiny",
            "messages": [{"role": "system", "content": "Be exact."}, {"role": "user", "content": "a"}],
            "temperature": 0.5,
            "max_completion_tokens": 9,
            "top_k": 3,
        }
    ]


def test_an_answer_that_was_cut_is_told(site: ChatSite, make_config: Make) -> None:
    site.replies = [Reply(finish="length")]
    with Endpoint(make_config()) as endpoint:
        assert ask(endpoint, "a") == [Answer("A", is_cut=True, prompt_tokens=7, completion_tokens=3)]


@pytest.mark.parametrize("concurrency", [1, 3])
def test_no_more_are_under_way_than_allowed(site: ChatSite, make_config: Make, concurrency: int) -> None:
    site.usual = Reply(delay=0.03)
    with Endpoint(make_config(concurrency=concurrency)) as endpoint:
        ask(endpoint, *map(str, range(9)))
    assert site.most_under_way == concurrency


def test_requests_are_read_as_they_can_be_made(site: ChatSite, make_config: Make) -> None:
    read = []

    def requests() -> Iterator[Any]:
        for number in range(1000):
            read.append(number)
            yield chat(str(number))

    with Endpoint(make_config(concurrency=2)) as endpoint:
        next(endpoint.answers(requests()))
    assert len(read) < 20


# --- servers that misbehave ---


@pytest.mark.parametrize(
    "reply",
    [Reply(429), Reply(429, {"Retry-After": "0.05"}), Reply(500), Reply(503), Reply(408), Reply(drop=True)],
    ids=["429", "429 with Retry-After", "500", "503", "408", "dropped"],
)
def test_passing_trouble_is_tried_again(site: ChatSite, make_config: Make, reply: Reply) -> None:
    site.replies = [reply, reply]
    with Endpoint(make_config()) as endpoint:
        assert texts_of(ask(endpoint, "a")) == ["A"]
    assert (endpoint.tally.num_tries, endpoint.tally.num_answered) == (3, 1)


def test_a_server_that_asks_to_wait_is_heeded(site: ChatSite, make_config: Make) -> None:
    site.replies = [Reply(429, {"Retry-After": "0.3"})]
    with Endpoint(make_config()) as endpoint:
        ask(endpoint, "a")
    assert site.times[1] - site.times[0] >= 0.3


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(429), "the server answers 429: sorry"),
        (Reply(500), "the server answers 500: sorry"),
        (Reply(400), "the server answers 400: sorry"),
        (Reply(400, body=b'{"detail": "too\\n long"}'), "the server answers 400: too long"),
        (Reply(500, body=b"<html>out of order</html>"), "the server answers 500: <html>out of order"),
        (Reply(delay=0.4), "no answer within 0.1 seconds"),
        (Reply(body=b"{'not': json"), "an answer that is no chat completion"),
        (Reply(body=b'{"choices": [{"mess'), "an answer that is no chat completion"),
        (Reply(body=b"{}"), "an answer that is no chat completion"),
        (Reply(body=b"[1]"), "an answer that is no chat completion"),
        (Reply(body=b"null"), "an answer that is no chat completion"),
        (Reply(body=b'{"choices": []}'), "an answer that is no chat completion"),
        (Reply(body=b"hello", headers={"Content-Type": "text/html"}), "an answer that is no chat completion"),
        (Reply(body=b'{"choices": [{"message": {"content": null}}]}'), "an answer without text"),
    ],
)
def test_a_request_that_fails_is_told_and_the_others_go_on(
    site: ChatSite, make_config: Make, tmp_path: Path, reply: Reply, reason: str
) -> None:
    cache = ResponseCache(tmp_path / "answers.jsonl")
    site.replies = [reply]
    config = make_config(concurrency=1, max_retries=0, timeout=0.1 if reply.delay else 5.0)
    with Endpoint(config, cache) as endpoint:
        outcomes = ask(endpoint, "a", "b")
    assert isinstance(outcomes[0], Failure)
    assert outcomes[0].reason.startswith(reason)
    assert "\n" not in outcomes[0].reason
    assert texts_of(outcomes[1:]) == ["B"]
    assert endpoint.tally.failures.total() == 1
    assert len(cache) == 1


@pytest.mark.parametrize(
    "usage", [b'"much"', b'{"prompt_tokens": "many"}', b'{"prompt_tokens": NaN, "completion_tokens": -5}']
)
def test_a_usage_that_is_nonsense_counts_as_none(site: ChatSite, make_config: Make, usage: bytes) -> None:
    site.replies = [Reply(body=b'{"choices": [{"message": {"content": "A"}}], "usage": %s}' % usage)]
    with Endpoint(make_config()) as endpoint:
        assert ask(endpoint, "a") == [Answer("A")]


def test_what_a_server_without_keys_says_is_told_as_it_is(site: ChatSite, make_config: Make) -> None:
    site.replies = [Reply(400, body=b'{"detail": "none of these fields is known"}')]
    with Endpoint(make_config()) as endpoint:
        assert texts_of(ask(endpoint, "a")) == ["the server answers 400: none of these fields is known"]


def test_a_run_of_failures_ends_it(site: ChatSite, make_config: Make) -> None:
    site.usual = Reply(400)
    with (
        Endpoint(make_config(concurrency=2)) as endpoint,
        pytest.raises(EndpointError, match=r"the last 10 requests failed: the server answers 400"),
    ):
        ask(endpoint, *map(str, range(100)))
    assert len(site.requests) < 20


# --- mistakes of the user: one line ---


def test_a_server_that_is_not_there(make_config: Make) -> None:
    config = make_config(base_url="http://127.0.0.1:9/v1", max_retries=0)
    with (
        Endpoint(config) as endpoint,
        pytest.raises(
            EndpointError,
            match=r"^The endpoint http://127.0.0.1:9/v1 must be reachable, and is not \(.*refused.*\)",
        ),
    ):
        ask(endpoint, "a")


@pytest.mark.parametrize(
    ("status", "model", "models", "message"),
    [
        (404, "tinny", ["tiny", "large"], "and 'tinny' is none. Did you mean 'tiny'? It has: large, tiny."),
        (400, "tinny", ["tiny", "large"], "and 'tinny' is none. Did you mean 'tiny'? It has: large, tiny."),
        (404, "tinny", [], "must have the model 'tinny' at chat/completions, and answers 404: sorry"),
        (404, "tiny", ["tiny"], "must have the model 'tiny' at chat/completions, and answers 404: sorry"),
    ],
)
def test_a_model_that_is_not_there(
    site: ChatSite, make_config: Make, status: int, model: str, models: list[str], message: str
) -> None:
    site.models = models
    site.usual = Reply(status)
    with Endpoint(make_config(model=model)) as endpoint, pytest.raises(EndpointError) as caught:
        ask(endpoint, "a")
    assert message in str(caught.value)
    assert len(site.requests) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused(
    site: ChatSite, make_config: Make, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    site.usual = Reply(status)
    with (
        Endpoint(make_config()) as endpoint,
        pytest.raises(EndpointError, match="must get a key, and gets none"),
    ):
        ask(endpoint, "a")
    monkeypatch.setenv("MY_KEY", "secret-7")
    with (
        Endpoint(make_config(api_key_variable="MY_KEY")) as endpoint,
        pytest.raises(EndpointError, match=r"must accept the key in MY_KEY, and refuses it") as caught,
    ):
        ask(endpoint, "a")
    assert site.headers[-1]["authorization"] == "Bearer secret-7"
    assert "secret-7" not in str(caught.value)


@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_key_that_is_not_set(make_config: Make, monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("MY_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("MY_KEY", value)
    with pytest.raises(
        ConfigError, match=r"The environment variable MY_KEY must hold the key of http.*is not set"
    ):
        Endpoint(make_config(api_key_variable="MY_KEY"))


def test_the_package_must_be_installed(make_config: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(
        ConfigError, match=r'needs the openai package.*pip install "geneverse_pl\[endpoint\]"'
    ):
        Endpoint(make_config())


def test_the_key_is_nowhere_but_in_the_request(
    site: ChatSite,
    make_config: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("MY_KEY", "secret-7")
    site.replies = [Reply(500), Reply(429), Reply(400), Reply(body=b"Bearer secret-7")]
    config = make_config(api_key_variable="MY_KEY", concurrency=1)
    with (
        caplog.at_level(logging.DEBUG),
        Endpoint(config, ResponseCache(tmp_path / "answers.jsonl")) as endpoint,
    ):
        outcomes = ask(endpoint, "a", "b", "c")
    assert {headers["authorization"] for headers in site.headers} == {"Bearer secret-7"}
    assert "the server answers 400: sorry, Bearer ***" in texts_of(outcomes)
    assert caplog.text
    kept = "".join(path.read_text() for path in tmp_path.iterdir())
    shown = [
        caplog.text,
        kept,
        repr(outcomes),
        repr(config),
        endpoint.tally.describe(),
        repr(endpoint.__dict__["tally"]),
    ]
    assert [text for text in shown if "secret-7" in text] == []


# --- limits ---


def test_requests_a_minute(site: ChatSite, make_config: Make) -> None:
    site.replies = [Reply(500)]  # tries count
    with Endpoint(make_config(requests_per_minute=600)) as endpoint:
        ask(endpoint, "a", "b", "c")
    assert len(site.times) == 4
    assert max(site.times) - min(site.times) >= 0.25  # three steps of 0.1 s, less what arrives early


def test_tokens_a_minute(site: ChatSite, make_config: Make) -> None:
    # Taken as 0 to 1 each beforehand, corrected to the 10 that the server counts: 0.1 s each.
    with Endpoint(make_config(tokens_per_minute=6000, max_tokens=None, concurrency=1)) as endpoint:
        ask(endpoint, "a", "b", "c")
    assert site.times[2] - site.times[0] >= 0.18


# --- answers that are kept ---


def test_the_second_run_asks_nothing(site: ChatSite, make_config: Make, tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    with Endpoint(make_config(), ResponseCache(path)) as endpoint:
        first = ask(endpoint, "a", "b", "c")
    site.answer = str.lower
    with Endpoint(make_config(), ResponseCache(path)) as endpoint:
        assert ask(endpoint, "a", "b", "c") == first
    assert len(site.requests) == 3
    assert (endpoint.tally.num_cached, endpoint.tally.num_tries) == (3, 0)


@pytest.mark.parametrize(
    "change", [{"model": "large"}, {"temperature": 0.1}, {"max_tokens": 5}, {"extra": {"top_k": 1}}]
)
def test_another_setting_is_another_request(
    site: ChatSite, make_config: Make, tmp_path: Path, change: dict[str, Any]
) -> None:
    path = tmp_path / "answers.jsonl"
    for config in (make_config(), make_config(**change), make_config(timeout=4, concurrency=1)):
        with Endpoint(config, ResponseCache(path)) as endpoint:
            ask(endpoint, "a")
    assert len(site.requests) == 2


def test_draws_are_told_apart(site: ChatSite, make_config: Make, tmp_path: Path) -> None:
    with Endpoint(make_config(), ResponseCache(tmp_path / "answers.jsonl")) as endpoint:
        list(endpoint.answers(chat("a", draw=draw) for draw in (0, 1, 0)))
        list(endpoint.answers(chat("a", draw=draw) for draw in (0, 1)))
    assert 2 <= len(site.requests) <= 3  # the third may begin before the first is answered


def test_servers_are_told_apart(site: ChatSite, make_config: Make, tmp_path: Path) -> None:
    path, config = tmp_path / "answers.jsonl", make_config()
    for address in (config.base_url, config.base_url.replace("127.0.0.1", "localhost")):
        with Endpoint(replace(config, base_url=address), ResponseCache(path)) as endpoint:
            ask(endpoint, "a")
    assert len(site.requests) == 2


def test_answers_before_an_end_are_kept(site: ChatSite, make_config: Make, tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    site.replies = [Reply(), Reply(), Reply(401)]
    with Endpoint(make_config(concurrency=1), ResponseCache(path)) as endpoint, pytest.raises(EndpointError):
        ask(endpoint, *"abcde")
    with Endpoint(make_config(), ResponseCache(path)) as endpoint:
        assert texts_of(ask(endpoint, *"abcde")) == list("ABCDE")
    assert sorted(site.prompts) == ["a", "b", "c", "c", "d", "e"]
    assert [json.loads(line)["text"] for line in path.read_text().splitlines()][:2] == ["A", "B"]


def test_answers_under_way_at_an_end_are_kept(site: ChatSite, make_config: Make, tmp_path: Path) -> None:
    site.usual = Reply(delay=0.1)
    cache = ResponseCache(tmp_path / "answers.jsonl")
    with Endpoint(make_config(concurrency=3), cache) as endpoint:
        next(endpoint.answers(chat(text) for text in "abcdefgh"))
    assert 1 < len(site.prompts) < 8
    assert len(cache) == len(site.prompts)


def test_what_waits_for_its_turn_at_an_end_is_not_sent(site: ChatSite, make_config: Make) -> None:
    # The second request must wait 0.5 seconds after the first.
    config = make_config(tokens_per_minute=600, max_tokens=5, concurrency=2)
    with Endpoint(config) as endpoint:
        next(endpoint.answers(chat(text) for text in "ab"))
    assert len(site.prompts) == 1
