"""``prepare``: builds the token store ahead of a run and prints what is in it."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from geneverse_pl.data.card import DataFacts, DescribesData, write_card
from geneverse_pl.data.datamodule import COUNTS, TextDataModule
from geneverse_pl.data.fetch import fetch_missing
from geneverse_pl.exceptions import ConfigError, unknown_choice

logger = logging.getLogger(__name__)

ENGINES = ("local", "ray")
_QUANTILES = (0.5, 0.9, 0.99, 1.0)


def prepare_store(
    data: TextDataModule,
    *,
    download: bool = False,
    engine: Literal["local", "ray"] = "local",
    ray_address: str | None = None,
) -> Path:
    """Builds the store unless it is there.

    Args:
        data: The data module.
        download: Fetch those of its ``download_files`` that are missing first.
        engine: Who encodes: ``local`` processes, or a ``ray`` cluster; the store is the same.
        ray_address: Address of the cluster, see :class:`~geneverse_pl.data.ray_blocks.RayBlocks`.

    Returns:
        Path of the store.

    Raises:
        ConfigError: If the engine is unknown or cannot be had, or an address is given without its engine.
        DownloadError: If one cannot be fetched.
        MissingDownloadsError: If one is missing and is not to be fetched.
    """
    _check_engine(engine, ray_address)
    if download:
        fetch_missing(data.download_files())
    if engine == "ray":
        _prepare_on_ray(data, ray_address)
    else:
        data.prepare_data()
    data.setup("fit")
    return data.store_path


def _check_engine(engine: str, ray_address: str | None) -> None:
    if engine not in ENGINES:
        raise ConfigError(unknown_choice("engine", engine, ENGINES))
    if ray_address is not None and engine != "ray":
        raise ConfigError(
            f"--ray_address needs --engine ray, got --engine {engine}. Add it, or leave both out."
        )


def _prepare_on_ray(data: TextDataModule, address: str | None) -> None:
    """Builds the store with blocks encoded on Ray, which is found before any sample is made."""
    from geneverse_pl.data.ray_blocks import RayBlocks

    blocks = RayBlocks(data.encoding.num_processes, address)
    if data.store_path.exists():
        data.prepare_data()
        return
    with blocks:
        data.block_mapper = blocks
        try:
            data.prepare_data()
        finally:
            data.block_mapper = None


def describe_store(data: TextDataModule) -> str:
    """Table of a prepared store: samples, tokens, length quantiles and truncations by split, and kinds.

    Args:
        data: The data module, set up.
    """
    counts = data.store.document(COUNTS)
    quantile_heads = "".join(f"{f'p{round(100 * q)}':>7}" for q in _QUANTILES)
    lines = [
        str(data.store_path),
        f"{'split':<10}{'samples':>10}{'tokens':>12}{'trained':>12}{quantile_heads}{'truncated':>11}",
    ]
    for name in data.store.splits:
        lengths = data.store.split(name).lengths
        quantiles = np.quantile(lengths, _QUANTILES) if len(lengths) else np.zeros(len(_QUANTILES))
        lines.append(
            f"{name:<10}{len(lengths):>10,}{int(lengths.sum(dtype=np.int64)):>12,}"
            f"{counts[name]['num_trained']:>12,}"
            + "".join(f"{int(value):>7}" for value in quantiles)
            + f"{counts[name]['num_truncated']:>11,}"
        )
    lines.append("")
    for name in data.store.splits:
        lines += [f"{name:<10}{count:>10,}  {kind}" for kind, count in sorted(counts[name]["kinds"].items())]
    return "\n".join(lines)


def write_data_card(data: TextDataModule, model: str | None = None) -> Path | None:
    """Writes the card of a prepared store beside it, unless it is there.

    Args:
        data: The data module, set up.
        model: Reference of the task's model, whose tokenizer was used where the data module has none.

    Returns:
        Path of the page; None, with a warning, where the folder cannot be written to.
    """
    facts = data.data_facts() if isinstance(data, DescribesData) else DataFacts()
    tokenizer = data.encoding.tokenizer or model
    settings = {"tokenizer": tokenizer} if tokenizer is not None else {}
    facts = replace(facts, settings={"template": data.encoding.template, **settings, **facts.settings})
    try:
        return write_card(data.store, facts)
    except OSError as error:
        logger.warning("the data card cannot be written beside %s: %s", data.store_path, error)
        return None
