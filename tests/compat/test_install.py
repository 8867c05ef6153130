"""``install_as_gym``, its undoing, and ``python -m minigym run``."""

import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

import minigym
from minigym.compat import install
from minigym.compat.classic import surface

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def undone():
    """Every test leaves the path and the modules as they were."""
    path = list(sys.path)
    yield
    minigym.uninstall_as_gym()
    assert sys.path == path
    assert not [name for name in sys.modules if name.partition(".")[0] == "gym"]


def test_installing_twice_is_harmless_and_sets_no_variable():
    variables = dict(os.environ)
    minigym.install_as_gym()
    path = list(sys.path)
    minigym.install_as_gym()
    assert sys.path == path
    assert dict(os.environ) == variables
    import gym

    minigym.install_as_gym()
    assert gym.__version__ == "0.21.0"
    assert minigym.install_as_gym.__defaults__ == ("0.21",)


@pytest.mark.parametrize("version", ["0.17", "0.18.3", "0.19", "0.20.0", "0.21"])
def test_the_version_is_the_one_asked_for(version):
    minigym.install_as_gym(version)
    import gym

    assert gym.__version__.startswith(version)
    assert gym.__version__ == gym.version.VERSION
    dtype = gym.make("CartPole-v1").reset().dtype
    assert dtype == ("float32" if version.startswith(("0.20", "0.21")) else "float64")


def test_another_version_needs_a_restart_once_gym_is_imported():
    minigym.install_as_gym("0.17")
    minigym.install_as_gym("0.18")
    import gym

    with pytest.raises(minigym.error.Error, match=r"as version 0\.18: restart"):
        minigym.install_as_gym("0.17")
    assert gym.__version__ == "0.18.3"


@pytest.mark.parametrize("version", ["0.26", "1.0", "", "0.1"])
def test_a_version_that_is_not_covered_is_refused(version):
    with pytest.raises(minigym.error.Error, match=r"version must be one of '0.17'.*got"):
        minigym.install_as_gym(version)


def test_the_real_gym_imported_already_is_an_error(monkeypatch):
    real = types.ModuleType("gym")
    real.__file__ = "/somewhere/site-packages/gym/__init__.py"
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "gym", real)
        with pytest.raises(minigym.error.Error, match=r"real gym is imported already.*restart the kernel"):
            minigym.install_as_gym()
        assert install.GYM.directory not in sys.path
        minigym.uninstall_as_gym()
        assert sys.modules["gym"] is real


def test_after_undoing_the_other_gym_is_found_again(tmp_path, monkeypatch):
    (tmp_path / "gym.py").write_text("__version__ = 'another'\n")
    with monkeypatch.context() as patch:
        patch.syspath_prepend(str(tmp_path))
        minigym.install_as_gym()
        import gym

        assert gym.__version__ == "0.21.0"
        minigym.uninstall_as_gym()
        import gym as another

        assert another.__version__ == "another"
        del sys.modules["gym"]


def test_every_module_of_the_surface_can_be_imported_and_says_what_is_missing():
    minigym.install_as_gym()
    import gym

    for name in [*surface.PACKAGES, *surface.MODULES]:
        scope = {}
        exec(f"import {name}\nmodule = {name}", scope)
        assert scope["module"] is sys.modules[name]
    with pytest.raises(AttributeError, match=r"no 'vector'.*docs/classic.md"):
        gym.vector  # noqa: B018  # the look-up is what fails
    gym.logger.set_level(gym.logger.ERROR)
    assert gym.logger.MIN_LEVEL == 40
    gym.logger.setLevel(gym.logger.WARN)


def command(*arguments, source=None, tmp_path=None):
    if source is not None:
        (tmp_path / "script.py").write_text(source, encoding="utf-8")
    words = [str(tmp_path / "script.py") if word == "SCRIPT" else word for word in arguments]
    return subprocess.run(
        [sys.executable, "-m", "minigym", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_a_script_sees_what_python_would_have_shown_it(tmp_path):
    (tmp_path / "beside.py").write_text("value = 7\n")
    source = """
import atexit, sys, pickle, beside, gym
def f(): pass
print(__name__, __file__ == sys.argv[0], sys.argv[1:], beside.value, pickle.loads(pickle.dumps(f)) is f)
atexit.register(lambda: print("at exit", beside.value))
sys.exit(3)
"""
    done = command("run", "--as", "gym", "SCRIPT", "--as", "x", "-v", source=source, tmp_path=tmp_path)
    assert done.stdout == "__main__ True ['--as', 'x', '-v'] 7 True\nat exit 7\n"
    assert (done.returncode, done.stderr) == (3, "")


def test_a_monitor_left_open_writes_its_statistics_at_exit(tmp_path):
    source = """
import gym, sys
kept = sys.kept = gym.wrappers.Monitor(gym.make("FrozenLake-v1"), sys.argv[1])
kept.reset()
"""
    done = command("run", "--as", "gym", "SCRIPT", str(tmp_path / "out"), source=source, tmp_path=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(list((tmp_path / "out").glob("*.manifest.json"))) == 1


def test_what_differs_between_versions_apart_from_numbers(tmp_path):
    source = """
import gym
gym.logger.setLevel(gym.logger.INFO)
gym.logger.info("one %s", "two")
gym.register("Free-v0", entry_point=gym.envs.toy_text.FrozenLakeEnv)
print(gym.make("Free-v0"), gym.spec("FrozenLake-v0").reward_threshold, gym.spaces.Box(0, 1, shape=(2,)))
"""
    making = "INFO: Making new env: Free-v0\n"
    line = "<{}> {} Box({}, (2,), float32)\n"
    for version, said, printed, errors in (
        ("0.17", line.format("FrozenLakeEnv<Free-v0>", 0.78, "0.0, 1.0"), "INFO: one two\n" + making, ""),
        ("0.18", line.format("FrozenLakeEnv<Free-v0>", 0.70, "0.0, 1.0"), "INFO: one two\n" + making, ""),
        ("0.20", line.format("FrozenLakeEnv<Free-v0>", 0.78, "[0. 0.], [1. 1.]"), "INFO: one two\n" + making, ""),
        (
            "0.21",
            line.format("OrderEnforcing<FrozenLakeEnv<Free-v0>>", 0.78, "[0. 0.], [1. 1.]"),
            "",
            "INFO: one two\n" + making,
        ),
    ):
        done = command("run", "--as", f"gym=={version}", "SCRIPT", source=source, tmp_path=tmp_path)
        assert (done.stdout, done.stderr) == (printed + said, errors)


def test_a_traceback_shows_the_lines_of_the_script(tmp_path):
    done = command("run", "--as", "gym", "SCRIPT", source="import gym\ngym.make('Nothing-v0')\n", tmp_path=tmp_path)
    assert done.returncode == 1
    assert f"{tmp_path / 'script.py'}\", line 2, in <module>\n    gym.make('Nothing-v0')" in done.stderr
    assert "UnregisteredEnv" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--as", "pettingzoo", "SCRIPT"], "does not speak 'pettingzoo'; write --as gym or --as gymnasium"),
        (["run", "--as", "gym==0.26", "SCRIPT"], "the versions are 0.17"),
        (["run", "--as", "gym", "nowhere.py"], "there is no script 'nowhere.py'"),
        (["run", "SCRIPT"], "required: --as"),
        ([], "required: command"),
    ],
)
def test_a_wrong_command_says_what_works(arguments, said, tmp_path):
    done = command(*arguments, source="raise RuntimeError", tmp_path=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
