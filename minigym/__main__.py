"""``python -m minigym run --as gym script.py``: a script, unmodified, on minigym."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.machinery import SourceFileLoader
from types import ModuleType

from minigym.compat.install import SHIMS, Shim


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line and do what it says."""
    parser = argparse.ArgumentParser(prog="python -m minigym")
    commands = parser.add_subparsers(required=True, metavar="command")
    run = commands.add_parser("run", help="run a script, with minigym in place of gym or gymnasium")
    run.add_argument(
        "--as",
        dest="name",
        required=True,
        metavar="NAME[==VERSION]",
        help="what the script imports: gym, gym==0.17, gymnasium, gymnasium==0.29, ...",
    )
    run.add_argument("script", help="the script")
    run.add_argument("arguments", nargs=argparse.REMAINDER, help="the script's own arguments")
    chosen = parser.parse_args(arguments)
    package, _, version = chosen.name.partition("==")
    if package not in SHIMS:
        run.error(f"argument --as: minigym does not speak {package!r}; write --as gym or --as gymnasium")
    shim = SHIMS[package]
    if shim.known(version or shim.default) is None:
        run.error(f"argument --as: there is no {package}=={version} here; the versions are {', '.join(shim.versions)}")
    if not os.path.isfile(chosen.script):
        run.error(f"there is no script {chosen.script!r}")
    _run(chosen.script, chosen.arguments, shim, version or shim.default)


def _run(script: str, arguments: list[str], shim: Shim, version: str) -> None:
    """Run the script as ``python script arguments`` would."""
    sys.argv = [script, *arguments]
    if not sys.flags.safe_path:  # -P and -I leave the script's directory out, as they leave out the present one
        sys.path[0] = os.path.dirname(os.path.abspath(script))
    # Worker processes must find minigym too, which may have been found in the directory just replaced.
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if here not in sys.path:
        sys.path.append(here)
    shim.install(version)
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
