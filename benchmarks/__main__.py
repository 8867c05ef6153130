"""The command line: ``python -m benchmarks throughput | learning | learning-tabular | planning [--output-dir DIR]``."""

import tyro

from benchmarks import learning, learning_tabular, planning, throughput

if __name__ == "__main__":
    tyro.extras.subcommand_cli_from_dict(
        {
            "throughput": throughput.main,
            "learning": learning.main,
            "learning-tabular": learning_tabular.main,
            "planning": planning.main,
        },
        prog="python -m benchmarks",
    )
