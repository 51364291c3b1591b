"""Lightning's Trainer with a precision that fits the machine."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import lightning as L

from geneverse_pl.endpoint.config import EndpointConfig
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.rephrasing.prompts import PromptName, find_prompt

if TYPE_CHECKING:
    from geneverse_pl.data.datamodule import TextDataModule

PrecisionInput = Literal[
    "auto", "32-true", "bf16-mixed", "bf16-true", "16-mixed", "16-true", "64-true", "transformer-engine"
]


class Trainer(L.Trainer):
    """Lightning's ``Trainer`` whose default precision is ``auto``.

    Args:
        precision: ``auto`` computes in bfloat16 with float32 trained weights where the machine has bfloat16
            matrix units (recent GPUs, CPUs with AMX or AVX512-bf16), else in float32. ``16-true`` is for
            ``test`` and ``predict`` alone: training diverges in it.
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

    def test(
        self,
        model: L.LightningModule | None = None,
        dataloaders: Any = None,
        ckpt_path: str | Path | None = None,
        verbose: bool = False,
        datamodule: L.LightningDataModule | None = None,
        weights_only: bool | None = None,
    ) -> list[Mapping[str, float]]:
        """Lightning's ``test``, without its table of what was logged: the task prints one with intervals.

        Args:
            model: The task.
            dataloaders: Data loaders, in place of a data module.
            ckpt_path: Checkpoint to load, a file RUN/checkpoints/NAME.ckpt that fit wrote.
            verbose: Print Lightning's table too.
            datamodule: The data module.
            weights_only: As for ``lightning.Trainer.test``; no code of a checkpoint runs either way.

        Returns:
            What was logged, for each data loader.
        """
        return super().test(model, dataloaders, ckpt_path, verbose, datamodule, weights_only)

    def prepare(
        self,
        model: L.LightningModule | None,
        datamodule: L.LightningDataModule,
        download: bool = False,
        engine: Literal["local", "ray"] = "local",
        ray_address: str | None = None,
    ) -> None:
        """Builds the token store of a data module ahead of a run, prints its statistics, and writes its card.

        Args:
            model: The task, whose tokenizer is used.
            datamodule: The data module.
            download: Fetch source files that are missing first, where the data module knows from where.
            engine: Who encodes: ``local`` processes, or a ``ray`` cluster; the store is the same.
            ray_address: Address of the cluster; None takes ``RAY_ADDRESS``, or else starts Ray here.
        """
        from geneverse_pl.commands.prepare import describe_store, prepare_store, write_data_card

        data = _text_data(datamodule)
        prepare_store(data, download=download, engine=engine, ray_address=ray_address)
        self.print(describe_store(data))
        card = write_data_card(data, getattr(model, "model_reference", None))
        if card is not None:
            self.print(f"\ndata card {card}")

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

    def rephrase(
        self,
        model: L.LightningModule | None,
        datamodule: L.LightningDataModule,
        endpoint: EndpointConfig,
        out: Path,
        prompt: PromptName = "rephrase_answer",
        kinds: list[str] | None = None,
        number: int = 1,
        limit: int | None = None,
        cache: Path | None = None,
    ) -> None:
        """Has the model behind an endpoint word training samples anew; no other split is sent to it.

        Args:
            model: The task; it is not used.
            datamodule: The data module.
            endpoint: The server, its model, and how it is asked.
            out: File of the texts, for the option ``rephrasings`` of a data module; rejected ones go to
                ``OUT.rejected``.
            prompt: ``rephrase_answer``, ``rephrase_question``, ``describe`` (an answer from the facts
                known) or ``answer_question`` (an answer from nothing but the question).
            kinds: Kinds of samples; None takes all that the prompt suits.
            number: Texts for each sample, > 0.
            limit: Most samples, > 0; None for all.
            cache: File of all answers, by which a stopped run goes on; None takes ``OUT.answers``.
        """
        from geneverse_pl.commands.rephrase import rephrase_training_samples

        report = rephrase_training_samples(
            _text_data(datamodule),
            endpoint,
            out,
            find_prompt(prompt),
            kinds=kinds,
            number=number,
            limit=limit,
            cache=cache,
        )
        self.print(report)


def _text_data(datamodule: L.LightningDataModule) -> "TextDataModule":
    from geneverse_pl.data.datamodule import TextDataModule

    if not isinstance(datamodule, TextDataModule):
        raise ConfigError(f"A TextDataModule is needed, got {type(datamodule).__name__}.")
    return datamodule
