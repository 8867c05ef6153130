"""The command line: ``python -m benchmarks throughput [--repeats N] [--output-dir DIR]``."""

import tyro

from benchmarks import throughput

if __name__ == "__main__":
    tyro.extras.subcommand_cli_from_dict({"throughput": throughput.main}, prog="python -m benchmarks")
