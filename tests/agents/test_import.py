"""What ``import agents`` loads, and what it refuses."""

import json
import subprocess
import sys

import pytest

HEAVY = {"torch", "numba", "scipy", "matplotlib", "tqdm", "tyro", "pygame"}


def loaded_by(code):
    """The heavy packages that a fresh interpreter has loaded after running ``code``."""
    report = f"import json, sys; print(json.dumps(sorted({HEAVY!r} & set(sys.modules))))"
    done = subprocess.run([sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_import_agents_is_light():
    assert loaded_by("import agents") == set()


def test_tabular_work_never_loads_torch():
    code = """
import agents
agents.train("q_learning", "FrozenLake-v1", seeds=1, episodes=3)
agents.solve("FrozenLake-v1")
"""
    assert not loaded_by(code) & {"torch", "matplotlib", "tyro", "pygame"}


@pytest.mark.parametrize("args", [["list"], ["--help"], ["train", "--help"], ["train", "q_learning", "--help"]])
def test_help_and_list_load_no_agent_but_the_one_named(args):
    code = f"""
import contextlib
from agents.__main__ import main
with contextlib.suppress(SystemExit):
    main({args!r})
"""
    assert not loaded_by(code) & {"torch", "matplotlib", "pygame", "scipy"}


def test_the_other_package_of_this_name_is_refused(tmp_path):
    other = tmp_path / "openai_agents-0.1.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: openai-agents\nVersion: 0.1\n")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); sys.path.insert(0, ''); import agents"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "ImportError: minigym and the package openai-agents both have the import name `agents`" in done.stderr
