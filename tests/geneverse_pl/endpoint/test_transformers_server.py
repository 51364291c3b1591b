"""The client against ``transformers serve``, with a random model of two layers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from geneverse_pl.endpoint.cache import ResponseCache
from geneverse_pl.endpoint.chat import Answer, chat
from geneverse_pl.endpoint.client import Endpoint
from geneverse_pl.endpoint.config import EndpointConfig
from geneverse_pl.exceptions import EndpointError
from tests.transformers_site import serve_model

pytestmark = pytest.mark.slow
PROMPTS = ["Which phenotypes does the disease have?", "Is seizure a phenotype?"]


@pytest.fixture(scope="module")
def base_url(tiny_model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server of the tiny model."""
    with serve_model(tiny_model_dir, tmp_path_factory.mktemp("serve") / "log") as url:
        yield url


def test_a_model_of_transformers_answers(base_url: str, tiny_model_dir: Path, tmp_path: Path) -> None:
    config = EndpointConfig(base_url, str(tiny_model_dir), temperature=0.0, max_tokens=5, concurrency=2)
    cache = ResponseCache(tmp_path / "answers.jsonl")
    with Endpoint(config, cache) as endpoint:
        first = list(endpoint.answers(map(chat, PROMPTS)))
    assert endpoint.tally.num_answered == len(cache) == 2
    for answer in first:
        assert isinstance(answer, Answer)
        assert answer.text
        assert answer.prompt_tokens > 10
        assert 0 < answer.completion_tokens <= 5
        assert answer.is_cut == (answer.completion_tokens == 5)
    with Endpoint(config) as endpoint:
        assert list(endpoint.answers(map(chat, PROMPTS))) == first  # at temperature 0
    with Endpoint(config, cache) as endpoint:
        assert list(endpoint.answers(map(chat, PROMPTS))) == first
    assert endpoint.tally.num_tries == 0


def test_another_model_is_refused_in_one_line(base_url: str) -> None:
    with (
        Endpoint(EndpointConfig(base_url, "tiny-lama")) as endpoint,
        pytest.raises(EndpointError, match=r"and 'tiny-lama' is none\..* It has: \S+tiny-llama\.$"),
    ):
        list(endpoint.answers([chat("a")]))
