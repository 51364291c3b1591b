"""The splits of a data set, and which of them a run needs."""

from typing import Any

from geneverse_pl.data.store import TokenSplit, TokenStore
from geneverse_pl.exceptions import ConfigError

TRAIN, VAL, HELD_OUT, MEMORISED = "train", "val", "held_out", "memorised"
SPLITS = (TRAIN, VAL, HELD_OUT, MEMORISED)


def batched_splits(trainer: Any) -> tuple[str, ...]:
    """Names of the splits that a run makes batches of by the settings of ``BatchingConfig``.

    Args:
        trainer: Lightning's trainer; None where there is no run.
    """
    stage = getattr(getattr(trainer, "state", None), "fn", None)
    if stage == "fit":
        return (TRAIN, VAL) if trainer.limit_val_batches else (TRAIN,)
    return (VAL,) if stage == "validate" else ()


def split_with_samples(store: TokenStore, name: str) -> TokenSplit:
    """A split that is trained or validated on.

    Args:
        store: The store.
        name: Name of the split.

    Raises:
        ConfigError: If it has no samples.
    """
    split = store.split(name) if name in store.splits else None
    if split is None or len(split) == 0:
        found = {other: len(store.split(other)) for other in store.splits}
        ways_out = {
            TRAIN: "Change the settings of the data module that choose samples.",
            VAL: "Set trainer.limit_val_batches to 0 to train without validation, or have the data module "
            "make some (val_fraction, in most).",
        }
        sizes = ", ".join(f"{other} {size:,}" for other, size in found.items())
        raise ConfigError(
            f"A split that is trained or validated on must have samples, and split '{name}' has none "
            f"(prepared: {sizes}). {ways_out.get(name, 'Choose another split.')}"
        )
    return split
