"""The benchmark of tabular learning measures what it says; how fast is not a matter for a test."""

import json

import pytest

from benchmarks import learning_tabular
from benchmarks.learning_tabular import CONTESTANTS, Row


def test_ratios_and_seconds():
    medians = (0.05, 0.1, 15, 20)
    rows = [Row(name, median, median, median, 1000.0) for name, median in zip(CONTESTANTS, medians, strict=True)]
    lines = [line.split(" | ") for line in learning_tabular.table(rows, 100).splitlines()[2:]]
    assert [line[5] for line in lines] == ["400 x (goal 250 x) |", "200 x (goal 250 x) |", "1.33 x |", "1 |"]
    assert [line[4] for line in lines] == ["0.005", "0.010", "1.500", "2.000"]


def test_medians_of_turns(monkeypatch):
    times = iter([1.0, 2.0, 8.0, 30.0, 5.0, 4.0, 9.0, 10.0, 3.0, 9.0, 7.0, 20.0])  # the contestants take turns
    monkeypatch.setattr(learning_tabular, "in_own_process", lambda *_: (next(times), 7.0))
    rows = learning_tabular.measure(repeats=3, episodes=1, seeds=1, seconds=1.0)
    assert [(row.median, row.fastest, row.slowest) for row in rows] == [(3, 1, 5), (4, 2, 9), (8, 7, 9), (20, 10, 30)]


def test_who_fails_is_named_with_the_reason():
    with pytest.raises(SystemExit, match=r"minigym could not be measured: minigym\.error\.InvalidParameter: episodes"):
        learning_tabular.measure(repeats=1, episodes=0, seeds=1, seconds=0.01)


def test_both_learn_the_same_amount():
    """Steps a seed agree but for chance: 300 episodes of 2 seeds of each loop, and of 20 of ours, within a quarter."""
    _, ours = learning_tabular.minigym_training(300, 20, 1)
    loop = [learning_tabular.numpy_training(300, seed, tuned)[1] for seed in range(2) for tuned in (False, True)]
    assert sum(loop) / 4 == pytest.approx(ours / 20, rel=0.25)


def test_a_short_run_prints_and_writes(tmp_path, capsys):
    learning_tabular.main(repeats=1, episodes=20, seeds=2, seconds=0.01, output_dir=tmp_path)
    document = json.loads((tmp_path / "learning_tabular.json").read_text())
    assert [row["contestant"] for row in document["rows"]] == list(CONTESTANTS)
    assert all(0.001 < row["median"] < 1e6 for row in document["rows"])
    text = (tmp_path / "learning_tabular.md").read_text()
    assert text.startswith("`python -m benchmarks learning-tabular --repeats 1 --episodes 20 ")
    assert capsys.readouterr().out.strip() in text
