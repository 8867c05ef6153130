"""The command line: ``python -m benchmarks throughput | learning | planning [--repeats N] [--output-dir DIR]``."""

import tyro

from benchmarks import learning, planning, throughput

if __name__ == "__main__":
    tyro.extras.subcommand_cli_from_dict(
        {"throughput": throughput.main, "learning": learning.main, "planning": planning.main},
        prog="python -m benchmarks",
    )
