"""The command line: ``python -m benchmarks throughput | planning [--repeats N] [--output-dir DIR]``."""

import tyro

from benchmarks import planning, throughput

if __name__ == "__main__":
    tyro.extras.subcommand_cli_from_dict(
        {"throughput": throughput.main, "planning": planning.main}, prog="python -m benchmarks"
    )
