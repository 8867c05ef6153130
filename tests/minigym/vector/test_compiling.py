"""Machine code on disk: what makes it stale, what may happen to it, and worlds that users write."""

import errno
import json
import os
import pickle
from types import FunctionType, ModuleType

import numba
import numpy as np
import pytest
from numba.core import caching

from minigym.vector.compiling import compiled, digest, kernel
from tests.minigym.vector.compare import child

# What a digest sees -------------------------------------------------------------------------------------------------

WORLD = '''
RATE = 2.0
TABLE = np.array([1.0, 2.0])
LIMITS = (1, (2.5, True))


def step(x, params):
    """The next x."""
    y = helper(x) * RATE  # faster
    return y + TABLE[0] + LIMITS[0] + constants.GRAVITY + np.searchsorted(TABLE, x, side="left") + inner(x) + nested(x)


def inner(x, factor=3):
    return x * factor


def nested(x):
    def deep(z):
        return z - 4.0

    return deep(x)
'''
PHYSICS = '''
SCALE = 0.5


def helper(x):
    """Half of x."""
    return SCALE * deeper(x)


def deeper(x):
    return x + 1
'''
CONSTANTS = "GRAVITY = 9.8"


def world_digest(world=WORLD, physics=PHYSICS, constants=CONSTANTS):
    """The digest of ``step`` in a package of three modules of this text."""
    modules = {name: ModuleType(name) for name in ("constants", "physics", "world")}
    exec(constants, modules["constants"].__dict__)
    exec(physics, modules["physics"].__dict__)
    modules["world"].__dict__.update(np=np, constants=modules["constants"], helper=modules["physics"].helper)
    exec(world, modules["world"].__dict__)
    return digest(modules["world"].step)


def test_a_digest_is_the_same_in_every_process_and_for_every_copy():
    assert world_digest() == world_digest()
    script = "from tests.minigym.vector.test_compiling import world_digest; print(world_digest())"
    assert child(script, PYTHONHASHSEED="1").strip() == child(script, PYTHONHASHSEED="2").strip() == world_digest()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("* RATE", "+ RATE"),
        ("RATE = 2.0", "RATE = 2.5"),
        ("np.array([1.0, 2.0])", "np.array([1.0, 3.0])"),
        ("np.array([1.0, 2.0])", "np.array([1, 2])"),
        ("(2.5, True)", "(2.5, False)"),
        ("LIMITS[0]", "LIMITS[1][0]"),
        ("factor=3", "factor=4"),
        ("x * factor", "x / factor"),
        ('side="left"', 'side="right"'),
        ("z - 4.0", "z - 5.0"),
        ("z - 4.0", "z + 4.0"),
    ],
)
def test_a_change_of_what_is_computed_changes_the_digest(old, new):
    assert WORLD.count(old) == 1
    assert world_digest(WORLD.replace(old, new)) != world_digest()


@pytest.mark.parametrize(("old", "new"), [("SCALE = 0.5", "SCALE = 0.25"), ("x + 1", "x + 2"), ("SCALE *", "SCALE /")])
def test_a_change_in_another_module_changes_the_digest(old, new):
    assert PHYSICS.count(old) == 1
    assert world_digest(physics=PHYSICS.replace(old, new)) != world_digest()
    assert world_digest(constants="GRAVITY = 1.6") != world_digest()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# faster", "# much faster"),
        ("The next x.", "What comes next."),
        ("    y = helper", "\n\n    # a line of its own\n    y = helper"),
    ],
)
def test_comments_docstrings_and_blank_lines_change_nothing(old, new):
    assert WORLD.count(old) == 1
    assert world_digest(WORLD.replace(old, new)) == world_digest()
    assert world_digest(physics=PHYSICS.replace("Half of x.", "A half.")) == world_digest()
    assert world_digest(WORLD + "\n\ndef unused():\n    return 1\n") == world_digest()


def test_functions_in_closures_and_compiled_ones_count():
    def outer(function):
        return lambda x: function(x) + 1

    def one(x):
        return x

    def two(x):
        return x + x

    assert digest(outer(one)) != digest(outer(two))
    assert digest(outer(numba.njit(one))) != digest(outer(numba.njit(two)))
    assert digest(outer(compiled(one))) == digest(outer(one))
    assert digest(outer(one), 1.0) != digest(outer(one), 2.0)

    def recursive(x):
        return recursive(x - 1) if x > 0 else x

    assert digest(recursive) == digest(recursive)


