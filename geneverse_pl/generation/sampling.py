"""Sampling whose draws belong to a question, not to the batch that it is asked in.

Letters: B rows, T tokens so far, V vocabulary.
"""

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor


def question_seed(seed: int, index: int) -> int:
    """Seed of one question's draws, in ``[0, 2**63)``.

    Args:
        seed: Seed of the run.
        index: Number of the question.
    """
    digest = hashlib.blake2b(f"{seed}:{index}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


class RowSampler:
    """Logits processor after which the most likely token is a draw from the model's distribution.

    Standard Gumbel noise is added to the logits of the nucleus (Holtzman et al. 2020), which makes the
    largest of them a draw from their softmax (Gumbel 1954). Each row has a generator of its own on the
    CPU, so a question gets the same draws in every batch and on every device.

    Args:
        seeds: Seed of each row, ``(B,)``.
        temperature: What the logits are divided by, > 0.
        top_p: Probability that the kept tokens have together, in (0, 1].
    """

    def __init__(self, seeds: Sequence[int], temperature: float, top_p: float) -> None:
        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        self._temperature = temperature
        self._top_p = top_p

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Logits ``(B, V)`` with noise, those outside the nucleus ``-inf``.

        Args:
            input_ids: Tokens so far, ``(B, T)``.
            scores: Logits of the next token, ``(B, V)``.
        """
        scores = scores.double() / self._temperature
        if self._top_p < 1:
            scores = scores.masked_fill(~nucleus(scores, self._top_p), float("-inf"))
        drawn = torch.stack(
            [
                torch.empty(scores.shape[-1], dtype=torch.float64).exponential_(generator=generator)
                for generator in self._generators
            ]
        )
        # The logarithm of an exponential draw is a Gumbel draw with the other sign.
        return scores - drawn.log().to(scores.device)


def nucleus(scores: Tensor, top_p: float) -> Tensor:
    """True for the fewest most likely tokens that have the probability ``top_p`` together, ``(B, V)``.

    Args:
        scores: Logits ``(B, V)``.
        top_p: Probability, in (0, 1]; one token is always kept.
    """
    probability, order = scores.softmax(-1).sort(dim=-1, descending=True, stable=True)
    before = probability.cumsum(-1) - probability
    return torch.zeros_like(scores, dtype=torch.bool).scatter(-1, order, before < top_p)
