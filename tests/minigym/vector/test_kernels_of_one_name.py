"""Machine code of two processes, loaded into a third: functions of one name must not take each other's place."""

import json

import numpy as np
import pytest

from minigym.vector.compiling import array_of, compiled
from tests.minigym.vector.compare import child

# Two kernels that differ in a constant of an inner function, too long to be inlined: machine code calls it by its name.
KERNELS = """
import json, math, sys
from minigym.vector.compiling import digest, kernel

def outer_of(factor):
    def inner(x, rounds):
        total = 0.0
        for i in range(rounds + 3):
            total += math.sin(x) * math.cos(total + factor) + math.exp(-total * total) + math.tan(x * i)
            total += math.log(1 + total * total) + math.sqrt(abs(total)) + math.atan(total)
        for i in range(rounds + 5):
            total += math.sin(x) * math.cos(total - factor) + math.exp(-total * total) + math.tan(x * i)
            total += math.log(1 + total * total) + math.sqrt(abs(total)) + math.atan(total)
        return total

    def outer(x):
        total = 0.0
        for i in range(3):
            total += inner(x + i, i) + inner(x - i, i + 1) + inner(x - 2 * i, i + 2)
        return total

    return outer

results, hits = [], 0
for factor in map(float, sys.argv[1:]):
    outer = outer_of(factor)
    dispatcher = kernel(outer, digest(outer))
    results.append((dispatcher(0.3), outer(0.3)))
    hits += sum(dispatcher.stats.cache_hits.values())
print(json.dumps([results, hits]))
"""


def test_two_kernels_from_two_processes_keep_their_own_functions(tmp_path):
    script = tmp_path / "kernels.py"  # Numba keeps nothing of what comes from no file
    script.write_text(KERNELS, encoding="utf-8")

    def run(*factors):
        code = f"import runpy; runpy.run_path({str(script)!r})"
        return json.loads(child(code, *factors, NUMBA_CACHE_DIR=str(tmp_path / "cache")))

    run(1.5)
    run(2.5)
    results, hits = run(1.5, 2.5)
    assert hits == 2  # both came from the disk
    for from_disk, python in results:
        assert from_disk == pytest.approx(python, rel=1e-12)
    assert results[0][1] != pytest.approx(results[1][1], rel=1e-6)


def test_functions_that_differ_in_a_dtype_have_names_of_their_own():
    names = {array_of(np.dtype(kind)).py_func.__qualname__ for kind in ("float64", "int64", "int32", "bool")}
    assert len(names) == 4
    assert compiled(array_of(np.dtype("int32"))) is array_of(np.dtype("int32"))
