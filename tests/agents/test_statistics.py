"""Intervals against scipy, against numbers of rliable, and against cases with known answers; runs as results."""

import dataclasses
import math

import numpy as np
import pytest
from scipy import stats

import agents
import minigym
from agents.common import scoring, statistics
from agents.common.environment import describe
from agents.common.run import Learned, Run
from minigym import error

pytestmark = pytest.mark.usefixtures("tiny")


# Shares


@pytest.mark.parametrize("trials", [1, 2, 20, 100])
@pytest.mark.parametrize("confidence", [0.95, 0.9])
def test_a_share_has_the_exact_binomial_interval(trials, confidence):
    for successes in range(trials + 1):
        interval = statistics.share(successes, trials, confidence)
        expected = stats.binomtest(successes, trials).proportion_ci(confidence, method="exact")
        assert interval.estimate == successes / trials
        assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_a_hundred_of_a_hundred_shows_what_the_design_says():
    """The design's 96.4 % is the lower end of the two-sided interval, 0.025 ** (1 / 100)."""
    assert statistics.share(100, 100).low == pytest.approx(0.025**0.01, abs=1e-12)
    assert round(100 * statistics.share(100, 100).low, 1) == 96.4


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (-1, 5), (6, 5)])
def test_an_impossible_share_is_refused(successes, trials):
    with pytest.raises(error.InvalidParameter, match=f"got {successes} of {trials}"):
        statistics.share(successes, trials)


# The bootstrap


def skewed(count=60, seed=0):
    return np.random.default_rng(seed).gamma(0.8, size=count)


@pytest.mark.parametrize("name", statistics.STATISTICS)
def test_the_bootstrap_is_scipys(name):
    scores, function = skewed(), statistics.STATISTICS[name]
    interval = statistics.bootstrap(scores, name, repetitions=20_000)
    expected = stats.bootstrap(
        (scores,),
        lambda sample, axis: function(np.moveaxis(sample, axis, -1)),
        vectorized=True,
        n_resamples=20_000,
        method="percentile",
        rng=np.random.default_rng(1),
    ).confidence_interval
    width = expected.high - expected.low
    assert interval.estimate == function(scores)
    assert interval.low == pytest.approx(expected.low, abs=0.04 * width)
    assert interval.high == pytest.approx(expected.high, abs=0.04 * width)


@pytest.mark.parametrize("count", [1, 3, 4, 5, 7, 10, 30, 33])
def test_the_iqm_is_scipys_trimmed_mean(count):
    scores = np.random.default_rng(count).normal(size=(3, count))
    assert statistics.iqm(scores) == pytest.approx(stats.trim_mean(scores, 0.25, axis=1), abs=1e-14)


# Computed with rliable 1.2.0 (NumPy 2.4.6), 50,000 and 20,000 repetitions; it is not installed for the tests, since its
# dependencies (arch, pandas) do not agree with one another's newest versions. Its "median" is one of task means: the
# pooled one was passed to its get_interval_estimates as a function of our own.
SEED, TASK = np.arange(40)[:, None], np.arange(3)
ONE = np.sqrt((37 * SEED + 17 * TASK**2 + 5 * TASK) % 41 / 41)
OTHER = ((29 * SEED + 13 * TASK + 3) % 43 / 43) ** 0.8
RLIABLE = {
    "iqm": (0.69473106, 0.64001657, 0.74589604),
    "mean": (0.66080808, 0.61746066, 0.70324839),
    "median": (0.6984303, 0.63430798, 0.76509206),
    "percentile_5": (0.22086305, 0.15617376, 0.31234752),
}


@pytest.mark.parametrize("name", RLIABLE)
def test_the_stratified_bootstrap_is_rliables(name):
    estimate, low, high = RLIABLE[name]
    interval = statistics.bootstrap(list(ONE.T), name, repetitions=20_000)
    assert interval.estimate == pytest.approx(estimate, abs=1e-8)
    assert interval.low == pytest.approx(low, abs=0.03 * (high - low))
    assert interval.high == pytest.approx(high, abs=0.03 * (high - low))


