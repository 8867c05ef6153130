"""Records what the old scripts print on the real gym: run by a Python that has gym 0.21.0 installed."""

import contextlib
import io
import json
import runpy
from pathlib import Path

SCRIPTS = Path(__file__).parents[1] / "scripts"
EXPECTED = SCRIPTS / "expected.json"
RECORDED = ("lake_q_learning", "lake_planning", "own_environment")


def main():
    """Run each script and write what it printed."""
    import numpy as np

    np.bool8 = np.bool_  # gym asks for this name, which NumPy 2 has dropped
    printed = {}
    for name in RECORDED:
        with contextlib.redirect_stdout(io.StringIO()) as text:
            runpy.run_path(str(SCRIPTS / f"{name}.py"), run_name="__main__")
        printed[name] = text.getvalue()
    EXPECTED.write_text(json.dumps(printed, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
