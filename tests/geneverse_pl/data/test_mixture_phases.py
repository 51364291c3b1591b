from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geneverse_pl.data.mixture import CurriculumUnit, MixtureConfig, PhaseConfig
from geneverse_pl.data.mixture_phases import RunLength
from geneverse_pl.exceptions import ConfigError


def config(unit: CurriculumUnit, *ends: float) -> MixtureConfig:
    return MixtureConfig(curriculum=[PhaseConfig(end, {}) for end in ends], curriculum_unit=unit)


def test_epochs_steps_and_fractions_become_batches() -> None:
    run = RunLength(max_epochs=4, batches_per_step=3)
    assert run.phase_ends(config("epochs", 0.5, 1, 2.25), 10) == [5, 10, 22]
    # Ten batches make four steps, the last of one batch.
    assert run.phase_ends(config("steps", 2, 4, 5), 10) == [6, 10, 13]
    assert run.phase_ends(config("fraction", 0.25, 0.5, 1), 10) == [10, 20, 40]
    assert RunLength(max_steps=6, batches_per_step=3).phase_ends(config("fraction", 0.5), 10) == [8]
    assert RunLength(max_steps=6, max_epochs=1).phase_ends(config("fraction", 0.5), 10) == [3]
    assert RunLength().phase_ends(MixtureConfig(), 10) == []


def test_batches_that_are_not_trained_on_count_for_nothing() -> None:
    run = RunLength(max_epochs=2, limit_batches=4)
    assert run.phase_ends(config("fraction", 0.25, 0.5, 0.75), 10) == [2, 10, 12]
    assert run.phase_ends(config("steps", 3, 5), 10) == [3, 11]
    assert RunLength(max_epochs=2, limit_batches=0.4).phase_ends(config("steps", 5), 10) == [11]


@given(st.integers(1, 50), st.integers(1, 7), st.integers(1, 300), st.integers(0, 300))
def test_a_step_begins_where_the_loop_begins_it(
    num_batches: int, batches_per_step: int, until: int, extra: int
) -> None:
    batches = [
        batch
        for epoch in range(until + extra + 1)
        for batch in range(epoch * num_batches, (epoch + 1) * num_batches)
        if batch % num_batches % batches_per_step == 0
    ]
    run = RunLength(batches_per_step=batches_per_step)
    assert run.phase_ends(config("steps", until), num_batches) == [batches[until]]


def test_the_trainer_tells_how_long_the_run_is() -> None:
    trainer = SimpleNamespace(
        max_epochs=None, max_steps=-1, accumulate_grad_batches=2, limit_train_batches=0.5
    )
    assert RunLength.of(trainer) == RunLength(None, None, 2, 0.5)
    assert RunLength.of(None) == RunLength()
    with pytest.raises(ConfigError, match=r"need a run with an end, and trainer\.max_steps"):
        RunLength.of(trainer).phase_ends(config("fraction", 0.5), 10)