def test_the_probability_of_improvement_is_rliables():
    interval = statistics.probability_of_improvement(list(ONE.T), list(OTHER.T), repetitions=20_000)
    assert interval.estimate == pytest.approx(0.6104166666666667, abs=1e-12)
    assert interval[1:] == pytest.approx((0.53833333, 0.68125), abs=0.004)
    with_ties = statistics.probability_of_improvement(ONE[:, 0].round(1), OTHER[:, 1].round(1))
    assert with_ties.estimate == pytest.approx(0.6128125, abs=1e-12)


def test_each_environments_seeds_are_drawn_among_themselves():
    """With environments far apart, the mean varies by the scatter within each; without strata by that between, too."""
    easy, hard = 100 + skewed(30, 1), skewed(50, 2)
    interval = statistics.bootstrap([easy, hard], "mean", repetitions=10_000)
    pooled = np.concatenate([easy, hard])
    spread = math.sqrt(30 * easy.var() + 50 * hard.var()) / 80
    assert interval.estimate == pytest.approx(pooled.mean())
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * spread, rel=0.06)
    unstratified = statistics.bootstrap(pooled, "mean")
    assert unstratified.high - unstratified.low > 20 * (interval.high - interval.low)


def test_intervals_cover_what_they_promise():
    generator = np.random.default_rng(3)
    covered = 0
    for seed in range(300):
        interval = statistics.bootstrap(generator.normal(size=60), "mean", repetitions=1_000, seed=seed)
        covered += interval.low <= 0 <= interval.high
    assert 270 <= covered <= 297  # 285 in the mean, and bootstraps of 60 scores are a little short


def test_an_interval_is_the_same_each_time_and_touches_no_global_generator():
    state = repr(np.random.get_state())
    assert statistics.bootstrap(skewed()) == statistics.bootstrap(skewed())
    assert statistics.bootstrap(skewed(), seed=1) != statistics.bootstrap(skewed())
    assert repr(np.random.get_state()) == state


def test_large_samples_are_drawn_in_portions(monkeypatch):
    whole = statistics.bootstrap(skewed(), "mean", repetitions=1_000)
    monkeypatch.setattr(statistics, "_MOST_ELEMENTS", 7 * 60)
    assert statistics.bootstrap(skewed(), "mean", repetitions=1_000) == whole


def test_scores_that_are_all_equal_have_no_width():
    assert statistics.bootstrap([0.5] * 10) == (0.5, 0.5, 0.5)


def test_the_median_may_be_infinite():
    assert statistics.bootstrap([1, 2, 3, np.inf]).high == np.inf
    assert statistics.bootstrap([1, 2, 3, np.inf]).estimate == 2.5
    assert statistics.bootstrap([1, np.inf, np.inf]).estimate == np.inf


@pytest.mark.parametrize(
    ("scores", "complaint"),
    [
        ([], "scores must be"),
        ([np.nan, 1.0], "with NaN"),
        (np.zeros((3, 2)), r"got an array \(3, 2\)"),
        ([[1], []], "0"),
    ],
)
def test_other_scores_are_refused(scores, complaint):
    with pytest.raises(error.InvalidParameter, match=complaint):
        statistics.bootstrap(scores)


def test_an_unknown_statistic_gets_a_suggestion():
    with pytest.raises(error.InvalidParameter, match="did you mean 'median'"):
        statistics.bootstrap([1.0], "medain")
    with pytest.raises(error.InvalidParameter, match="between 0 and 1, got 95"):
        statistics.bootstrap([1.0], confidence=95)


# The probability of improvement


def test_the_probability_of_improvement_is_mann_and_whitneys():
    first, second = skewed(23, 4).round(1), skewed(31, 5).round(1)  # rounded: with ties
    expected = stats.mannwhitneyu(first, second).statistic / (23 * 31)
    interval = statistics.probability_of_improvement(first, second)
    assert interval.estimate == pytest.approx(expected, abs=1e-12)
    other_way = statistics.probability_of_improvement(second, first)
    assert interval.estimate + other_way.estimate == pytest.approx(1)
    assert interval.low < interval.estimate < interval.high


