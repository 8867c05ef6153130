"""What a measurement was made on: without it a figure says little."""

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

PACKAGES = ("numpy", "gymnasium")


def describe_machine() -> dict[str, str]:
    """Processor, cores, Python, package versions and the commit of this repository."""
    facts = {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "commit": _commit(),
    }
    for package in PACKAGES:
        facts[package] = metadata.version(package)
    return facts


def _processor() -> str:
    """The model's name where Linux tells it, else the architecture."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _commit() -> str:
    """The short hash, with a mark where files differ from it."""
    command = ["git", "describe", "--always", "--dirty"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parent)
    return result.stdout.strip() or "unknown"
