"""Lightning's Trainer with a precision that fits the machine."""

import os
import sys
from typing import TYPE_CHECKING, Any, Literal

import lightning as L

from geneverse_pl.exceptions import ConfigError

if TYPE_CHECKING:
    from geneverse_pl.data.datamodule import TextDataModule

PrecisionInput = Literal[
    "auto", "32-true", "bf16-mixed", "bf16-true", "16-mixed", "16-true", "64-true", "transformer-engine"
]


class Trainer(L.Trainer):
    """Lightning's ``Trainer`` whose default precision is ``auto``.

    Args:
        precision: ``auto`` computes in bfloat16 with float32 trained weights where the machine has bfloat16
            matrix units (recent GPUs, CPUs with AMX or AVX512-bf16), else in float32.
        use_distributed_sampler: Left off, since the data modules deal out their batches themselves.
        kwargs: Arguments of ``lightning.Trainer``.
    """

    def __init__(
        self,
        *,
        precision: PrecisionInput | None = "auto",
        use_distributed_sampler: bool = False,
        **kwargs: Any,
    ) -> None:
        from geneverse_pl.models.precision import resolve_precision

        super().__init__(
            precision=resolve_precision(precision, kwargs.get("accelerator", "auto")),  # type: ignore[arg-type]
            use_distributed_sampler=use_distributed_sampler,
            **kwargs,
        )

    def prepare(self, model: L.LightningModule | None, datamodule: L.LightningDataModule) -> None:
        """Builds the token store of a data module ahead of a run and prints its statistics.

        Args:
            model: The task, whose tokenizer is used.
            datamodule: The data module.
        """
        from geneverse_pl.commands.prepare import describe_store, prepare_store

        data = _text_data(datamodule)
        prepare_store(data)
        self.print(describe_store(data))

    def preview(
        self,
        model: L.LightningModule | None,
        datamodule: L.LightningDataModule,
        split: str = "train",
        num_samples: int = 8,
        colour: Literal["auto", "on", "off"] = "auto",
    ) -> None:
        """Prints samples as the model sees them, trained tokens told apart from the others.

        Args:
            model: The task, whose tokenizer is used.
            datamodule: The data module.
            split: Split to show: train, val, held_out or memorised.
            num_samples: Samples to show, > 0.
            colour: Use colour; ``auto`` does so on a terminal, unless ``NO_COLOR`` is set.
        """
        from geneverse_pl.commands.prepare import prepare_store
        from geneverse_pl.commands.preview import preview_samples

        data = _text_data(datamodule)
        prepare_store(data)
        coloured = colour == "on" or (
            colour == "auto" and sys.stdout.isatty() and "NO_COLOR" not in os.environ
        )
        self.print(preview_samples(data, split, num_samples, colour=coloured))


def _text_data(datamodule: L.LightningDataModule) -> "TextDataModule":
    from geneverse_pl.data.datamodule import TextDataModule

    if not isinstance(datamodule, TextDataModule):
        raise ConfigError(f"A TextDataModule is needed, got {type(datamodule).__name__}.")
    return datamodule
