"""The benchmark measures what it says; how fast is not a matter for a test."""

import json
import re
from pathlib import Path

import pytest

from benchmarks import throughput
from benchmarks.throughput import Row, Task


def test_ratio_and_goal_stand_on_our_line() -> None:
    rows = [
        Row(task.env_id, library, median, median, median)
        for task in throughput.TASKS
        for library, median in (("minigym", 2.0), ("gymnasium", 9.0))
    ]
    lines = throughput.table(rows).splitlines()[2:]
    assert [line.split(" | ")[1] for line in lines] == ["minigym", "gymnasium"] * 2
    assert [line.split(" | ")[5] for line in lines] == ["4.50 x", "1"] * 2
    assert "500,000" in lines[0]
    assert ">= 3.5 x" in lines[0]


def test_medians_of_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([1e-6, 5e-6, 9e-6, 6e-6, 2e-6, 7e-6])  # the libraries take turns: ours, theirs, ours, ...
    monkeypatch.setattr(throughput, "_in_own_process", lambda *_: next(seconds))
    ours, theirs = throughput.measure(Task("CartPole-v1", 3.5), repeats=3, steps=1, seconds=1.0)
    assert (ours.median, ours.fastest, ours.slowest) == pytest.approx((2.0, 1.0, 9.0))
    assert (theirs.median, theirs.fastest, theirs.slowest) == pytest.approx((6.0, 5.0, 7.0))


def test_a_short_run_prints_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    throughput.main(repeats=1, steps=50, seconds=0.05, output_dir=tmp_path)
    document = json.loads((tmp_path / "throughput.json").read_text())
    assert {(row["task"], row["library"]) for row in document["rows"]} == {
        (task.env_id, library) for task in throughput.TASKS for library in throughput.LIBRARIES
    }
    assert all(0.1 < row["median"] < 1e6 for row in document["rows"])  # microseconds
    assert {"processor", "commit", "numpy", "gymnasium"} <= set(document["machine"])
    printed = capsys.readouterr().out.strip()
    assert printed in (tmp_path / "throughput.md").read_text()
    assert len(re.findall(r"^\| (CartPole|FrozenLake)-v1 \|", printed, flags=re.MULTILINE)) == 4
