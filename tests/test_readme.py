"""What the README and the docs say runs, each block in a process of its own.

(The README's two bash blocks install packages as well; `.ci/run` runs the second as it stands.)
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
# The pages of the docs with blocks, and whose place minigym takes there.
PAGES = {"batches": "minigym", "classic": "gym", "gymnasium": "gymnasium", "planning": "minigym", "results": "minigym"}


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def docs(page: str) -> str:
    return (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")


def run(command: str, directory: Path) -> str:
    """What ``command`` prints, run by this interpreter in ``directory``."""
    arguments = shlex.split(command)
    assert arguments[0] == "python"
    # The working directory is not the repository's, as a user's is not; a window goes to SDL's dummy driver.
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SDL_VIDEODRIVER": "dummy"}
    result = subprocess.run(
        [sys.executable, *arguments[1:]], cwd=directory, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_first_two_blocks_are_the_two_commands() -> None:
    fenced = re.findall(r"^```(\w+)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
    for language, text in fenced[:2]:
        assert language == "bash"
        assert re.fullmatch(r'pip install -e "\.\[[\w,]+\]" -c constraints\.txt && python -m [^\n]+\n', text)
    assert "torch" not in fenced[0][1]
    assert "deep" not in fenced[0][1]


def test_training_command(tmp_path: Path) -> None:
    command = blocks("bash")[0].split("&&")[1].strip()
    printed = run(command, tmp_path)
    assert "0.740165" in printed
    assert (tmp_path / "runs" / "q_learning-FrozenLake-v1-1" / "learning_curve.png").exists()


@pytest.mark.parametrize("number", range(len(blocks("python"))))
def test_python(number: int, tmp_path: Path) -> None:
    script = tmp_path / "block.py"
    script.write_text(blocks("python")[number], encoding="utf-8")
    run(f"python {script}", tmp_path)


def test_pages_with_blocks_are_tested() -> None:
    with_blocks = {path.stem for path in (ROOT / "docs").glob("*.md") if "```" in path.read_text(encoding="utf-8")}
    assert with_blocks == PAGES.keys()
    for page in PAGES:
        assert len(blocks(r"\w*", docs(page))) == len(blocks("python", docs(page))) + len(blocks("bash", docs(page)))


@pytest.mark.parametrize(
    ("page", "number"), [(page, n) for page in PAGES for n in range(len(blocks("python", docs(page))))]
)
def test_python_of_the_docs(page: str, number: int, tmp_path: Path) -> None:
    block = blocks("python", docs(page))[number]
    if number == 0 or "install_as_" in block:  # what such a block is for comes after it
        name = PAGES[page]
        block += f'import {name}\nassert {name}.make("CartPole-v1").unwrapped.__module__.startswith("minigym")\n'
    script = tmp_path / "block.py"
    script.write_text(block, encoding="utf-8")
    run(f"python {script}", tmp_path)


@pytest.mark.parametrize("page", [page for page in PAGES if page not in ("batches", "planning", "results")])
def test_shell_of_the_docs(page: str, tmp_path: Path) -> None:
    commands = [line for block in blocks("bash", docs(page)) for line in block.splitlines()]
    assert commands
    for command in commands:
        library, script, arguments = re.fullmatch(
            r"python -m minigym run --as (\w+)\S* (\w+\.py) (.+)", command
        ).groups()
        (tmp_path / script).write_text(
            f'import sys, {library}\nprint({library}.make("CartPole-v1").unwrapped.__module__, *sys.argv[1:])\n',
            encoding="utf-8",
        )
        module, *rest = run(command, tmp_path).split()
        assert module.startswith("minigym")
        assert rest == arguments.split()


@pytest.mark.slow
def test_shell(tmp_path: Path) -> None:
    for block in blocks("sh"):
        for command in block.splitlines():
            run(command, tmp_path)


def test_pictures_exist_and_are_drawn_by_the_script() -> None:
    script = (ROOT / "docs" / "make_pictures.py").read_text(encoding="utf-8")
    for picture in re.findall(r"\]\((docs/pictures/\w+\.png)\)", README):
        assert (ROOT / picture).exists()
        assert Path(picture).name in script