# What happens to the files ------------------------------------------------------------------------------------------


def triple(x):
    return 3.0 * x


def fresh():
    """A kernel of ``triple`` as another process would have it: nothing of it is compiled yet."""
    return kernel(FunctionType(triple.__code__, globals(), "triple"), "aaaa")


def hits(dispatcher):
    return sum(dispatcher.stats.cache_hits.values())


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The directory in which Numba keeps its files during the test."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    numba.core.config.reload_config()
    yield tmp_path / "cache"
    monkeypatch.undo()
    numba.core.config.reload_config()


def files_of(cache):
    return sorted(path for path in cache.rglob("*") if path.is_file())


def test_a_kernel_is_found_on_disk(cache):
    first, second = fresh(), fresh()
    assert (first(2.0), hits(first)) == (6.0, 0)
    assert [path.suffix for path in files_of(cache)] == [".nbc", ".nbi"]
    assert (second(2.0), hits(second)) == (6.0, 1)
    other = kernel(FunctionType(triple.__code__, globals(), "triple"), "bbbb")
    assert (other(2.0), hits(other)) == (6.0, 0)
    assert len(files_of(cache)) == 4


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: b"garbage", lambda data: data[: len(data) // 2]])
@pytest.mark.parametrize("suffixes", [(".nbi",), (".nbc",), (".nbi", ".nbc")])
def test_damaged_files_are_compiled_anew_and_replaced(cache, damage, suffixes):
    fresh()(2.0)
    for path in files_of(cache):
        if path.suffix in suffixes:
            path.write_bytes(damage(path.read_bytes()))
    again = fresh()
    assert (again(2.0), hits(again)) == (6.0, 0)
    mended = fresh()
    assert (mended(2.0), hits(mended)) == (6.0, 1)


def test_files_that_are_no_machine_code_are_compiled_anew(cache):
    fresh()(2.0)
    for path in files_of(cache):
        path.write_bytes(pickle.dumps(["something else"]))
    assert fresh()(2.0) == 6.0


def test_lost_files_are_compiled_anew(cache):
    fresh()(2.0)
    next(path for path in files_of(cache) if path.suffix == ".nbc").unlink()
    assert fresh()(2.0) == 6.0


def test_nowhere_to_write(cache, monkeypatch):
    cache.write_text("a file where the directory should be")
    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [caching.UserProvidedCacheLocator])
    assert fresh()(2.0) == 6.0
    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])
    assert fresh()(2.0) == 6.0


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_full_or_read_only_disk(cache, monkeypatch, number):
    def no_space(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(caching.IndexDataCacheFile, "_open_for_write", no_space)
    monkeypatch.setattr(os, "replace", no_space)
    assert fresh()(2.0) == 6.0
    assert fresh()(2.0) == 6.0


# A world of one's own -----------------------------------------------------------------------------------------------

DYNAMICS = """
from typing import NamedTuple

from swing.physics import pull

DAMPING = 0.9


class Params(NamedTuple):
    strength: float = 1.5
    limit: float = 1.0


def start(uniforms, low, high, params, ops):
    return (low + (high - low) * uniforms[0]) * params.strength, 0.1 * uniforms[1]


def prepare(state, params, ops):
    return (ops.sin(state[0]),)


def transition(state, action, values, uniforms, params, ops):
    angle, speed = state
    force = ops.where(action == 0, -params.strength, params.strength) + 0.5 * uniforms[0]
    speed = DAMPING * speed + 0.1 * (force - pull(values[0]))
    angle = angle + speed
    return (angle, speed), angle * angle, abs(angle) > params.limit, (force, speed)


def observe(state, ops):
    return state[0] + state[1], ops.cos(state[0]), 1.0
"""
ENVIRONMENT = """
import numpy as np
import minigym
from minigym.dynamics.world import SCALAR_OPS, World
from swing import dynamics


class SwingEnv(minigym.Env):
    def __init__(self, render_mode=None, strength=1.5):
        self.render_mode = render_mode
        self.action_space = minigym.spaces.Discrete(2)
        self.observation_space = minigym.spaces.Box(-np.inf, np.inf, (3,), np.float32)
        self.params = dynamics.Params(strength)

    @property
    def world(self):
        return World(
            start=dynamics.start, transition=dynamics.transition, params=self.params, state_size=2, start_draws=2,
            step_draws=1, start_bounds=(-0.2, 0.2), prepare=dynamics.prepare, prepare_size=1, observe=dynamics.observe,
            infos={"force": 0.0, "speed": 0.0},
        )

    def _observation(self):
        return np.array(dynamics.observe(self.state, SCALAR_OPS), np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state = dynamics.start(self.np_random.random(2).tolist(), -0.2, 0.2, self.params, SCALAR_OPS)
        return self._observation(), {"force": 0.0, "speed": 0.0}

    def step(self, action):
        values = dynamics.prepare(self.state, self.params, SCALAR_OPS)
        uniforms = (self.np_random.random(),)
        self.state, reward, terminated, (force, speed) = dynamics.transition(
            self.state, action, values, uniforms, self.params, SCALAR_OPS
        )
        return self._observation(), reward, bool(terminated), False, {"force": force, "speed": speed}


class SwingVectorEnv(minigym.vector.BatchEnv):
    env_class = SwingEnv
"""
SWING = """
import json
import numpy as np
from swing.environment import SwingEnv, SwingVectorEnv
from tests.minigym.vector.compare import play_both, side_by_side
rng = np.random.default_rng(0)
reset = ("reset", {"seed": 4, "options": None, "mask": None})
sequence = [reset, *[("step", row) for row in rng.integers(2, size=(60, 300))]]
ends = []
for backend in ("numba", "numpy"):
    ours = SwingVectorEnv(300, 40, backend=backend, strength=2.0)
    ends.append(play_both(ours, side_by_side(lambda lane: SwingEnv(strength=2.0), 300, 40), sequence))
    if backend == "numba":
        made = [kernel for kernel in ours._engine._kernels if hasattr(kernel, "stats")]
        found, compiled = (
            sum(sum(getattr(kernel.stats, counts).values()) for kernel in made)
            for counts in ("cache_hits", "cache_misses")
        )
assert ends[0] == ends[1] > 100
strengths = rng.uniform(1, 2, 300)
differing = SwingVectorEnv(300, 40, backend="numpy", strength=strengths)
play_both(differing, side_by_side(lambda lane: SwingEnv(strength=strengths[lane].item()), 300, 40), sequence)
print(json.dumps([found, compiled, ours.state.sum()]))
"""


def test_a_world_of_ones_own_and_what_an_edit_of_its_physics_does(tmp_path):
    """Both engines equal single environments from the class alone; an edit of ONE file is seen by the next process."""
    package = tmp_path / "swing"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "physics.py").write_text("def pull(sine):\n    return 9.8 * sine\n")
    (package / "dynamics.py").write_text(DYNAMICS)
    (package / "environment.py").write_text(ENVIRONMENT)

    def played():
        path = os.pathsep.join([str(tmp_path), os.getcwd()])
        return json.loads(child(SWING, NUMBA_CACHE_DIR=str(tmp_path / "cache"), PYTHONPATH=path))

    found, compiled_anew, sums = played()
    assert (found, compiled_anew) == (0, 4)  # seed, reset, observe, step
    assert played() == [4, 0, sums]
    (package / "dynamics.py").write_text(DYNAMICS.replace("DAMPING = 0.9", "DAMPING = 0.8"))
    found, compiled_anew, other_sums = played()
    assert (found, compiled_anew) == (3, 1)
    assert other_sums != sums
    (package / "physics.py").write_text("def pull(sine):\n    return 1.6 * sine\n")
    found, compiled_anew, third_sums = played()
    assert (found, compiled_anew) == (3, 1)
    assert third_sums not in (sums, other_sums)
    (package / "dynamics.py").write_text(DYNAMICS)
    (package / "physics.py").write_text("def pull(sine):  # as before\n\n    return 9.8 * sine\n")
    assert played() == [4, 0, sums]
