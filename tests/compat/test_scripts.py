"""Old scripts, unmodified: on minigym they print what they printed on the real gym.

``scripts/expected.json`` holds what that was, recorded by ``reference/record_scripts.py``. (pole_monitor.py opens
windows and calls ffmpeg there: what it must print is computed here.)
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.compat.reference.record_scripts import EXPECTED, RECORDED, SCRIPTS

ROOT = Path(__file__).parents[2]


def run(name, *arguments, version=None, path=(), display=None, code=None):
    """What a script prints, run by ``python -m minigym run`` or, as ``code``, with the one line at its top."""
    environment = {
        key: value
        for key, value in os.environ.items()
        if key not in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER", "PYTHONPATH")
    }
    environment["PYTHONPATH"] = os.pathsep.join([*map(str, path), str(ROOT)])
    if display is not None:
        environment["DISPLAY"] = display
    if code is None:
        program = ["-m", "minigym", "run", "--as", "gym" if version is None else f"gym=={version}", str(SCRIPTS / name)]
    else:
        program = [str(code)]
    done = subprocess.run(
        [sys.executable, *program, *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


@pytest.fixture
def other_gym(tmp_path):
    """A directory with a gym in it that must not be imported."""
    package = tmp_path / "other" / "gym"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('the other gym was imported')\n")
    return package.parent


@pytest.mark.parametrize("name", RECORDED)
def test_a_script_prints_what_it_printed_on_the_real_gym(name):
    printed, _ = run(f"{name}.py")
    assert printed == json.loads(EXPECTED.read_text(encoding="utf-8"))[name]


def test_with_another_gym_installed_and_the_line_at_the_top(tmp_path, other_gym):
    script = tmp_path / "notebook.py"
    source = (SCRIPTS / "lake_planning.py").read_text(encoding="utf-8")
    script.write_text(f"import minigym; minigym.install_as_gym()\n{source}", encoding="utf-8")
    printed, _ = run(None, path=[other_gym], code=script)
    assert printed == json.loads(EXPECTED.read_text(encoding="utf-8"))["lake_planning"]


@pytest.mark.parametrize("version", ["0.17", "0.21"])
def test_a_monitored_pole_without_a_display(version, tmp_path):
    pytest.importorskip("PIL")
    printed, errors = run("pole_monitor.py", tmp_path / "videos", version=version)
    check_monitored(printed)
    assert "nothing here" not in errors  # at the level ERROR warnings are silent


def check_monitored(printed):
    lines = printed.splitlines()
    lengths = [int(line.split()[3]) for line in lines[:9]]
    assert all(
        ("'TimeLimit.truncated': True" in line) == (length == 30) for line, length in zip(lines, lengths, strict=False)
    )
    assert 30 in lengths
    assert lines[9] == f"{[float(length) for length in lengths]} {lengths} {sum(lengths)}"
    assert lines[10:] == ["3 videos", f"{lengths} {['t'] * 9}", "the directory is not empty"]


@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="needs an X server that shows nothing")
def test_a_monitored_pole_with_a_display(tmp_path):
    pytest.importorskip("PIL")
    pytest.importorskip("pygame")
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "800x600x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    try:
        os.close(write)
        with os.fdopen(read) as number:
            display = f":{number.readline().strip()}"
        printed, _ = run("pole_monitor.py", tmp_path / "videos", display=display)
    finally:
        server.terminate()
        server.wait()
    check_monitored(printed)


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
@pytest.mark.parametrize("way", ["command", "line at the top"])
def test_worker_processes_find_minigym_and_the_version(method, way, tmp_path, other_gym):
    code = None
    if way == "line at the top":
        code = tmp_path / "notebook.py"
        source = (SCRIPTS / "workers.py").read_text(encoding="utf-8")
        code.write_text(
            "if __name__ == '__main__':\n    import minigym; minigym.install_as_gym('0.18')\n" + source,
            encoding="utf-8",
        )
    printed, _ = run("workers.py", method, version="0.18", path=[other_gym], code=code)
    assert printed == f"{[('0.18.3', 'float64', 16)] * 2} CartPoleEnv\n"
