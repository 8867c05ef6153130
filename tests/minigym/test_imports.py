"""Which module imports which, read from the source; and what ``import minigym`` loads and touches."""

import ast
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import minigym

ROOT = Path(__file__).parents[2]

# Imports run one way: a unit imports from the rows above its own, besides itself and what SIBLINGS allows. A unit is a
# module or package right below minigym; "minigym" is its own __init__ and __main__. Some are still to come.
ORDER = (
    {"error", "logger"},
    {"seeding", "spaces", "dynamics"},
    {"core"},
    {"render"},
    {"envs", "wrappers"},
    {"vector"},
    {"registration"},
    {"compat", "testing"},
    {"minigym"},
    {"agents"},
    {"benchmarks"},
)
SIBLINGS = {("spaces", "seeding")}  # a space has a generator of its own
RANKS = {unit: rank for rank, units in enumerate(ORDER) for unit in units}
# Where each heavy package may be imported, always inside a function, so that only its users pay for it.
HEAVY = {
    "PIL": {"minigym/render/video.py"},
    "av": {"minigym/render/video.py"},
    "cloudpickle": {"minigym/vector/async_vector_env.py"},
    "pygame": {"minigym/render/window.py"},
    "scipy": {"minigym/dynamics/mdp.py"},
    "gymnasium": {"minigym/compat/gymnasium.py"},
}
ONE_FILE = ("numba", "torch")  # each in one file of minigym at most


class Import(NamedTuple):
    """One imported name, and where it is imported."""

    file: str
    line: int
    name: str  # dotted and absolute; for `from a import b` it is a.b
    functions: tuple[str, ...]  # the functions and classes around it
    for_types: bool  # below `if TYPE_CHECKING:`, never executed


def read_imports(file, source):
    """Every import in the source of a file, wherever it stands."""
    package = list(Path(file).with_suffix("").parts)[:-1]
    found = []

    def visit(node, functions, for_types):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            functions = (*functions, getattr(node, "name", "lambda"))
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for child in node.body:
                visit(child, functions, True)
            for child in node.orelse:
                visit(child, functions, for_types)
            return
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            names = [".".join([*above, *filter(None, [node.module]), alias.name]) for alias in node.names]
        found.extend(Import(file, node.lineno, name, functions, for_types) for name in names)
        for child in ast.iter_child_nodes(node):
            visit(child, functions, for_types)

    visit(ast.parse(source), (), False)
    return found


def all_imports():
    files = [file for package in ("minigym", "agents", "benchmarks") for file in sorted((ROOT / package).rglob("*.py"))]
    assert len(files) > 40
    return [
        found
        for file in files
        for found in read_imports(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8"))
    ]


def unit_of_file(file):
    parts = Path(file).with_suffix("").parts
    if parts[0] != "minigym":
        return parts[0]
    return "minigym" if parts[1] in ("__init__", "__main__") else parts[1]


def unit_of_name(name):
    """The unit that a dotted name belongs to; None for other packages. `minigym.make` is of minigym itself."""
    first, second = (*name.split("."), "")[:2]
    if first == "minigym":
        return second if second in RANKS else "minigym"
    return first if first in RANKS else None


def arrows_that_run_back(imports):
    wrong = []
    for found in imports:
        source, target = unit_of_file(found.file), unit_of_name(found.name)
        if target is None or source == target or (source, target) in SIBLINGS:
            continue
        if RANKS[target] >= RANKS[source]:
            wrong.append(f"{found.file}:{found.line}: {source} imports {found.name}")
    return wrong


def heavy_imports_out_of_place(imports):
    wrong = []
    for found in imports:
        package = found.name.partition(".")[0]
        if found.for_types or not found.file.startswith("minigym/"):
            continue
        known = package in sys.stdlib_module_names or package in ("minigym", "numpy", *HEAVY, *ONE_FILE)
        in_place = package not in HEAVY or found.file in HEAVY[package]
        lazy = package not in (*HEAVY, *ONE_FILE) or found.functions
        if not (known and in_place and lazy):
            wrong.append(f"{found.file}:{found.line}: {found.name}")
    return wrong


def test_every_file_belongs_to_a_unit_of_the_order():
    units = {unit_of_file(file.relative_to(ROOT).as_posix()) for file in (ROOT / "minigym").rglob("*.py")}
    assert units <= RANKS.keys()


def test_imports_run_one_way():
    assert arrows_that_run_back(all_imports()) == []


def test_heavy_packages_are_imported_in_their_places_only():
    """And nothing but NumPy and the standard library elsewhere; scipy inside ``MDP.sparse`` alone."""
    imports = all_imports()
    assert heavy_imports_out_of_place(imports) == []
    executed = [found for found in imports if not found.for_types]
    scipy = [found for found in executed if found.name.startswith("scipy") and found.file.startswith("minigym/")]
    assert {found.functions for found in scipy} == {("MDP", "sparse")}
    for package in ONE_FILE:
        files = {found.file for found in imports if found.name.partition(".")[0] == package}
        assert len({file for file in files if file.startswith("minigym/")}) <= 1


def test_environments_draw_in_functions_only():
    """Pictures are imported when they are drawn, so that a step never pays for them."""
    for found in all_imports():
        if found.file.startswith("minigym/envs/") and unit_of_name(found.name) == "render":
            assert found.functions or found.for_types, found


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("minigym/dynamics/mdp.py", "from minigym.core import Env"),
        ("minigym/spaces/box.py", "import minigym"),
        ("minigym/core.py", "def f():\n    from minigym import make"),
        ("minigym/render/text.py", "from minigym import envs"),
        ("minigym/dynamics/mdp.py", "from .. import spaces"),
        ("minigym/error.py", "from minigym import logger"),
        ("minigym/wrappers/common.py", "class A:\n    from ..envs.cart_pole import CartPoleEnv"),
        ("minigym/vector/sync.py", "import minigym.registration as r"),
        ("minigym/__init__.py", "import agents"),
        ("agents/dqn.py", "import benchmarks.machine"),
    ],
)
def test_an_arrow_that_runs_back_is_found(file, source):
    """The test of the test."""
    assert len(arrows_that_run_back(read_imports(file, source))) == 1


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("minigym/core.py", "import torch"),
        ("minigym/render/window.py", "import pygame"),
        ("minigym/render/text.py", "def f():\n    import pygame"),
        ("minigym/core.py", "def f():\n    from scipy import sparse"),
        ("minigym/wrappers/common.py", "def f():\n    import gymnasium.spaces"),
        ("minigym/wrappers/common.py", "def f():\n    import gym"),
        ("minigym/envs/cart_pole.py", "import requests"),
    ],
)
def test_a_heavy_import_out_of_place_is_found(file, source):
    assert len(heavy_imports_out_of_place(read_imports(file, source))) == 1


