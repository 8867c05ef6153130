"""The command line: ``python -m benchmarks COMMAND``; ``--help`` lists the commands."""

import tyro

from benchmarks import gpu_learning, learning, learning_tabular, planning, recipes, throughput

if __name__ == "__main__":
    tyro.extras.subcommand_cli_from_dict(
        {
            "throughput": throughput.main,
            "learning": learning.main,
            "learning-tabular": learning_tabular.main,
            "gpu-learning": gpu_learning.main,
            "planning": planning.main,
            "recipes": recipes.main,
        },
        prog="python -m benchmarks",
    )
