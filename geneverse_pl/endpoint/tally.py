"""What the requests to an endpoint came to: numbers, tokens, money, time."""

import statistics
import threading
from collections import Counter
from dataclasses import dataclass, field

from geneverse_pl.endpoint.chat import Answer, Failure

_PER_PRICE = 1_000_000


@dataclass
class Tally:
    """Counts of a run; threads may share one.

    Args:
        num_cached: Answers that were there already.
        num_answered: Answers that were asked for and came.
        num_tries: HTTP requests, those tried again counted.
        prompt_tokens: Tokens of the prompts of the answers that came, where the server counts them.
        completion_tokens: Tokens of these answers.
        failures: Requests without an answer, by reason.
        latencies: Seconds from each request to its answer, tries and waits between them included, waits for
            the rate limit not.
    """

    num_cached: int = 0
    num_answered: int = 0
    num_tries: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def count_cached(self) -> None:
        """Counts an answer that was there already."""
        with self._lock:
            self.num_cached += 1

    def count_try(self) -> None:
        """Counts an HTTP request."""
        with self._lock:
            self.num_tries += 1

    def count(self, outcome: Answer | Failure, seconds: float) -> None:
        """Counts what became of a request.

        Args:
            outcome: What came.
            seconds: How long it took.
        """
        with self._lock:
            if isinstance(outcome, Failure):
                self.failures[outcome.reason] += 1
                return
            self.num_answered += 1
            self.prompt_tokens += outcome.prompt_tokens
            self.completion_tokens += outcome.completion_tokens
            self.latencies.append(seconds)

    def cost(self, input_price: float | None, output_price: float | None) -> float | None:
        """What the answers that were asked for cost; None if a price is not known.

        Args:
            input_price: Price of a million tokens of prompts.
            output_price: Price of a million tokens of answers.
        """
        if input_price is None or output_price is None:
            return None
        total = self.prompt_tokens * input_price + self.completion_tokens * output_price
        return total / _PER_PRICE

    def describe(self, input_price: float | None = None, output_price: float | None = None) -> str:
        """A few lines for the user.

        Args:
            input_price: Price of a million tokens of prompts.
            output_price: Price of a million tokens of answers.
        """
        lines = [
            f"answers: {self.num_answered:,} new, {self.num_cached:,} kept from before; "
            f"{self.num_tries:,} HTTP requests",
            f"tokens:  {self.prompt_tokens:,} in prompts, {self.completion_tokens:,} in answers",
        ]
        cost = self.cost(input_price, output_price)
        if cost is not None:
            lines.append(f"cost:    {cost:,.4f}")
        if self.latencies:
            slowest = max(self.latencies)
            lines.append(f"seconds: {statistics.median(self.latencies):.2f} median, {slowest:.2f} slowest")
        lines += [f"failed:  {number:,}  {reason}" for reason, number in self.failures.most_common()]
        return "\n".join(lines)
