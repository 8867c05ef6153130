"""One measurement, one process: a fresh interpreter, on one core or on all of them.

``in_own_process`` starts ``python -m benchmarks.process``, which calls one function and prints what it returns.
"""

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TIMEOUT = 300.0  # seconds, by far more than any measurement takes
# Libraries with thread pools of their own are told of the one core; the environment of this process is left alone.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}


class MeasurementError(Exception):
    """The process ended with an error, or did not end; the message says which."""


def in_own_process(
    function: str,
    *arguments: Any,
    all_cores: bool = False,
    environment: dict[str, str] | None = None,
    timeout: float | None = None,
) -> Any:
    """What ``function``, "module:name", returns for these arguments in a fresh interpreter; all of it must be JSON.

    Raises:
        MeasurementError: if it raised, crashed or took longer than ``timeout`` seconds, by default ``TIMEOUT``.
    """
    timeout = TIMEOUT if timeout is None else timeout
    request = json.dumps({"function": function, "arguments": arguments, "all_cores": all_cores})
    variables = {**os.environ, **({} if all_cores else ONE_THREAD), **(environment or {})}
    command = [sys.executable, "-m", "benchmarks.process", request]
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=ROOT, env=variables, timeout=timeout
        )
    except subprocess.TimeoutExpired:
        raise MeasurementError(f"not done after {timeout:g} s") from None
    if result.returncode != 0:
        raise MeasurementError(_last_error(result.stderr) or f"the process ended with {result.returncode}")
    return json.loads(result.stdout.splitlines()[-1])


def _last_error(text: str) -> str:
    """The line of a traceback that names the exception: messages, and JAX's notes, may go on below it."""
    lines = text.strip().splitlines() or [""]
    return next((line for line in reversed(lines) if re.match(r"[A-Za-z_][\w.]*: ", line)), lines[-1])


def _answer(request: dict[str, Any]) -> None:
    """Call the function that was asked for, and print what it returns as the last line."""
    if not request["all_cores"] and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # before any library starts threads
    module, _, name = request["function"].partition(":")
    result = getattr(importlib.import_module(module), name)(*request["arguments"])
    print(f"\n{json.dumps(result)}")


if __name__ == "__main__":
    _answer(json.loads(sys.argv[1]))
