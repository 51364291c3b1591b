"""How often each group of samples is trained on: settings, and the shares that follow from them.

Letters: G groups of samples.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from geneverse_pl.exceptions import ConfigError, unknown_choice

FloatArray = npt.NDArray[np.float64]
CurriculumUnit = Literal["fraction", "epochs", "steps"]
_MOST_SHOWN = 40  # names in a message


@dataclass
class PhaseConfig:
    """A part of the run with weights of its own.

    Args:
        until: Where the phase ends, counted from the start of the run in ``curriculum_unit``, > 0.
        weights: Weights in the place of the mixture's, in the same form.
    """

    until: float
    weights: dict[str, float]

    def __post_init__(self) -> None:
        _check_weights("curriculum.weights", self.weights)


@dataclass
class MixtureConfig:
    """In what shares training draws from groups of samples.

    The share of a group of ``n`` samples with weight ``w`` is proportional to ``w * n ** (1 / temperature)``,
    as multilingual BERT and T5 mix languages and tasks (Devlin et al. 2018, Raffel et al. 2020): at 1 groups
    have the shares of their sizes, at large temperatures all have the same.

    Args:
        by: What makes a group: ``kind`` of question, ``source``, or another key of the samples' metadata.
        weights: Weight of each group, >= 0, by its name or a pattern (``relation/*``); a name goes before
            patterns, a later pattern before earlier ones. Groups not named have weight 1; None gives all 1.
        temperature: How far small groups are drawn more often than their size says, > 0.
        max_per_entity: Most samples of an epoch that are about one entity (``subject`` in the metadata, else
            the split group), drawn anew each epoch, >= 1. None sets no limit.
        epoch_samples: Samples of an epoch, > 0. None takes the most that repeat no sample in an epoch.
        curriculum: Phases of the run, one after the other; when the last one ends, ``weights`` hold.
        curriculum_unit: What ``until`` counts: ``fraction`` of the run, ``epochs`` or optimizer ``steps``.
    """

    by: str = "kind"
    weights: dict[str, float] | None = None
    temperature: float = 1.0
    max_per_entity: int | None = None
    epoch_samples: int | None = None
    curriculum: list[PhaseConfig] | None = None
    curriculum_unit: CurriculumUnit = "fraction"

    def check(self) -> None:
        """Raises a ConfigError if a value is out of range."""
        _check_weights("weights", self.weights or {})
        if not 0 < self.temperature < math.inf:
            raise ConfigError(f"mixture.temperature must be > 0 and finite, got {self.temperature}.")
        for name in ("max_per_entity", "epoch_samples"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ConfigError(f"mixture.{name} must be >= 1, got {value}. Leave it out for no limit.")
        if self.curriculum_unit not in get_args(CurriculumUnit):
            choices = get_args(CurriculumUnit)
            raise ConfigError(unknown_choice("mixture.curriculum_unit", self.curriculum_unit, choices))
        self._check_ends()

    def _check_ends(self) -> None:
        ends = [phase.until for phase in self.curriculum or []]
        if not all(0 < end < math.inf for end in ends) or any(
            late <= early for early, late in pairwise(ends)
        ):
            raise ConfigError(
                f"Every phase of mixture.curriculum must end after the one before it, got until {ends}. Put "
                "the phases in order, from a number > 0 on."
            )
        if self.curriculum_unit == "fraction" and ends and ends[-1] > 1:
            raise ConfigError(
                f"A fraction of the run must be at most 1, got until {ends[-1]}. Set mixture.curriculum_unit "
                "to epochs or steps to count these."
            )
        if self.curriculum_unit == "steps" and any(end != int(end) for end in ends):
            raise ConfigError(f"until must be whole numbers of optimizer steps, got {ends}.")

    def phase_weights(self, names: Sequence[str]) -> list[FloatArray]:
        """The weight of each group in each phase of the curriculum, and after the last.

        Args:
            names: Names of the groups, G.

        Returns:
            Arrays ``(G,)``, one more than phases.

        Raises:
            ConfigError: If a weight names no group.
        """
        stated = [phase.weights for phase in self.curriculum or []]
        return [group_weights(weights, names, self.by) for weights in (*stated, self.weights or {})]


def group_weights(weights: Mapping[str, float], names: Sequence[str], by: str) -> FloatArray:
    """The weight of each group.

    Args:
        weights: Weights by name or shell pattern, in the order given.
        names: Names of the groups, G.
        by: What makes a group, for the message.

    Returns:
        ``(G,)``, 1 for groups that are not named.

    Raises:
        ConfigError: If a name or pattern fits no group.
    """
    result, exact = np.ones(len(names)), []
    for pattern, weight in weights.items():
        if pattern in names:
            exact.append(names.index(pattern))
            continue
        fitting = [place for place, name in enumerate(names) if fnmatchcase(name, pattern)]
        if not fitting:
            raise ConfigError(_unknown_group(pattern, names, by))
        result[fitting] = weight
    result[exact] = [weights[names[place]] for place in exact]
    return result


def group_shares(weights: FloatArray, sizes: FloatArray, temperature: float) -> FloatArray:
    """Share of each group in what is drawn, ``w * n ** (1 / temperature)`` scaled to sum up to 1.

    Args:
        weights: Weights, ``(G,)``, >= 0.
        sizes: Samples, ``(G,)``, >= 0; a group without samples has no share.
        temperature: T, > 0.

    Returns:
        Shares ``(G,)`` in [0, 1].

    Raises:
        ConfigError: If no group with samples has a weight.
    """
    drawn = (weights > 0) & (sizes > 0)
    if not drawn.any():
        raise ConfigError(
            "A group of training samples must have a weight > 0, and all have 0. Raise a weight of the "
            "mixture, in each phase."
        )
    logits = np.full(len(sizes), -np.inf)
    logits[drawn] = np.log(weights[drawn]) + np.log(sizes[drawn]) / temperature
    scaled = np.exp(logits - logits.max())
    shares: FloatArray = scaled / scaled.sum()
    return shares


def _check_weights(name: str, weights: Mapping[str, float]) -> None:
    wrong = {key: weight for key, weight in weights.items() if not 0 <= weight < math.inf}
    if wrong:
        raise ConfigError(f"mixture.{name} must be >= 0 and finite, got {wrong}.")


def _unknown_group(pattern: str, names: Sequence[str], by: str) -> str:
    if any(sign in pattern for sign in "*?["):
        shown = ", ".join(sorted(names)[:_MOST_SHOWN])
        more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
        return f"A pattern of mixture weights must fit a {by}, and '{pattern}' fits none of: {shown}{more}."
    return unknown_choice(f"{by} in mixture weights", pattern, names)
