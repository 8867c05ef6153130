"""The command line: ``python -m benchmarks throughput | learning | gpu-learning | planning | recipes``."""

import tyro

from benchmarks import gpu_learning, learning, planning, recipes, throughput

if __name__ == "__main__":
    tyro.extras.subcommand_cli_from_dict(
        {
            "throughput": throughput.main,
            "learning": learning.main,
            "gpu-learning": gpu_learning.main,
            "planning": planning.main,
            "recipes": recipes.main,
        },
        prog="python -m benchmarks",
    )
