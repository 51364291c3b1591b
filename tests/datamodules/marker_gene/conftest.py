"""Small simulated sections."""

from collections.abc import Callable
from typing import Any

import pytest

from datamodules.marker_gene.simulator import Simulation, SimulatorConfig, simulate


def small_config(**changes: Any) -> SimulatorConfig:
    """Two small sections of four regions, with clear markers."""
    defaults: dict[str, Any] = {
        "num_regions": 4,
        "rows": 16,
        "columns": 16,
        "domain_size": 0.25,
        "num_marker_genes": 90,
        "num_background_genes": 20,
        "mean_count": 2.0,
        "min_log2_fold_change": 1.5,
    }
    return SimulatorConfig(**(defaults | changes))


@pytest.fixture
def make_config() -> Callable[..., SimulatorConfig]:
    """:func:`small_config`."""
    return small_config


@pytest.fixture(scope="session")
def simulation() -> Simulation:
    """Two sections of seed 0."""
    return simulate(small_config(), 0)
