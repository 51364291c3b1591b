"""Checks of the options that the data modules have in common."""

import pytest

from datamodules.option_checks import check_choices, check_counts, check_share, checked_fractions
from geneverse_pl.exceptions import ConfigError


def test_what_is_in_range_passes() -> None:
    check_choices([("stage", "qa", ("qa", "mask"))])
    check_counts([("max_val", 1, 1), ("max_memorised", 0, 0), ("max_genes", None, 1)])
    check_share("mask_fraction", 0.5)
    assert checked_fractions(0.2, 0.3) == {"train": pytest.approx(0.5), "val": 0.2, "held_out": 0.3}


def test_an_unknown_choice_is_named_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"Unknown stage 'mas'\. Did you mean 'mask'\?"):
        check_choices([("wording", "brief", ("brief", "full")), ("stage", "mas", ("qa", "mask"))])


def test_a_number_that_is_too_small_is_named() -> None:
    with pytest.raises(ConfigError, match=r"max_val must be >= 1, got 0\."):
        check_counts([("max_genes", 3, 1), ("max_val", 0, 1)])


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 1.5, float("nan")])
def test_a_share_is_more_than_nothing_and_less_than_all(share: float) -> None:
    with pytest.raises(ConfigError, match=r"mask_fraction must be in \(0, 1\), got"):
        check_share("mask_fraction", share)


def test_splits_leave_something_to_train_on() -> None:
    with pytest.raises(ConfigError, match=r"held_out_fraction must be in \(0, 1\), got 0\."):
        checked_fractions(0.1, 0.0)
    with pytest.raises(ConfigError, match=r"to leave something to train on"):
        checked_fractions(0.5, 0.5)
