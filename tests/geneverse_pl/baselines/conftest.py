"""A finished run of a few questions, and a server of chats that knows the answers."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from geneverse_pl.endpoint.cache import ResponseCache
from geneverse_pl.endpoint.client import Endpoint
from geneverse_pl.endpoint.config import EndpointConfig
from geneverse_pl.evaluation.text_report import ItemResult
from tests.chat_site import ChatSite, serve_chats


def run_items(number: int = 8) -> list[ItemResult]:
    """Yes/no questions, lists, facts and open questions on genes, all answered by two models."""
    items = []
    for place in range(number):
        gene, even = f"GENE{place}", place % 2 == 0
        about: dict[str, Any] = {"group": gene, "subject": gene, "subject_name": gene}
        context = f"Gene: {gene}"
        yes_no = about | {"kind": "relation/gene_disease", "answer": "Yes" if even else "No", "label": even}
        yes_no |= {"choices": ["Yes", "No"], "object": "D1"}
        likely = [-0.1, -2.0] if place < 6 else [-2.0, -0.1]
        listed = about | {"kind": "list/gene_disease", "answer": "ataxia; cyst", "gold": ["ataxia", "cyst"]}
        fact = about | {"kind": "fact/gene_type", "answer": "protein-coding"}
        truth = {"symbol": gene, "gene_type": "protein-coding", "go": {"Function": ["kinase activity"]}}
        open_ = about | {"kind": "text/gene_function", "form": "paragraph", "truth": truth}
        open_ |= {"answer": f"{gene} is a gene with kinase activity, found in {place} tissues of the body."}
        items += [
            ItemResult(
                "held_out",
                yes_no,
                1,
                context,
                "Does it cause ataxia?",
                nll={"tuned": 0.1, "untuned": 1.0},
                choices={"tuned": likely, "untuned": [-1.0, -0.5]},
            ),
            _free(listed, context, "Which diseases?", "ataxia", "cyst; ataxia"),
            _free(fact, context, "Of which type?", "protein-coding", "pseudo"),
            _free(open_, "", f"Describe {gene}.", f"{gene} has kinase activity.", "I do not know this gene."),
        ]
    return items


def _free(metadata: dict[str, Any], context: str, question: str, tuned: str, untuned: str) -> ItemResult:
    texts = {"tuned": tuned, "untuned": untuned}
    return ItemResult("held_out", metadata, 4, context, question, nll=dict.fromkeys(texts, 2.0), texts=texts)


def well_read(message: str) -> str:
    """Answers the questions of :func:`run_items`, always yes to yes/no questions."""
    if "cause" in message:
        return "Yes."
    if "Which" in message:
        return "cyst; ataxia"
    return "protein-coding" if "type" in message else "It has kinase activity, as far as I know of it now."


@pytest.fixture
def items() -> list[ItemResult]:
    """The run's questions."""
    return run_items()


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatSite]:
    """A server that knows the answers."""
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.01)
    with serve_chats() as running:
        running.answer = well_read
        yield running


@pytest.fixture
def make_endpoint(site: ChatSite, tmp_path: Path) -> Callable[..., Endpoint]:
    """Builds a client of the server that keeps its answers in ``tmp_path``."""

    def build(**options: Any) -> Endpoint:
        settings = {"base_url": site.base_url, "model": "tiny", "temperature": 0.0, "max_retries": 2}
        config = EndpointConfig(**{**settings, "timeout": 5.0, **options})
        return Endpoint(config, ResponseCache(tmp_path / "answers.jsonl"))

    return build
