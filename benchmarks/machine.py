"""What a measurement was made on: without it a figure says little."""

import importlib.util
import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

PACKAGES = ("numpy", "numba", "torch", "gymnasium", "stable-baselines3", "envpool", "gymnax", "jax")


def describe_machine() -> dict[str, str]:
    """Processor, cores, cache, load, Python, package versions and the commit of this repository."""
    cache = last_level_cache()
    facts = {
        "processor": _processor(),
        "cores": str(cores()),
        "last-level cache": f"{cache / 2**20:.0f} MiB" if cache else "unknown",
        "load before the run": f"{os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else "unknown",
        "python": platform.python_version(),
        "commit": _commit(),
    }
    for package in PACKAGES:
        try:
            facts[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            facts[package] = "not installed"
    return facts


def not_installed(packages: str) -> str:
    """Why who needs these packages, separated by spaces, cannot take part here; "" if all are installed."""
    missing = [package for package in packages.split() if importlib.util.find_spec(package) is None]
    return f"not installed: {', '.join(missing)}" if missing else ""


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def last_level_cache() -> int:
    """Its size in bytes, 0 where the system does not tell. A virtual machine may share it with others."""
    sizes = [0]
    for file in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size"):
        text = file.read_text().strip()
        sizes.append(int(text[:-1]) * {"K": 2**10, "M": 2**20, "G": 2**30}[text[-1]])
    return max(sizes)


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
