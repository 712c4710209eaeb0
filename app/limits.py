"""How much one caller may ask for: a bucket of tokens each, which fills as time goes by."""

from collections import OrderedDict
from dataclasses import dataclass

CALLERS_MAX = 10_000  # the oldest are forgotten, which only ever lets them in


@dataclass(slots=True)
class _Bucket:
    left: float
    at_ms: int


class Limits:
    """Rates by caller: *per_s* requests a second on average, *burst* at once."""

    def __init__(self, per_s: int, burst: int) -> None:
        self.per_s = per_s
        self.burst = burst
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, caller: str, now_ms: int) -> int:
        """0 if *caller* may ask now, else after how many milliseconds."""
        bucket = self._buckets.setdefault(caller, _Bucket(float(self.burst), now_ms))
        self._buckets.move_to_end(caller)
        if len(self._buckets) > CALLERS_MAX:
            self._buckets.popitem(last=False)
        passed_ms = max(0, now_ms - bucket.at_ms)  # a clock may be set back
        bucket.left = min(float(self.burst), bucket.left + passed_ms * self.per_s / 1000)
        bucket.at_ms = now_ms
        if bucket.left < 1:
            return max(1, round((1 - bucket.left) * 1000 / self.per_s))
        bucket.left -= 1
        return 0
