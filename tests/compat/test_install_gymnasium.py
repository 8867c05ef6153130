"""``install_as_gymnasium`` and its undoing. The real one is imported by this process, so each case has its own."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import minigym

ROOT = Path(__file__).parents[2]


def run(*arguments, path=(ROOT,), options=()):
    """Run Python on the arguments; what it printed, after a good end."""
    done = subprocess.run(
        [sys.executable, "-W", "error", *options, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def without(tmp_path):
    """A path on which there are minigym and NumPy but no gymnasium, for an interpreter without site packages."""
    for entry in Path(sysconfig.get_paths()["purelib"]).iterdir():
        if entry.name.startswith("numpy"):
            (tmp_path / entry.name).symlink_to(entry)
    return (tmp_path, ROOT)


EVERY_NAME = """
import importlib, os, sys
import minigym

variables, before = dict(os.environ), list(sys.path)
minigym.install_as_gymnasium()
path = list(sys.path)
minigym.install_as_gymnasium()
assert sys.path == path != before
assert dict(os.environ) == variables

import gymnasium
from minigym.compat.modern import surface

assert gymnasium.__version__ == "1.3.0"
assert "shim_gymnasium" in gymnasium.__file__
names = 0
for module in ["gymnasium", *surface.MODULES, *surface.SAME, "gymnasium.envs.registration"]:
    scope = {}
    assert importlib.import_module(module) is sys.modules[module]
    public = surface.public_names(sys.modules[module])
    assert len(set(public)) == len(public), (module, public)
    for name in public:
        exec(f"from {module} import {name}", scope)
        names += 1
env = gymnasium.make("CartPole-v1")
assert isinstance(env, gymnasium.Env) and isinstance(env, minigym.Env)
print(names, env)

minigym.uninstall_as_gymnasium()
assert sys.path == before
assert not [name for name in sys.modules if name.partition(".")[0] == "gymnasium"]
env.reset(seed=0)
env.step(0)  # what was made stays usable
"""


def test_every_module_and_name_where_the_real_one_is_installed():
    after = "import gymnasium\nassert gymnasium.make.__code__.co_filename.startswith(gymnasium.__path__[0])\n"
    after += "assert 'minigym' not in gymnasium.__file__\n"
    count, env = run("-c", EVERY_NAME + after).split()
    assert int(count) > 300
    assert env == "<TimeLimit<OrderEnforcing<PassiveEnvChecker<CartPoleEnv<CartPole-v1>>>>>"


def test_every_module_and_name_where_it_is_not_installed(without):
    after = """
try:
    import gymnasium
except ModuleNotFoundError:
    print("gone")
"""
    assert run("-c", EVERY_NAME + after, path=without, options=["-S"]).split()[-1] == "gone"


def test_the_real_one_imported_already_is_an_error():
    before = list(sys.path)
    with pytest.raises(minigym.error.Error, match=r"real gymnasium is imported already.*restart the kernel"):
        minigym.install_as_gymnasium()
    minigym.uninstall_as_gymnasium()
    assert sys.path == before
    assert "minigym" not in sys.modules["gymnasium"].__file__


@pytest.mark.parametrize("profile", ["2.x", "0.26", "", "x", None])
def test_a_profile_that_is_not_covered_is_refused(profile):
    with pytest.raises(minigym.error.Error, match=r"profile must be one of '0.29', '1.x', got"):
        minigym.install_as_gymnasium(profile)


PROFILES = """
import minigym

minigym.install_as_gymnasium("0.29")
minigym.install_as_gymnasium("1.3.0")
import gymnasium

minigym.install_as_gymnasium("1.x")
try:
    minigym.install_as_gymnasium("0.29")
except minigym.error.Error as refused:
    print(refused)
minigym.install_as_gym()
import gym

assert gym.__version__ == "0.21.0"
assert not issubclass(gym.Env, gymnasium.Env)  # Stable-Baselines3 tells the old from the new by their classes
minigym.uninstall_as_gym()
assert gymnasium.make("CartPole-v1").reset(seed=0)[0].dtype == "float32"
"""


def test_another_profile_needs_a_restart_once_it_is_imported_and_gym_may_stand_beside():
    assert "as profile 1.x: restart (in a notebook: restart the kernel), and begin with " in run("-c", PROFILES)


WORKERS = """
import multiprocessing, pickle, sys


def work(env_id):
    import gymnasium

    env = gymnasium.make(env_id)
    return gymnasium.__file__, env.reset(seed=0)[0].tolist(), env


def make_lane():
    import gymnasium

    return gymnasium.make("Mine-v0", max_episode_steps=3)


if __name__ == "__main__":
    import minigym

    minigym.install_as_gymnasium()
    import gymnasium

    gymnasium.register("Mine-v0", entry_point="gymnasium.envs.classic_control.cartpole:CartPoleEnv")
    for method in ("fork", "forkserver", "spawn"):
        with multiprocessing.get_context(method).Pool(1) as pool:
            file, observation, env = pool.apply(work, ["CartPole-v1"])
        assert file == gymnasium.__file__, (method, file)
        assert observation == gymnasium.make("CartPole-v1").reset(seed=0)[0].tolist()
        assert isinstance(env, gymnasium.Wrapper)
        envs = gymnasium.vector.AsyncVectorEnv([lambda: gymnasium.make("CartPole-v1")] * 2, context=method)
        print(method, envs.reset(seed=0)[0].tolist())
        envs.close()
    space = pickle.loads(pickle.dumps(gymnasium.spaces.Dict(a=gymnasium.spaces.Discrete(3))))
    assert pickle.loads(pickle.dumps(gymnasium.make)) is gymnasium.make
    assert space == gymnasium.spaces.Dict(a=gymnasium.spaces.Discrete(3))
"""


def test_it_reaches_child_processes_under_every_start_method(tmp_path):
    script = tmp_path / "workers.py"
    script.write_text(WORKERS, encoding="utf-8")
    lines = run(script).splitlines()
    assert [line.split()[0] for line in lines] == ["fork", "forkserver", "spawn"]
    assert len({line.split(" ", 1)[1] for line in lines}) == 1


def test_from_a_shell(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import sys, gymnasium\nprint(gymnasium.__version__, sys.argv[1:])\n", encoding="utf-8")
    for name in ("gymnasium", "gymnasium==1.x", "gymnasium==1.3.0", "gymnasium==1.0.0"):
        assert run("-m", "minigym", "run", "--as", name, script, "--seed", 1) == "1.3.0 ['--seed', '1']\n"
    assert run("-m", "minigym", "run", "--as", "gymnasium==0.29", script) == "0.29.1 []\n"
    done = subprocess.run(
        [sys.executable, "-m", "minigym", "run", "--as", "gymnasium==2", script],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "there is no gymnasium==2 here; the versions are 0.29, 1.x" in done.stderr
