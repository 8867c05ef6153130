"""A progress bar, and Ctrl-C as a flag: a learner stops at a whole step, so what it has learned can be saved."""

import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from agents.common.checkpoints import Checkpoint

_STOPPING = b"\nStopping at the next whole step; press Ctrl-C again to abort at once.\n"

_LOOK = 0.1  # seconds between two looks at the figures, which may cost more than a step; tqdm draws no more often
_LINE = "{n_fmt}/{total_fmt}|{bar}| {remaining} left, {rate_fmt}{postfix}"  # figures and all within 80 columns


class Progress:
    """What a learner reports to while it trains; a context manager.

    A bar is drawn on a terminal or in a notebook, and nowhere else, so that logs stay readable. The first Ctrl-C
    sets :attr:`stop`, the second raises KeyboardInterrupt. Signals reach only the main thread: in any other, Ctrl-C
    keeps the meaning that it had.
    """

    def __init__(self, checkpoint: Checkpoint | None = None) -> None:
        self.checkpoint = checkpoint or Checkpoint()
        """Where a learner keeps all that it is from time to time."""
        self.stop = False
        """True once Ctrl-C was pressed: the learner ends at its next whole step and returns ``finished=False``."""
        self._bar: Any = None
        self._looked = -math.inf
        self._previous_handler: Any = None

    def start(self, total: int | None, unit: str, begin: int = 0) -> None:
        """Begin to count from ``begin`` to ``total`` of ``unit`` (such as "episode"), of all seeds together.

        ``total`` is None where nobody knows.
        """
        if not _someone_watches():
            return
        try:
            from tqdm import tqdm
        except ImportError:  # a missing bar is no reason not to train
            return
        self._bar = tqdm(
            total=total,
            initial=begin,
            unit=f" {unit}s",
            unit_scale=True,
            dynamic_ncols=True,
            leave=False,
            bar_format=None if total is None else _LINE,
        )

    def update(self, amount: int, **figures: float | Callable[[], float]) -> None:
        """Count ``amount`` more; ``figures`` are shown beside the bar, but for those that are NaN.

        A function is called where someone watches, and then as often as the bar is drawn. ``return_`` is shown as
        "return", which Python keeps for itself.
        """
        if self._bar is None:
            return
        now = time.monotonic()
        if now - self._looked >= _LOOK:
            self._looked = now
            values = {name.rstrip("_"): value() if callable(value) else value for name, value in figures.items()}
            shown = [f"{name}={_short(value)}" for name, value in values.items() if not math.isnan(value)]
            self._bar.set_postfix_str(", ".join(shown), refresh=False)
        self._bar.update(amount)

    def __enter__(self) -> "Progress":
        if threading.current_thread() is threading.main_thread():
            self._previous_handler = signal.signal(signal.SIGINT, self._interrupted)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
        if self._previous_handler is not None:
            signal.signal(signal.SIGINT, self._previous_handler)

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        if self.stop:
            raise KeyboardInterrupt
        self.stop = True
        os.write(2, _STOPPING)  # print() is not safe here: the signal may have come in the middle of another print


def _short(value: float) -> str:
    """Three digits, as in 0.0123, 21.5 and 487; of a number of thousands all that stand before the point."""
    return f"{value:.3g}" if not 1_000 <= abs(value) < 1_000_000 else f"{value:.0f}"


def _someone_watches() -> bool:
    return sys.stderr.isatty() or "ipykernel" in sys.modules
