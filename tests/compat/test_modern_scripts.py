"""Today's scripts, unmodified: on minigym they print what they print on the real Gymnasium."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(__file__).parent / "scripts_modern"
ARGUMENTS = {"stable_baselines": ["fork", "forkserver", "spawn"]}


def run(*arguments):
    """What Python prints; one thread a process, since a sum's last bit depends on how many share the work."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("name", sorted(path.stem for path in SCRIPTS.glob("*.py")))
def test_a_script_prints_the_same_on_both(name):
    script = [SCRIPTS / f"{name}.py", *ARGUMENTS.get(name, [])]
    theirs = run(*script)
    assert len(theirs) > 1
    assert run("-m", "minigym", "run", "--as", "gymnasium", *script) == theirs
