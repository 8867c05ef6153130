"""The terminal report and the learning curve, of runs made by hand so that every figure is known."""

import dataclasses
import json
import re
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import agents
import minigym
from agents.common import plotting, report, scoring, wording
from agents.common.environment import describe
from agents.common.run import Learned, Run
from minigym import error

CHAIN = minigym.MDP.from_P(
    {
        state: {
            0: [(1.0, max(state - 1, 0), -1.0, False)],
            1: [(1.0, state + 1, 20.0 if state == 2 else -1.0, state == 2)],
        }
        for state in range(3)
    }
    | {3: {0: [(1.0, 3, 0.0, True)], 1: [(1.0, 3, 0.0, True)]}}
)

pytestmark = pytest.mark.usefixtures("tiny")


def make_run(env="FrozenLake-v1", seeds=(0, 1, 2), *, kwargs=None, unit="episodes", **changes):
    """A run in which seed k's i-th of 20 episodes returned (i >= 10 + k) and took 5 steps."""
    environment = describe(env, kwargs)
    count = len(seeds)
    arrays, checkpoints, exact = {"weights": np.zeros((count, 2))}, {}, None
    if environment.mdp is not None:
        best = agents.solve(env, env_kwargs=kwargs).policy
        arrays = {"q_values": np.tile(np.eye(environment.mdp.num_actions)[best], (count, 1, 1))}
        checkpoints = {
            "episodes": np.array([0, 10, 20]),
            "exact_success": np.linspace(0, 0.7, 3) + np.arange(count)[:, None] / 100,
            "exact_return": np.linspace(0, 0.5, 3) + np.arange(count)[:, None] / 100,
        }
        exact = np.array([agents.planning.policy_return(environment.mdp, best, horizon=environment.horizon)] * count)
    run = Run(
        agent="tiny",
        environment=environment,
        config=SimpleNamespace(gamma=0.99, **({"episodes": 20} if unit == "episodes" else {})),
        seeds=tuple(seeds),
        learned=Learned(
            arrays=arrays,
            steps=np.full(count, 100),
            episode_returns=[(np.arange(20) >= 10 + index).astype(float) for index in range(count)],
            episode_lengths=[np.full(20, 5) for _ in seeds],
            checkpoints=checkpoints,
            finished=True,
        ),
        seconds=1.25,
        final_scores=np.tile(np.arange(100) < 70, (count, 1)).astype(float),
        final_exact_return=exact,
    )
    for name, value in changes.items():
        setattr(run, name, value)
    return run


def lines_of(run, **options):
    text = report.text(run, **options)
    assert max(map(len, text.splitlines())) <= 80
    return [line.strip() for line in text.splitlines()]


def line_with(lines, words):
    (line,) = [line for line in lines if words in line]
    return line


def test_the_header_says_what_ran():
    lines = lines_of(make_run())
    assert lines[0] == "tiny on FrozenLake-v1, 3 seeds (0 to 2)"
    assert lines[1] == "20 episodes and 100 steps a seed, 1.2 s in all"
    assert lines_of(make_run(seeds=[7]))[0].endswith("seed 7")
    assert lines_of(make_run(seeds=[7, 3]))[0].endswith("2 seeds (7, 3)")
    assert "Stopped early by Ctrl-C" not in "\n".join(lines)
    stopped = make_run(seconds=125.0)
    stopped.learned.finished = False
    assert "Stopped early by Ctrl-C" in lines_of(stopped)[2]
    assert lines_of(stopped)[1].endswith("2 min 5 s in all")


def test_a_world_is_named_with_what_makes_it_another_one():
    lines = lines_of(make_run(kwargs={"map_name": "8x8", "is_slippery": False}))
    assert lines[0] == "tiny on FrozenLake-v1 (map_name=8x8, is_slippery=False), 3 seeds (0 to 2)"
    environment = describe("FrozenLake-v1", {"desc": ["SFFFFFFF", "FFFFFFFF", "FFFFFFFF", "FFFFFFFG"]})
    assert wording.world(environment) == "FrozenLake-v1 (desc=['SFFFFFFF', 'FFFFFFFF', '...)"
    plan = agents.solve(environment.mdp, gamma=0.9, horizon=1_000, epsilon=0.25)
    text = report.plan_text(environment, plan, 0.9, 1_000, epsilon=0.25)
    assert max(map(len, text.splitlines())) <= 80