def test_the_interval_of_improvement_is_that_of_scipys_bootstrap():
    first, second = skewed(23, 4), skewed(31, 5)
    expected = stats.bootstrap(
        (first, second),
        lambda x, y: (x[:, None] > y).mean(),
        vectorized=False,
        n_resamples=4_000,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    interval = statistics.probability_of_improvement(first, second)
    assert interval[1:] == pytest.approx((expected.low, expected.high), abs=0.012)


def test_equal_agents_and_ordered_ones():
    assert statistics.probability_of_improvement([1, 1], [1, 1, 1]) == (0.5, 0.5, 0.5)
    assert statistics.probability_of_improvement([2, 3], [0, 1]) == (1.0, 1.0, 1.0)
    with pytest.raises(error.InvalidParameter, match="got 1 and 2"):
        statistics.probability_of_improvement([1.0], [[1.0], [2.0]])


# Runs as results


def make_run(
    worth, env="FrozenLake-v1", *, curves=None, lengths=None, returns=None, agent="tiny", seconds=2.0, **kwargs
):
    """A run whose seeds' last policies are worth ``worth``; 4 episodes of 5 steps each, 3 checkpoints."""
    environment = describe(env, kwargs)
    count = len(worth)
    exact = np.array(worth, float) if environment.mdp is not None else None
    lengths = [np.full(4, 5) for _ in worth] if lengths is None else lengths
    checkpoints = {}
    if curves is not None:
        checkpoints = {"episodes": np.array([0, 2, 4]), "exact_success": np.array(curves, float)}
    return Run(
        agent=agent,
        environment=environment,
        config=None,
        seeds=tuple(range(count)),
        learned=Learned(
            arrays={},
            steps=np.array([own.sum() for own in lengths]),
            episode_returns=[np.zeros(len(own)) for own in lengths] if returns is None else returns,
            episode_lengths=lengths,
            checkpoints=checkpoints,
            finished=True,
        ),
        seconds=seconds,
        final_scores=np.repeat(np.array(worth, float)[:, None], 100, axis=1),
        final_exact_return=exact,
    )


def test_the_threshold_is_reached_at_a_checkpoint_or_never():
    lengths = [np.array([1, 2, 3, 4]), np.full(4, 5), np.full(4, 5), np.full(4, 5)]
    curves = [[0, 0.7, 0.1], [0, 0.1, 0.75], [0.8, 0, 0], [0, 0.69, 0.699]]
    reached = scoring.reached(make_run([0, 0.75, 0, 0.699], curves=curves, lengths=lengths, seconds=3.0))
    assert reached.threshold == 0.7
    assert reached.steps.tolist() == [3, 20, 0, np.inf]
    assert reached.seconds == pytest.approx([3 * 3 / 10, 3.0, 0, np.inf])
    assert reached.budget.tolist() == [10, 20, 20, 20]
    assert reached.never == 1
    assert scoring.reached(make_run([0.1], curves=[[0, 0.5, 0.1]]), threshold=0.5).steps.tolist() == [10]


def test_without_exact_figures_a_hundred_episodes_must_be_good_on_average():
    returns = [np.r_[np.zeros(50), np.full(150, 475.0)], np.full(99, 500.0), np.full(100, 475.0)]
    lengths = [np.full(len(own), 2) for own in returns]
    reached = scoring.reached(make_run([0, 0, 0], "CartPole-v1", lengths=lengths, returns=returns))
    assert reached.steps.tolist() == [300, np.inf, 200]


def test_a_threshold_is_needed():
    chain = minigym.MDP.from_P({0: {0: [(1.0, 0, 1.0, True)]}})
    with pytest.raises(error.InvalidParameter, match=r"threshold=0\.7"):
        scoring.reached(make_run([1.0], chain))


def test_a_summary_has_the_figures_of_a_claim():
    worth = [0.74] * 18 + [0.1, 0.2]
    curves = [[0, 0.74, value] for value in worth[:18]] + [[0, 0, value] for value in worth[18:]]
    summary = agents.summarize(make_run(worth, curves=curves))
    assert summary.solved == statistics.share(18, 20)
    assert summary.median.estimate == 0.74
    assert summary.percentile_5.estimate == pytest.approx(np.quantile(worth, 0.05))
    assert summary.mean.estimate == pytest.approx(np.mean(worth))
    assert summary.iqm.estimate == pytest.approx(0.74)
    assert summary.steps == (10, 10, 10)
    assert summary.never == 2
    text = str(summary)
    assert max(map(len, text.splitlines())) <= 80
    assert text.startswith("tiny, 20 seeds: success on FrozenLake-v1 within 100 steps, exact\n")
    assert "  share solved (from 0.7)         0.900000   0.683017 to 0.987651\n" in text
    assert "  steps until solved, median            10   10 to 10\n" in text
    assert "(2 of 20 seeds never got there, and count as infinite)" in text


def test_where_most_seeds_fail_the_median_time_is_never():
    curves = [[0, 0.1, 0.2]] * 3 + [[0, 0.7, 0.7]]
    summary = agents.summarize(make_run([0.2] * 3 + [0.7], curves=curves))
    assert summary.steps.estimate == np.inf
    assert "steps until solved, median         never   10 to never" in str(summary)


def test_a_comparison_has_every_pair():
    worths = {"one": [0.7, 0.6, 0.5], "two": [0.4, 0.5, 0.6], "three": [0.1, 0.1, 0.1]}
    found = agents.compare(
        {name: make_run(worth, curves=[[0, 0, each] for each in worth]) for name, worth in worths.items()}
    )
    assert list(found.improvement) == [("one", "two"), ("one", "three"), ("two", "three")]
    assert found.improvement["one", "two"].estimate == pytest.approx(7 / 9)
    assert found.improvement["two", "three"] == (1, 1, 1)
    text = str(found)
    assert max(map(len, text.splitlines())) <= 80
    assert "one > two                                     0.777778" in text
    assert text.splitlines()[0] == "one, two and three: success on FrozenLake-v1 within 100 steps, exact"


def test_runs_of_one_agent_are_numbered():
    runs = [make_run([0.1]), make_run([0.2], agent="other"), make_run([0.3])]
    assert list(agents.compare(runs).summaries) == ["tiny (1)", "other", "tiny (2)"]


def test_several_environments_are_strata():
    easy, hard = make_run([0.7, 0.72]), make_run([0.1, 0.2, 0.3], map_name="8x8")
    summary = agents.summarize([easy, hard])
    assert summary.seeds == 5
    assert summary.mean == statistics.bootstrap([[0.7, 0.72], [0.1, 0.2, 0.3]], "mean")
    assert summary.solved == statistics.share(2, 5)
    assert summary.steps is None
    pair = agents.compare({"one": [easy, hard], "two": [easy, easy_as(hard, [0.0, 0.0])]})
    assert pair.improvement["one", "two"].estimate == pytest.approx((0.5 + 1) / 2)
    assert "2 variants of FrozenLake-v1" in str(pair)


def test_one_seed_has_no_interval_but_that_of_a_share():
    alone = agents.summarize(make_run([0.72]))
    lines = str(alone).splitlines()
    assert [line.split("   ")[-1] for line in lines if "none of one seed" in line] == ["none of one seed"] * 6
    assert "0.025000 to 1.000000" in str(alone)  # the share of seeds solved
    found = str(agents.compare({"one": make_run([0.72]), "two": make_run([0.1, 0.2])}))
    assert found.count("none of one seed") == 4 + 1 + 1  # one's figures, its steps, and the probability
    assert max(map(len, found.splitlines())) <= 80
    assert "none of one seed" not in str(agents.summarize(make_run([0.1, 0.2])))


def easy_as(run, worth):
    return dataclasses.replace(
        run,
        final_exact_return=np.array(worth),
        final_scores=np.zeros((len(worth), 100)),
        seeds=tuple(range(len(worth))),
    )


@pytest.mark.parametrize(
    ("runs", "complaint"),
    [
        (lambda: [make_run([0.1])], "at least two runs, got 1"),
        (lambda: [make_run([0.1]), make_run([0.1], map_name="8x8")], "same environments"),
        (lambda: [make_run([0.1]), make_run([0.1], max_episode_steps=50)], "limits"),
        (lambda: [make_run([0.1]), "run"], "got 'run' of type str|got 'r' of type str"),
        (lambda: [make_run([0.1]), []], "empty"),
    ],
)
def test_what_cannot_be_compared_is_refused(runs, complaint):
    with pytest.raises(error.InvalidParameter, match=complaint):
        agents.compare(runs())


def test_returns_on_different_scales_are_not_pooled():
    poles = [make_run([400.0], "CartPole-v1"), make_run([500.0], "CartPole-v1", gravity=1.6)]
    with pytest.raises(error.InvalidParameter, match="summarize each run by itself"):
        agents.summarize(poles)
    assert agents.summarize(poles[0]).score == "return on CartPole-v1 within 500 steps, in test episodes"
