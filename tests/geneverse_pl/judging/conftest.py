"""Open answers of a small run, and a judge behind an endpoint."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from geneverse_pl.endpoint.cache import ResponseCache
from geneverse_pl.endpoint.client import Endpoint
from geneverse_pl.endpoint.config import EndpointConfig
from geneverse_pl.evaluation.text_report import ItemResult
from tests.chat_site import ChatSite, serve_chats


def open_items(number: int = 4) -> list[ItemResult]:
    """Genes that were described rightly by one model and not at all by another."""
    items = []
    for place in range(number):
        gene = f"GENE{place}"
        truth: dict[str, Any] = {
            "symbol": gene,
            "gene_type": "protein-coding",
            "go": {"Function": ["kinase activity"]},
        }
        answer = f"{gene} is a protein-coding gene. Its product has kinase activity in the cells of the body."
        metadata: dict[str, Any] = {
            "kind": "text/gene_function",
            "answer": answer,
            "group": gene,
            "subject": gene,
        }
        metadata |= {"subject_name": gene, "form": "paragraph", "truth": truth}
        right = f"{gene} is a gene whose protein has kinase activity in all tissues that were looked at."
        texts = {"tuned": right, "untuned": "- I\n- do not know"}
        items.append(ItemResult("held_out", metadata, 9, question=f"Describe {gene}.", texts=texts))
    return items


def fenced(message: str, name: str) -> str:
    """What stands between the marks of a name."""
    head = message.split(f"<<<{name} ", 1)[1]
    tag, _, rest = head.partition("\n")
    return rest.split(f"\n{tag} {name}>>>", 1)[0]


def fair_judge(message: str) -> str:
    """A judge that goes by two words of the answer, and by its lines."""
    answer = fenced(message, "ANSWER")
    about = fenced(message, "QUESTION").removeprefix("Describe ").removesuffix(".")
    verdict = {
        "reason": "by words",
        "gene_name": about in answer,
        "function": "kinase" in answer,
        "structure": "\n" not in answer,
    }
    return json.dumps(verdict)


@pytest.fixture
def items() -> list[ItemResult]:
    """The run's questions."""
    return open_items()


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatSite]:
    """The judge's server."""
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.01)
    with serve_chats() as running:
        running.answer, running.models = fair_judge, ["judge"]
        yield running


@pytest.fixture
def make_endpoint(site: ChatSite, tmp_path: Path) -> Callable[..., Endpoint]:
    """Builds a client of the judge that keeps its replies in ``tmp_path``."""

    def build(**options: Any) -> Endpoint:
        settings = {"base_url": site.base_url, "model": "judge", "temperature": 0.0, "max_retries": 0}
        config = EndpointConfig(**{**settings, "timeout": 5.0, **options})
        return Endpoint(config, ResponseCache(tmp_path / "answers.jsonl"))

    return build