def test_tenths_of_the_episodes():
    # Two episodes a tenth: seed k succeeds from episode 10 + k on, so the sixth tenth holds 2, 1 and 0 of 2 successes.
    means, unit = report.tenths(make_run())
    assert unit == "episodes"
    assert means.tolist() == [0, 0, 0, 0, 0, 0.5, 1, 1, 1, 1]
    lines = lines_of(make_run())
    assert line_with(lines, "by tenth") == (
        "Success while training (exploring), by tenth of the episodes, mean over seeds"
    )
    assert line_with(lines, "6/10").split() == ["6/10", "0.500", "█" * 20]
    assert line_with(lines, "10/10").split() == ["10/10", "1.000", "█" * 40]
    assert line_with(lines, "1/10").split() == ["1/10", "0.000"]


def test_tenths_of_the_steps_count_an_episode_where_it_ends():
    run = make_run("CartPole-v1", seeds=[0, 1], unit="steps")
    run.learned.episode_returns = [np.array([1.0, 3.0, 8.0]), np.array([5.0])]
    run.learned.episode_lengths = [
        np.array([15, 4, 80]),
        np.array([100]),
    ]  # ends after 15, 19, 99; and after 100 of 100
    means, unit = report.tenths(run)
    assert unit == "steps"
    np.testing.assert_array_equal(means, [np.nan, 2, *[np.nan] * 7, 6.5])
    lines = lines_of(run)
    assert line_with(lines, "1/10") == "1/10  no episode ended"
    assert line_with(lines, "2/10").split()[1] == "2.000"
    run.learned.episode_returns, run.learned.episode_lengths = [np.array([])] * 2, [np.array([], int)] * 2
    assert "No episode ended in training." in lines_of(run)


def test_bars_of_negative_returns_start_at_the_lowest():
    run = make_run(CHAIN, seeds=[0])
    run.learned.episode_returns = [-np.arange(20.0, 0.0, -1)]
    lines = lines_of(run)
    assert line_with(lines, "1/10").split() == ["1/10", "-19.5"]
    assert line_with(lines, "10/10").split() == ["10/10", "-1.500", "█" * 40]


def test_the_policy_stands_on_the_map():
    text = report.text(make_run())
    assert "  S←  ↑  ↑  ↑\n   ←  H  ←  H\n   ↑  ↓  ←  H\n   H  →  ↓  G\n  (S start, H hole, G goal)\n" in text
    run = make_run()
    run.q_values[0, 1] = [1, 0, 1, 0]
    run.q_values[0, 2] = 0
    run.q_values[1] = 0  # seed 1's ties are not seed 0's
    text = report.text(run)
    assert "  S←  ←* ·  ↑\n" in text
    assert "(S start, H hole, G goal, * another action is valued the same, · all are)" in text


def test_maps_get_narrower_until_they_do_not_fit():
    def shown(columns):
        row = "S" + "F" * (columns - 2) + "G"
        return report.text(make_run(kwargs={"desc": [row], "is_slippery": False}))

    assert "  S→ " + " → " * 24 in shown(26) + " "
    assert "\n  " + "→" * 29 + "G\n" in shown(30)
    assert "79 columns wide, too wide" in shown(79)


def test_a_table_without_a_map_is_listed():
    run = make_run(CHAIN)
    run.q_values[0, 1] = 0
    text = report.text(run)
    assert "Greedy policy of seed 0 (state: action)\n  0: 1     1: 0*    2: 1     3: end\n" in text
    many = minigym.MDP.from_P({state: {0: [(1.0, state, 0.0, False)]} for state in range(100)})
    assert "39: 0\n  ... and 60 more states" in re.sub(" +\n", "\n", report.text(make_run(many)))


