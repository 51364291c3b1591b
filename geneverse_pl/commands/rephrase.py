"""``rephrase``: has a model behind an endpoint word training samples anew."""

import logging
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from pathlib import Path

from geneverse_pl.data.datamodule import TRAIN, TextDataModule
from geneverse_pl.data.fetch import check_present
from geneverse_pl.data.records import Sample
from geneverse_pl.data.rephrasings import RephrasableMixin, is_original
from geneverse_pl.endpoint.cache import ResponseCache
from geneverse_pl.endpoint.client import Endpoint
from geneverse_pl.endpoint.config import EndpointConfig
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.rephrasing.prompts import RephrasingPrompt
from geneverse_pl.rephrasing.rephraser import Rephraser

logger = logging.getLogger(__name__)


def rephrase_training_samples(
    data: TextDataModule,
    endpoint: EndpointConfig,
    out: Path,
    prompt: RephrasingPrompt,
    *,
    kinds: Collection[str] | None = None,
    number: int = 1,
    limit: int | None = None,
    cache: Path | None = None,
) -> str:
    """Asks for new texts of the training samples; those of other splits are never sent anywhere.

    Args:
        data: The data module.
        endpoint: Who is asked.
        out: File of the texts that pass; the others go to ``out.rejected``, with the reason.
        prompt: What is asked.
        kinds: Kinds of samples; None takes all whose part is running text.
        number: Texts for each sample, > 0.
        limit: Most samples, > 0; None for all.
        cache: File of all answers; None takes ``out.answers``.

    Returns:
        What came of it, in a few lines.

    Raises:
        ConfigError: If an option is out of range, or no sample is left.
        EndpointError: If the endpoint is of no use.
    """
    for name, value in (("number", number), ("limit", limit)):
        if value is not None and value < 1:
            raise ConfigError(f"{name} must be > 0, got {value}.")
    store = ResponseCache(cache or out.with_name(f"{out.name}.answers"))
    with Endpoint(endpoint, store) as client:
        check_present(data.download_files(), type(data).__name__)
        facts = data.facts if isinstance(data, RephrasableMixin) else _answer
        chosen = list(islice(_chosen(data.build_samples()[TRAIN], prompt, kinds), limit))
        if not chosen:
            wanted = "" if kinds is None else f" of kind {', '.join(kinds)}"
            raise ConfigError(
                f"There must be training samples{wanted} whose {prompt.field} is running text, and there are "
                "none. Choose another prompt or other kinds."
            )
        rephraser = Rephraser(client, prompt, facts, number)
        rephraser.write(chosen, out, len(chosen))
        prices = (endpoint.input_price, endpoint.output_price)
        return "\n".join((str(out), rephraser.counts.describe(), client.tally.describe(*prices)))


def _chosen(
    samples: Iterable[Sample], prompt: RephrasingPrompt, kinds: Collection[str] | None
) -> Iterator[Sample]:
    for sample in samples:
        if is_original(sample) and prompt.suits(sample) and (kinds is None or sample.kind in kinds):
            yield sample


def _answer(sample: Sample) -> str:
    return sample.answer
