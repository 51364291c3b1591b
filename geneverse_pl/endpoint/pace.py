"""Not more in a minute than a server allows."""

import threading
import time
from collections.abc import Callable


class Pace:
    """Spreads what is used evenly over time; threads may share one.

    Args:
        per_minute: What may be used in a minute, > 0; None sets no limit.
        clock: Seconds that only grow.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        per_minute: float | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._seconds_each = 0.0 if per_minute is None else 60.0 / per_minute
        self._clock = clock
        self._sleep = sleep
        self._next = float("-inf")
        self._lock = threading.Lock()

    def take(self, amount: float = 1.0) -> float:
        """Waits until its turn, and uses an amount.

        Args:
            amount: How much, >= 0; what comes next waits the longer for it.

        Returns:
            Seconds waited, >= 0.
        """
        if not self._seconds_each:
            return 0.0
        with self._lock:
            now = self._clock()
            start = max(now, self._next)
            self._next = start + amount * self._seconds_each
        if start > now:
            self._sleep(start - now)
        return start - now

    def correct(self, amount: float) -> None:
        """Counts more, or less, where it turns out so afterwards.

        Args:
            amount: By how much; negative if less was used than was taken.
        """
        with self._lock:
            self._next += amount * self._seconds_each