def test_exact_figures_are_named_and_right():
    run = make_run(final_exact_return=np.array([0.740165, 0.1, 0.6]))
    run.final_exact_return[0] = run.optimum.stationary
    lines = lines_of(run)
    assert "Success of the greedy policy within 100 steps, exact" in lines
    assert line_with(lines, "median of all seeds").split()[-1] == "0.600000"
    assert line_with(lines, "worst seed").split()[-1] == "0.100000"
    assert line_with(lines, "best stationary policy found").split()[-1] == "0.740165"
    assert line_with(lines, "best with a clock").split()[-1] == "0.744190"
    discounted = lines.index("Return of the greedy policy discounted by 0.99, without a limit, exact")
    assert lines[discounted + 1].split() == ["seed", "0", "0.500000"]
    assert lines[discounted + 2].split() == ["optimal", "0.542026"]
    assert "The best stationary policy's value is reached by 1 of 3 seeds." in lines
    assert "Solved (at least 0.7): 1 of 3 seeds." in lines
    tests = lines.index("Success in 100 greedy test episodes a seed, within 100 steps")
    assert lines[tests + 1].split()[-1] == "0.700"


def test_random_play_stands_beside_the_optimum():
    assert line_with(lines_of(make_run()), "random play").split()[-1] == "0.013940"


