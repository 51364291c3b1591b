"""Checks of the options that the data modules have in common."""

from collections.abc import Iterable, Sequence

from geneverse_pl.data.datamodule import HELD_OUT, TRAIN, VAL
from geneverse_pl.exceptions import ConfigError, unknown_choice


def check_choices(options: Iterable[tuple[str, str, Sequence[str]]]) -> None:
    """Refuses what is no known choice.

    Args:
        options: Name, value and known choices of each option.

    Raises:
        ConfigError: If a value is none of the choices.
    """
    for name, value, choices in options:
        if value not in choices:
            raise ConfigError(unknown_choice(name, value, choices))


def check_counts(options: Iterable[tuple[str, int | None, int]]) -> None:
    """Refuses numbers that are too small.

    Args:
        options: Name, value and smallest value of each option; None sets no limit and is always allowed.

    Raises:
        ConfigError: If a value is smaller.
    """
    for name, value, least in options:
        if value is not None and value < least:
            raise ConfigError(f"{name} must be >= {least}, got {value}.")


def check_share(name: str, value: float) -> None:
    """Refuses a share that is nothing or all.

    Args:
        name: Name of the option.
        value: Its value.

    Raises:
        ConfigError: If it is not in (0, 1).
    """
    if not 0 < value < 1:
        raise ConfigError(f"{name} must be in (0, 1), got {value}.")


def checked_fractions(val_fraction: float, held_out_fraction: float) -> dict[str, float]:
    """Share of each split, none of which is left empty.

    Args:
        val_fraction: Share for validation.
        held_out_fraction: Share for the held-out test.

    Returns:
        Share of ``train``, which gets the rest, ``val`` and ``held_out``.

    Raises:
        ConfigError: If a share is not in (0, 1), or nothing is left to train on.
    """
    check_share("val_fraction", val_fraction)
    check_share("held_out_fraction", held_out_fraction)
    rest = 1 - val_fraction - held_out_fraction
    if rest <= 0:
        raise ConfigError("val_fraction + held_out_fraction must be < 1, to leave something to train on.")
    return {TRAIN: rest, VAL: val_fraction, HELD_OUT: held_out_fraction}
