"""Settings that cannot be meant."""

from typing import Any

import pytest

from geneverse_pl.endpoint.config import EndpointConfig
from geneverse_pl.exceptions import ConfigError


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"base_url": "localhost:8000"},
            r"must be an address as http://localhost:8000/v1, got 'localhost:8000'",
        ),
        ({"base_url": "ftp://a/v1"}, "must be an address"),
        ({"base_url": "http://"}, "must be an address"),
        ({"base_url": "http://a:99999/v1"}, "must be an address"),
        ({"base_url": "http://[a/v1"}, "must be an address"),
        ({"model": ""}, "endpoint.model must name a model"),
        ({"timeout": 0}, "endpoint.timeout must be > 0, got 0"),
        ({"timeout": float("nan")}, "endpoint.timeout must be > 0, got nan"),
        ({"temperature": float("nan")}, "endpoint.temperature must be >= 0, got nan"),
        ({"requests_per_minute": float("inf")}, "endpoint.requests_per_minute must be > 0, got inf"),
        ({"max_tokens": 0}, "endpoint.max_tokens must be > 0"),
        ({"requests_per_minute": -1}, "endpoint.requests_per_minute must be > 0"),
        ({"tokens_per_minute": 0}, "endpoint.tokens_per_minute must be > 0"),
        ({"concurrency": 0}, "endpoint.concurrency must be > 0"),
        ({"temperature": -0.1}, "endpoint.temperature must be >= 0"),
        ({"max_retries": -1}, "endpoint.max_retries must be >= 0"),
        ({"output_price": 1}, "endpoint.input_price and endpoint.output_price must be given together"),
        ({"input_price": -1}, "endpoint.input_price must be >= 0"),
        (
            {"extra": {"messages": [], "n": 2}},
            "endpoint.extra must hold further fields.*holds messages, set",
        ),
    ],
)
def test_a_setting_out_of_range_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        EndpointConfig(**{"base_url": "http://a/v1", "model": "tiny", **options})


@pytest.mark.parametrize(
    "address", ["http://me:secret-7@a/v1", "http://a/v1?key=secret-7", "http://a/v1#secret-7"]
)
def test_an_address_with_a_secret_is_refused_and_not_shown(address: str) -> None:
    with pytest.raises(
        ConfigError, match=r"that of a does\. Give the key by endpoint.api_key_variable"
    ) as caught:
        EndpointConfig(address, "tiny")
    assert "secret-7" not in str(caught.value)


@pytest.mark.parametrize("key", ["sk-secret-7", "secret 7", "k=secret", "7secret", "s\u00e9cret"])
def test_a_key_in_place_of_its_variable_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(ConfigError, match="api_key_variable must name an environment variable") as caught:
        EndpointConfig("http://a/v1", "tiny", key)
    assert key not in str(caught.value)


@pytest.mark.parametrize("key", ["sk_live_51Habc", "hf_" + "aB3" * 10, "A" * 41])
def test_a_key_that_could_be_a_variable_is_not_shown(key: str) -> None:
    with pytest.raises(ConfigError, match=r"variable that endpoint.api_key_variable names must") as caught:
        EndpointConfig("http://a/v1", "tiny", key).read_key()
    assert key not in str(caught.value)


@pytest.mark.parametrize("key", ["two words", "two\nlines", "sch\u00f6n"])
def test_a_key_that_cannot_be_sent_is_refused_and_not_shown(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", key)
    with pytest.raises(ConfigError, match="MY_KEY must hold a key of one line without spaces") as caught:
        EndpointConfig("http://a/v1", "tiny", "MY_KEY").read_key()
    assert key not in str(caught.value)


def test_what_is_none_is_left_to_the_server() -> None:
    config = EndpointConfig("http://a/v1", "tiny", temperature=None, max_tokens=None)
    assert config.request_fields() == {"model": "tiny"}
