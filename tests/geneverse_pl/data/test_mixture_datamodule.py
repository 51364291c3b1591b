import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from geneverse_pl.data.datamodule import TRAIN, VAL
from geneverse_pl.data.mixture import MixtureConfig
from geneverse_pl.exceptions import ConfigError


@pytest.fixture
def ready(make_data: Callable[..., Any], tiny_model_dir: Path) -> Callable[..., Any]:
    """Builds a data module with an open store; options of ``BatchingConfig`` by name."""

    def build(**batching: Any) -> Any:
        data = make_data(**batching)
        data.use_model(str(tiny_model_dir))
        data.prepare_data()
        data.setup("fit")
        return data

    return build


@pytest.mark.parametrize("packing", [True, False])
def test_a_mixture_is_drawn_for_training_alone(packing: bool, ready: Callable[..., Any]) -> None:
    data = ready(packing=packing, mixture=MixtureConfig(weights={"*": 0, "list/*": 1}))
    assert data.store_path == ready(packing=packing).store_path
    kinds = [sample.metadata["kind"] for sample in data.iter_samples(TRAIN)]
    batches = list(data.train_dataloader().batch_sampler)
    drawn = [index for batch in batches for index in (itertools.chain(*batch) if packing else batch)]
    assert sorted(drawn) == [place for place, kind in enumerate(kinds) if kind.startswith("list/")] != []
    validated = sum(batch["num_samples"] for batch in data.val_dataloader())
    assert validated == len(data.store.split(VAL))


def test_a_mixture_of_unknown_things_is_refused(ready: Callable[..., Any]) -> None:
    with pytest.raises(ConfigError, match="Unknown kind in mixture weights 'fact/gene_nam'. Did you mean"):
        ready(mixture=MixtureConfig(weights={"fact/gene_nam": 2})).train_dataloader()
    with pytest.raises(ConfigError, match="got 'origin', which no training sample has.*group, kind"):
        ready(mixture=MixtureConfig(by="origin")).train_dataloader()
    with pytest.raises(ConfigError, match="temperature must be > 0"):
        ready(mixture=MixtureConfig(temperature=-1))