def test_the_learning_curve_in_one_line():
    run = make_run()
    run.learned.checkpoints |= {"exact_success": np.tile(np.linspace(0, 1, 50), (3, 1)), "episodes": np.arange(50) // 3}
    lines = lines_of(run)
    at = lines.index("Success of the greedy policy, exact, median of seeds, over the checkpoints")
    signs, figures = lines[at + 1].split(maxsplit=1)
    assert len(signs) == 40
    assert (signs[0], signs[20], signs[-1]) == ("▁", "▅", "█")
    assert list(signs) == sorted(signs)
    assert figures == "0.000 to 1.000, at best 1.000"
    assert "\n  " + "_" * 3 in report.text(run, encoding="ascii")
    run.learned.checkpoints["exact_success"][:, -1] = 0.25
    assert line_with(lines_of(run), "at best").endswith("0.000 to 0.250, at best 0.980")
    run = make_run(CHAIN, seeds=[0])  # returns, and one seed: from the least to the greatest
    run.learned.checkpoints["exact_success"] = np.array([[-50.0, np.inf, 18.0]])
    lines = lines_of(run)
    assert lines[lines.index("Return of the greedy policy, exact, over the checkpoints") + 1].split() == [
        "▁█", "-50.0", "to", "18.0,", "at", "best", "18.0",
    ]  # fmt: skip


def test_several_seeds_have_the_figures_of_a_claim():
    run = make_run(final_exact_return=np.array([0.74, 0.1, 0.74]))
    run.exact_success[[0, 1], 2] = 0.74, 0.1
    lines = lines_of(run)
    at = lines.index("3 seeds: success on FrozenLake-v1 within 100 steps, exact")
    assert lines[at + 2].split()[-4:] == ["0.666667", "0.094299", "to", "0.991596"]
    assert lines[at + 3].split()[:2] == ["median", "0.740000"]
    assert "5th percentile" in lines[at + 4]
    assert "IQM (hides failures)" in lines[at + 6]
    assert "1 of 3 seeds never got there" in line_with(lines, "never got there")
    assert "95 % interval" not in report.text(make_run(seeds=[0]))


def test_the_report_does_without_scipy(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    assert "an interval needs SciPy" in line_with(lines_of(make_run()), "SciPy")


def test_a_run_that_failed_is_diagnosed_and_a_good_one_is_not():
    bad = lines_of(make_run(final_exact_return=np.array([0.740165, 0.1, 0.6])))
    assert line_with(bad, "Diagnosis").startswith("Diagnosis: 2 of 3 seeds learned too little")
    assert "Diagnosis" not in report.text(make_run())


def test_without_a_limit_or_a_threshold_the_report_says_so():
    lines = lines_of(make_run(CHAIN, seeds=[0]))
    assert "Return of the greedy policy cut after 1,000 steps, exact" in lines
    assert line_with(lines, "best stationary policy found").split()[-1] == "18.0000"
    assert "The best stationary policy's value is reached by 1 of 1 seed." in lines
    assert not [line for line in lines if "Solved" in line or "median" in line]


def test_without_a_table_every_seed_has_its_mean():
    run = make_run("CartPole-v1", seeds=range(12), unit="steps")
    run.final_scores = np.full((12, 100), 500.0)
    run.final_scores[4] = 20.0
    lines = lines_of(run)
    assert "Return in 100 greedy test episodes a seed, within 500 steps" in lines
    assert len(re.findall(r"seed \d+: 500\.0", "\n".join(lines))) == 11
    assert "seed 4: 20.0" in "\n".join(lines)
    assert "Solved (lower 95 % bound of the mean at least 475): 11 of 12 seeds." in lines


def test_signs_that_cannot_be_shown_become_ascii():
    run = make_run()
    run.q_values[0, 2] = 0
    text = report.text(run, encoding="ascii")
    assert text.isascii()
    assert "  S<  ^  .  ^\n   <  H  <  H\n   ^  v  <  H\n   H  >  v  G\n" in text
    assert "10/10     1.000  " + "#" * 40 in text
    assert "#" not in report.text(run, encoding="utf-8")
    run.environment = dataclasses.replace(run.environment, name="Jezioro-łódź-v1")
    assert "Jezioro-??d?-v1" in report.text(run, encoding="ascii")
    assert "Jezioro-łódź-v1" in report.text(run)


def test_where_it_was_saved(tmp_path):
    text = report.text(make_run(), tmp_path)
    assert text.endswith(f"Saved in {tmp_path}\nTo see it play: python -m agents watch {tmp_path}\n")


def test_evaluation_gives_intervals():
    run = make_run(seeds=[0, 5])
    scores = np.zeros((2, 100))
    scores[1, :99] = 1.0
    text = report.evaluation_text(run, scores, scores / 2, "exploring with epsilon 0.05")
    text, acting = text.replace("\n\n", "\n---").split("---")
    told = "The same 100 episodes as the policy acts in training, exploring with epsilon 0.05 seed 0"
    assert " ".join(acting.split()).startswith(told)
    assert "seed 5: 0.495 (0.485 to 0.505)" in acting
    assert re.search(r"mean over all seeds +0\.247\n", acting)
    assert "exact" not in acting
    assert "seed 0: 0.000 (0.000 to 0.000)" in text
    assert "seed 5: 0.990 (0.970 to 1.000)" in text  # the interval's end, 1.010, is no probability
    assert re.search(r"mean over all seeds +0\.495\n", text)
    assert re.search(r"the same, exact +0\.740165\n", text)
    assert max(map(len, text.splitlines())) <= 80
    few = report.evaluation_text(run, scores[:, :9])
    assert "interval" not in few


def test_plans_are_shown():
    environment = describe("FrozenLake-v1")
    text = report.plan_text(environment, agents.solve("FrozenLake-v1"), 0.99, None)
    assert "  S←  ↑  ↑  ↑\n" in text
    assert re.search(r"value of the start, discounted by 0.99, without a limit +0\.542026\n", text)
    assert re.search(r"its success, within 100 steps, exact +0\.740165\n", text)
    plan = agents.solve("FrozenLake-v1", gamma=1, horizon=100)
    text = report.plan_text(environment, plan, 1, 100, encoding="ascii")
    assert re.search(r"value of the start, undiscounted, within 100 steps +0\.744190\n", text)
    assert text.isascii()


# The learning curve


def drawn(run):
    figure = plotting.learning_curve(run)
    (axes,) = figure.axes
    return axes, {line.get_label(): line for line in axes.lines}


def test_exact_curves_with_their_optima():
    run = make_run()
    axes, named = drawn(run)
    thin = [line for line in axes.lines if line.get_linewidth() < 1]
    assert [line.get_ydata().tolist() for line in thin] == run.exact_success.tolist()
    assert named["median"].get_ydata().tolist() == run.exact_success[1].tolist()
    assert named["median"].get_xdata().tolist() == [0, 10, 20]
    for label, value in (
        ("best with a clock: 0.7442", 0.744190),
        ("best stationary policy found: 0.7402", 0.740165),
        ("solved from 0.7", 0.7),
    ):
        assert named[label].get_ydata() == pytest.approx([value, value], abs=1e-6)
    assert "within 100 steps" in axes.get_ylabel()
    assert {text.get_text() for text in axes.get_legend().get_texts()} >= {"each seed", "median"}


def test_training_returns_are_smoothed_and_the_window_is_said():
    run = make_run("CartPole-v1", seeds=[0, 1, 2], unit="steps")
    axes, named = drawn(run)
    thin = [line for line in axes.lines if line.get_linewidth() < 1 and line.get_label() != "solved from 475"]
    assert thin[0].get_xdata().tolist() == list(range(10, 101, 5))  # 20 episodes of 5 steps, a window of 2
    assert thin[0].get_ydata().tolist() == [0.0] * 9 + [0.5] + [1.0] * 9
    assert "mean of the last 2 episodes" in axes.get_ylabel()
    assert named["solved from 475"].get_ydata() == [475, 475]
    median = named["median"]
    assert np.interp(60, median.get_xdata(), median.get_ydata()) == pytest.approx(0.5, abs=0.05)  # seed 1's step


def test_a_run_without_episodes_still_has_a_picture():
    run = make_run("CartPole-v1", seeds=[0, 1], unit="steps")
    run.learned.episode_returns, run.learned.episode_lengths = [np.array([])] * 2, [np.array([], int)] * 2
    drawn(run)


def test_plotting_touches_no_global_state():
    code = """
import json, sys
import matplotlib
before = matplotlib.rcParams.copy()
sys.path.insert(0, "tests/agents")
from test_report import make_run
make_run().plot()
print(json.dumps([matplotlib.rcParams.copy() == before, "matplotlib.pyplot" in sys.modules]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [True, False]


# As courses count


def pole(*returns, per_step=1.0):
    """A run on the pole; a seed for each list of returns."""
    run = make_run("CartPole-v1", seeds=range(len(returns)), unit="steps")
    run.learned.episode_returns = [np.array(own, np.float64) for own in returns]
    run.learned.episode_lengths = [(np.array(own) / per_step).astype(np.int64) for own in returns]
    run.learned.steps = np.array([own.sum() for own in run.learned.episode_lengths])
    run.final_scores = np.full((len(returns), 100), 500.0)
    return run


def test_solved_is_the_end_of_the_first_hundred_episodes_that_reach_the_threshold():
    # 100 episodes with k of 500 and the others of 0 have a mean of 5 k: 475 with 95, first after 30 + 95 of them.
    run = pole([0] * 30 + [500] * 120, [500] * 100, [500] * 99, [0] * 60 + [500] * 94, [500] * 100 + [0] * 100)
    assert scoring.solved_after(run).tolist() == [125, 100, np.inf, np.inf, 100]
    assert scoring.solved_after(run, 470).tolist() == [124, 100, np.inf, 154, 100]
    assert scoring.reached(run).steps.tolist() == [95 * 500, 50_000, np.inf, np.inf, 50_000]
    run.environment = dataclasses.replace(run.environment, reward_threshold=None)
    with pytest.raises(error.InvalidParameter, match="no reward_threshold to reach"):
        scoring.solved_after(run)


def test_one_seed_is_solved_after_so_many_episodes():
    lines = "\n".join(lines_of(pole([0] * 30 + [500] * 120 + [200] * 10)))
    assert "Training episodes as courses count them (exploring)\n" in lines
    assert re.search(r"mean survival, in steps: the last 100 episodes +470\.0\n", lines)
    assert re.search(r"the best 100 in a row +500\.0\n", lines)
    told = (
        "solved after 125 episodes: the first 100 consecutive training episodes with a mean return of at least 475 "
        "ended there (a course that counts only the episodes before those 100 prints 100 less)"
    )
    assert told in " ".join(lines.split())
    assert "survival" not in report.text(pole([500] * 120, per_step=2.0))  # where a step does not pay 1


def test_many_seeds_have_a_median_a_range_and_a_share():
    lines = "\n".join(lines_of(pole([0] * 30 + [500] * 120, [500] * 100, [400] * 150)))
    assert "(exploring), median and range of seeds\n" in lines
    assert re.search(r"the last 100 episodes +500\.0   400\.0 to 500\.0\n", lines)
    assert re.search(r"solved after so many episodes +125   100 to never\n", lines)
    assert "solved by 2 of 3 seeds: there the first 100 consecutive" in lines


def test_unsolved_training_says_so():
    one = " ".join(lines_of(pole([400] * 150)))
    assert "not solved: there were no 100 consecutive training episodes with a mean return of at least 475" in one
    assert "100 less" not in one
    assert "not solved by any seed: there were no 100" in " ".join(lines_of(pole([400] * 150, [300] * 99)))
    assert "No seed had 100 training episodes, by whose mean courses call it solved." in lines_of(pole([400] * 99))
    assert "courses" not in report.text(make_run())  # a table: there the exact figures say it
