"""Exact resume: where a checkpoint stands, and randomness that follows from the step alone.

A checkpoint always stands between two optimizer steps: micro-batches whose step has not been taken are done
again. Nothing but the place in the training is needed to go on, for each batch's dropout is drawn from a
seed of its own.
"""

from typing import Any

import lightning as L
import numpy as np
import torch

_BATCHES, _EPOCHS = "epoch_loop.batch_progress", "epoch_progress"
_VALIDATION = "epoch_loop.val_loop.batch_progress"
_SAMPLER = "sampler"


def settle_progress(checkpoint: dict[str, Any], trainer: L.Trainer) -> None:
    """Sets all counters of a checkpoint to the last finished optimizer step.

    Lightning saves from within hooks, where some counters have moved on and others have not; a run resumed
    from there can be a batch off, skip the rest of an epoch, or lose half an accumulated gradient
    (Lightning #19764, #5325).

    Args:
        checkpoint: As given to ``on_save_checkpoint``; changed in place.
        trainer: The trainer that saves it.
    """
    loops = checkpoint.get("loops", {}).get("fit_loop", {})
    if _BATCHES not in loops or trainer.state.fn != "fit":
        return
    batches, epochs = loops[_BATCHES], loops[_EPOCHS]
    processed = batches["current"]["processed"]
    is_last = batches["is_last_batch"] or processed >= trainer.num_training_batches
    at_end = bool(is_last) and batches["current"]["ready"] == processed
    undone = 0 if at_end else processed % trainer.accumulate_grad_batches
    # After the last batch validation may still be running; the epoch is over when it is counted.
    over = at_end and epochs["current"]["processed"] == epochs["current"]["ready"]
    consumed = 0 if over else processed - undone
    validation = loops[_VALIDATION]
    # Stopped within a validation: it is done again, from its first batch.
    cut = bool(trainer.validating and not validation["is_last_batch"])
    for part in ("current", "total"):
        _count(epochs[part], epochs[part]["ready"], 0 if over else 1)
        _count(batches[part], consumed if part == "current" else batches[part]["processed"] - undone)
        _count(validation[part], int(cut), int(cut))
    batches["is_last_batch"] = at_end and not over
    validation["is_last_batch"] = False
    loops["epoch_loop.state_dict"]["_batches_that_stepped"] = checkpoint["global_step"] - int(cut)
    sampler = _sampler_state(checkpoint, trainer)
    if sampler is not None:
        sampler |= {"epoch": epochs["current"]["processed"], "consumed": consumed}


def _count(progress: dict[str, int], ready: int, open_end: int = 0) -> None:
    """Counts ``ready`` things as begun, all but ``open_end`` of them as done."""
    progress["ready"] = progress["started"] = ready
    progress["processed"] = progress["completed"] = ready - open_end


def _sampler_state(checkpoint: dict[str, Any], trainer: L.Trainer) -> dict[str, int] | None:
    data = getattr(trainer, "datamodule", None)
    state = checkpoint.get(type(data).__qualname__, {}) if data is not None else {}
    return state.get(_SAMPLER)


def seed_batch(seed: int, epoch: int, batch_idx: int, rank: int) -> None:
    """Starts the random generators of a training batch.

    Args:
        seed: Seed of the run.
        epoch: Number of the epoch.
        batch_idx: Number of the batch in its epoch.
        rank: Number of the process; ranks draw different dropout.
    """
    state = np.random.SeedSequence([seed, epoch, batch_idx, rank]).generate_state(1, np.uint64)
    torch.manual_seed(int(state[0]) >> 1)
