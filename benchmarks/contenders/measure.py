"""Counts tokens and seconds inside a Transformers ``Trainer``, whoever built it."""

import json
import resource
import time
from typing import Any


class Meter:
    """Times the steps after the warm-up.

    Args:
        warmup: Steps not counted.
    """

    def __init__(self, warmup: int) -> None:
        self.warmup = warmup
        self.steps = 0
        self.start = 0.0
        self.seconds = 0.0
        self.useful = self.computed = self.places = self.samples = 0
        self.about: dict[str, float] = {}

    def begin(self) -> None:
        """Before a step's forward pass."""
        if self.steps == self.warmup:
            self.start = time.perf_counter()

    def end(self, useful: int, computed: int, places: int) -> None:
        """After a step: non-padding tokens of its rows, tokens computed, places of the batch."""
        if self.steps >= self.warmup:
            self.useful += useful
            self.computed += computed
            self.places += places
        self.steps += 1

    def count_samples(self, number: int) -> None:
        """After a step, once ``end`` has counted it: questions it learned from."""
        if self.steps > self.warmup:
            self.samples += number

    def finish(self) -> None:
        """Prints the result."""
        seconds = time.perf_counter() - self.start
        result = {
            "useful_per_second": self.useful / seconds,
            "computed_per_second": self.computed / seconds,
            "fill": self.computed / max(self.places, 1),
            "seconds": seconds,
            "steps": self.steps - self.warmup,
            "samples_per_second": self.samples / seconds,
            **self.about,
            "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        }
        print("RESULT " + json.dumps(result), flush=True)


def instrument_transformers(meter: Meter) -> None:
    """Wraps ``Trainer.training_step``; every subclass goes through it."""
    from transformers import Trainer

    original = Trainer.training_step

    def training_step(self: Any, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        meter.begin()
        mask = inputs["attention_mask"]
        loss = original(self, model, inputs, *args, **kwargs)
        meter.end(int(mask.sum()), int(mask.sum()), mask.numel())
        meter.count_samples(len(mask))
        return loss

    Trainer.training_step = training_step
