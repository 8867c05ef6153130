"""``python -m minigym run --as gym script.py``: an old script, unmodified, on minigym."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.machinery import SourceFileLoader
from types import ModuleType

import minigym
from minigym.compat.install import DEFAULT, VERSIONS


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line and do what it says."""
    parser = argparse.ArgumentParser(prog="python -m minigym")
    commands = parser.add_subparsers(required=True, metavar="command")
    run = commands.add_parser("run", help="run a script, with minigym in place of gym")
    run.add_argument("--as", dest="name", required=True, metavar="gym[==VERSION]", help="what the script imports")
    run.add_argument("script", help="the script")
    run.add_argument("arguments", nargs=argparse.REMAINDER, help="the script's own arguments")
    chosen = parser.parse_args(arguments)
    package, _, version = chosen.name.partition("==")
    if package != "gym":
        run.error(f"argument --as: minigym does not speak {package!r} yet; write --as gym or --as gym=={DEFAULT}")
    if (version or DEFAULT) not in (*VERSIONS, *VERSIONS.values()):
        run.error(f"argument --as: there is no gym=={version} here; the versions are {', '.join(VERSIONS)}")
    if not os.path.isfile(chosen.script):
        run.error(f"there is no script {chosen.script!r}")
    _run(chosen.script, chosen.arguments, version or DEFAULT)


def _run(script: str, arguments: list[str], version: str) -> None:
    """Run the script as ``python script arguments`` would."""
    sys.argv = [script, *arguments]
    if not sys.flags.safe_path:  # -P and -I leave the script's directory out, as they leave out the present one
        sys.path[0] = os.path.dirname(os.path.abspath(script))
    # Worker processes must find minigym too, which may have been found in the directory just replaced.
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if here not in sys.path:
        sys.path.append(here)
    minigym.install_as_gym(version)
    # Not runpy.run_path: its __main__ is gone before atexit functions and last threads run.
    module = ModuleType("__main__")
    module.__file__ = script
    module.__loader__ = SourceFileLoader("__main__", script)
    sys.modules["__main__"] = module
    with open(script, "rb") as file:
        code = compile(file.read(), script, "exec", dont_inherit=True)
    exec(code, module.__dict__)


if __name__ == "__main__":
    main()
