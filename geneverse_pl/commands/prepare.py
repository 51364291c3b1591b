"""``prepare``: builds the token store ahead of a run and prints what is in it."""

from collections import Counter
from pathlib import Path

import numpy as np

from geneverse_pl.data.datamodule import TextDataModule

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
    counts = data.store.document("counts")
    head = f"{'split':<10}{'samples':>10}{'tokens':>12}{'answer':>10}" + "".join(
        f"{f'p{round(100 * q)}':>7}" for q in _QUANTILES
    )
    lines = [str(data.store_path), head + f"{'truncated':>11}"]
    kinds: dict[str, Counter[str]] = {}
    for name in data.store.splits:
        split = data.store.split(name)
        lengths = split.lengths
        trained = 0
        kinds[name] = Counter()
        for sample in data.iter_samples(name):
            trained += int(sample.trained.sum())
            kinds[name][str(sample.metadata.get("kind", ""))] += 1
        quantiles = np.quantile(lengths, _QUANTILES) if len(lengths) else [0.0] * len(_QUANTILES)
        lines.append(
            f"{name:<10}{len(split):>10,}{int(lengths.sum()):>12,}{trained:>10,}"
            + "".join(f"{int(value):>7}" for value in quantiles)
            + f"{counts[name]['num_truncated']:>11,}"
        )
    lines.append("")
    for name, found in kinds.items():
        for kind, count in sorted(found.items()):
            lines.append(f"{name:<10}{count:>10,}  {kind}")
    return "\n".join(lines)