def test_imports_that_are_allowed_are_not_found():
    source = """
from typing import TYPE_CHECKING
import numpy as np
from minigym import error, seeding
if TYPE_CHECKING:
    from scipy.sparse import csr_array
def f():
    import torch
"""
    imports = read_imports("minigym/spaces/box.py", source)
    assert len(imports) == 6
    assert arrows_that_run_back(imports) == heavy_imports_out_of_place(imports) == []


# What runs when minigym is imported -----------------------------------------------------------------------------------

PROBE = """
import json, random, sys
before, random_state = set(sys.modules), random.getstate()
import numpy
numpy_state = repr(numpy.random.get_state())
# Writes are counted, since a variable set when this test's own process imported minigym would be inherited.
writes = []
sys.addaudithook(lambda event, args: writes.append(repr(args)) if event in ("os.putenv", "os.unsetenv") else None)
import minigym
print(json.dumps({
    # NumPy's compiled modules leave bare names such as cython_runtime behind, which no file belongs to.
    "loaded": sorted({name.partition(".")[0] for name in set(sys.modules) - before
                      if getattr(sys.modules[name], "__spec__", None) is not None}),
    "writes": writes,
    "random": random_state == random.getstate() and numpy_state == repr(numpy.random.get_state()),
    "names": [name for name in sys.argv[1].split() if eval(name) is None],
}))
"""
# Dotted names of the interface that must work after `import minigym` alone.
NAMES = """
minigym.make minigym.register minigym.registry minigym.spec minigym.pprint_registry
minigym.Env minigym.Wrapper minigym.ObservationWrapper minigym.ActionWrapper minigym.RewardWrapper
minigym.EnvSpec minigym.WrapperSpec minigym.MDP minigym.MDP.from_P minigym.TabularEnv minigym.Space minigym.__version__
minigym.spaces.Space minigym.spaces.Discrete minigym.spaces.Box minigym.spaces.MultiDiscrete
minigym.spaces.MultiBinary minigym.spaces.Tuple minigym.spaces.Dict
minigym.envs.frozen_lake.generate_random_map minigym.envs.FrozenLakeEnv minigym.envs.CartPoleEnv
minigym.wrappers.TimeLimit minigym.wrappers.OrderEnforcing minigym.wrappers.PassiveEnvChecker
minigym.wrappers.RecordEpisodeStatistics minigym.error.ResetNeeded minigym.seeding.np_random minigym.logger.warn
minigym.dynamics.cart_pole.step minigym.render
minigym.make_vec minigym.VectorEnv minigym.VectorizeMode minigym.vector.SyncVectorEnv minigym.vector.AsyncVectorEnv
minigym.vector.AutoresetMode minigym.vector.VectorWrapper minigym.vector.utils.batch_space
minigym.wrappers.vector.RecordEpisodeStatistics
"""


def test_import_minigym_loads_numpy_alone_and_changes_nothing():
    """Modules are counted rather than seconds: that is why it is quick, on every machine."""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROBE, NAMES], capture_output=True, text=True, check=True, cwd=ROOT
    )
    result = json.loads(run.stdout)
    assert {name for name in result["loaded"] if name not in sys.stdlib_module_names} == {"minigym", "numpy"}
    assert result["writes"] == []
    assert result["random"]
    assert result["names"] == []


def play(env_id, seed):
    """An episode of random play, from making the environment to closing it; everything seen."""
    env = minigym.make(env_id)
    env.action_space.seed(seed)
    seen = [env.reset(seed=seed)]
    done = False
    while not done:
        seen.append(env.step(env.action_space.sample()))
        done = seen[-1][2] or seen[-1][3]
    env.close()
    return repr(seen)


@pytest.mark.filterwarnings("ignore:.* is outdated:DeprecationWarning")
@pytest.mark.parametrize("env_id", list(minigym.registry))
def test_an_episode_neither_writes_nor_reads_the_global_generators(env_id):
    kept = random.getstate(), np.random.get_state()
    try:
        episodes = []
        for global_seed in (1, 2):
            random.seed(global_seed)
            np.random.seed(global_seed)
            before = random.getstate(), repr(np.random.get_state())
            episodes.append(play(env_id, seed=0))
            minigym.make(env_id).reset()  # one from entropy
            assert (random.getstate(), repr(np.random.get_state())) == before
        assert episodes[0] == episodes[1]
    finally:
        random.setstate(kept[0])
        np.random.set_state(kept[1])
