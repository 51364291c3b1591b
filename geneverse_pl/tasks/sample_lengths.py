"""Whether the model's positions hold the longest samples of a run."""

import logging
import re
from typing import TYPE_CHECKING, Any

from torch import nn

from geneverse_pl.data.datamodule import TextDataModule
from geneverse_pl.data.splits import batched_splits
from geneverse_pl.exceptions import ConfigError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

logger = logging.getLogger(__name__)

_POSITIONS = re.compile(r"(^|\.)(wpe|\w*position\w*)$")  # GPT-2 and its relatives; OPT, BioGPT and others


def check_sample_lengths(model: "PreTrainedModel", data: TextDataModule, trainer: Any) -> None:
    """Makes sure that a model can read the samples of a run, those of the test after a ``fit`` included.

    A table of learned positions ends, and a longer sample would stop the run with an IndexError. Rotary and
    other computed positions go on beyond those that the model was trained on, but hardly well: a warning.

    Args:
        model: The base model.
        data: The data module, set up.
        trainer: Lightning's trainer.

    Raises:
        ConfigError: If a sample is longer than the table of learned positions.
    """
    names = dict.fromkeys(batched_splits(trainer))
    if trainer.state.fn != "validate":
        names |= dict.fromkeys(data.test_splits)
    lengths = {name: int(data.store.split(name).lengths.max(initial=0)) for name in names}
    split = max(lengths, key=lengths.__getitem__, default=None)
    if split is None:
        return
    longest = f"the longest sample of split '{split}' has {lengths[split]}"
    table = num_learned_positions(model)
    if table is not None and lengths[split] > table:
        raise ConfigError(
            f"The model must have a position for every token: it has {table} positions, and {longest} "
            f"tokens. Set data.init_args.encoding.max_length to {table} or less."
        )
    made_for = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    if table is None and made_for is not None and lengths[split] > made_for:
        logger.warning(
            "the model was made for at most %d tokens, and %s; lower data.init_args.encoding.max_length",
            made_for,
            longest,
        )


def num_learned_positions(model: "PreTrainedModel") -> int | None:
    """Tokens that the decoder's table of learned positions holds; None where positions are computed.

    Args:
        model: A causal language model, or one that reads pictures too, whose vision tower does not count.
    """
    decoder: Any = model.get_decoder() if hasattr(model, "get_decoder") else model
    for name, module in decoder.named_modules():
        if isinstance(module, nn.Embedding) and _POSITIONS.search(name):
            return module.num_embeddings - int(getattr(module, "offset", 0))  # OPT leaves rows at the start
    return None
