"""When the phases of a curriculum change, counted in batches of a rank."""

import math
from dataclasses import dataclass
from typing import Any

from geneverse_pl.data.mixture import MixtureConfig
from geneverse_pl.exceptions import ConfigError


@dataclass(frozen=True, slots=True)
class RunLength:
    """How long a run is, as far as its settings tell.

    Args:
        max_epochs: Epochs after which it ends; None for no limit.
        max_steps: Optimizer steps after which it ends; None for no limit.
        batches_per_step: Batches of an optimizer step on a rank, >= 1.
        limit_batches: Batches of an epoch that are trained on, or their share of it where a float.
    """

    max_epochs: int | None = None
    max_steps: int | None = None
    batches_per_step: int = 1
    limit_batches: int | float = 1.0

    @classmethod
    def of(cls, trainer: Any) -> "RunLength":
        """Reads the settings of a Lightning trainer; None is a run of unknown length."""
        max_epochs, max_steps = getattr(trainer, "max_epochs", None), getattr(trainer, "max_steps", None)
        limit = getattr(trainer, "limit_train_batches", None)
        return cls(
            max_epochs=max_epochs if max_epochs is not None and max_epochs >= 0 else None,
            max_steps=max_steps if max_steps is not None and max_steps >= 0 else None,
            batches_per_step=getattr(trainer, "accumulate_grad_batches", 1),
            limit_batches=1.0 if limit is None else limit,
        )

    def phase_ends(self, config: MixtureConfig, num_batches: int) -> list[int]:
        """The batch, counted over all epochs, that each phase of a curriculum ends before.

        Args:
            config: Settings of the mixture.
            num_batches: Batches of a rank in an epoch, >= 1.

        Raises:
            ConfigError: If phases are fractions of a run without end.
        """
        ends = [phase.until for phase in config.curriculum or []]
        if config.curriculum_unit == "epochs":
            return [round(end * num_batches) for end in ends]
        if config.curriculum_unit == "steps":
            return [self._batch_of_step(int(end), num_batches) for end in ends]
        total = self._total_batches(num_batches) if ends else 0
        trained = self._trained_batches(num_batches)
        return [_of_epoch(round(end * total), trained, num_batches) for end in ends]

    def _trained_batches(self, num_batches: int) -> int:
        if isinstance(self.limit_batches, int):
            return max(1, min(self.limit_batches, num_batches))
        return max(1, int(self.limit_batches * num_batches))

    def _batch_of_step(self, step: int, num_batches: int) -> int:
        # The last step of an epoch takes what batches are left.
        trained = self._trained_batches(num_batches)
        steps = math.ceil(trained / self.batches_per_step)
        return step // steps * num_batches + step % steps * self.batches_per_step

    def _total_batches(self, num_batches: int) -> int:
        """Batches that the whole run trains on."""
        trained = self._trained_batches(num_batches)
        totals = []
        if self.max_epochs is not None:
            totals.append(self.max_epochs * trained)
        if self.max_steps is not None:
            steps = math.ceil(trained / self.batches_per_step)
            rest = self.max_steps % steps * self.batches_per_step
            totals.append(self.max_steps // steps * trained + rest)
        if not totals:
            raise ConfigError(
                "Phases that are fractions of the run need a run with an end, and trainer.max_steps and "
                "trainer.max_epochs are not set. Set one, or mixture.curriculum_unit to epochs or steps."
            )
        return min(totals)


def _of_epoch(batch: int, trained: int, num_batches: int) -> int:
    """Place of the ``batch``-th batch trained on, where only the first ``trained`` of an epoch are."""
    return batch // trained * num_batches + batch % trained
