"""``prepare``: builds the token store ahead of a run and prints what is in it."""

from pathlib import Path

import numpy as np

from geneverse_pl.data.datamodule import COUNTS, TextDataModule

_QUANTILES = (0.5, 0.9, 0.99, 1.0)


def prepare_store(data: TextDataModule) -> Path:
    """Builds the store unless it is there.

    Args:
        data: The data module.

    Returns:
        Path of the store.
    """
    data.prepare_data()
    data.setup("fit")
    return data.store_path


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
