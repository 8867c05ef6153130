"""The command line: ``python -m benchmarks throughput | learning | planning | recipes [--output-dir DIR]``."""

import tyro

from benchmarks import learning, planning, recipes, throughput

if __name__ == "__main__":
    tyro.extras.subcommand_cli_from_dict(
        {
            "throughput": throughput.main,
            "learning": learning.main,
            "planning": planning.main,
            "recipes": recipes.main,
        },
        prog="python -m benchmarks",
    )
