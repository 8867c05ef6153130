"""Write the table of names in ``docs/gymnasium.md``: ``python docs/make_names.py``.

Each public name of each module of the installed Gymnasium stands in it, as present in what ``install_as_gymnasium``
puts in its place, or as absent, with the reason.
"""

import ast
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "gymnasium.md"
BEGIN = "<!-- the table of names: written by docs/make_names.py, checked by tests/compat/test_names.py -->\n"
END = "<!-- end of the table -->\n"

# Run in a process of its own, where the real one is not imported.
_OWN = """
import json
import minigym

minigym.install_as_gymnasium()
import gymnasium
from minigym.compat.modern import surface
import sys

modules = [name for name in sys.modules if name.partition(".")[0] == "gymnasium"]
print(json.dumps([surface.ABSENT, {name: surface.public_names(sys.modules[name]) for name in modules}]))
"""


def reference_names() -> dict[str, list[str]]:
    """The public names of each module of the real Gymnasium, read from its source.

    ``__all__`` where a module has one, else what it defines itself without an underscore in front, and what a
    package's ``__init__`` brings in from the package. Packages of other environments count as one name.
    """
    origin = importlib.util.find_spec("gymnasium").origin
    root = Path(origin).parent
    found = {}
    for file in sorted(root.rglob("*.py")):
        module = ".".join(file.relative_to(root.parent).with_suffix("").parts).removesuffix(".__init__")
        found[module] = _public(ast.parse(file.read_text(encoding="utf-8")), file.name == "__init__.py")
    return {module: names for module, names in found.items() if _in_scope(module)}


def _in_scope(module: str) -> bool:
    """Not the insides of environments that minigym does not have."""
    if not module.startswith("gymnasium.envs."):
        return True
    own = {"registration", "toy_text", "frozen_lake", "classic_control", "cartpole", "mountain_car", "utils"}
    return set(module.split(".")[2:]) <= own and "mujoco" not in module


def _public(tree: ast.Module, is_package: bool) -> list[str]:
    names = []
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.append(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            targets = [target.id for target in targets if isinstance(target, ast.Name)]
            if "__all__" in targets:
                return list(dict.fromkeys(element.value for element in node.value.elts))
            names += targets
        elif isinstance(node, ast.ImportFrom) and is_package and node.module.startswith("gymnasium"):
            names += [alias.asname or alias.name for alias in node.names]
    return [name for name in dict.fromkeys(names) if not name.startswith("_")]


def own_names() -> tuple[dict[str, str], dict[str, list[str]]]:
    """What is said to be absent, and the public names of each module that ``install_as_gymnasium`` offers."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-c", _OWN], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=True
    )
    absent, names = json.loads(done.stdout)
    return absent, names


def table() -> str:
    """The table in Markdown, between its markers; ``?`` stands where a reason is missing."""
    absent, own = own_names()
    lines, present_count, absent_count = [], 0, 0
    for module, names in reference_names().items():
        present = [name for name in names if name in own.get(module, [])]
        gaps: dict[str, list[str]] = {}
        for name in names:
            if name not in present:
                reason = absent.get(module) or absent.get(f"{module}.{name}") or "?"
                gaps.setdefault(reason, []).append(f"`{name}`")
        present_count += len(present)
        absent_count += len(names) - len(present)
        said = "; ".join(f"{', '.join(each)}: {reason}" for reason, each in gaps.items())
        lines.append(f"| `{module}` | {' '.join(f'`{name}`' for name in present)} | {said} |")
    head = [
        f"{present_count} of {present_count + absent_count} names are there.",
        "",
        "| module | present | absent, and why |",
        "|---|---|---|",
    ]
    return BEGIN + "\n".join([*head, *lines, ""]) + END


def main() -> None:
    """Replace the table in the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    PAGE.write_text(before + table() + rest.split(END)[1], encoding="utf-8")


if __name__ == "__main__":
    main()
