"""Pictures: what is drawn, where, and with which words; nothing global is touched."""

import dataclasses
import io
import itertools
import json
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.patches import Circle, FancyArrowPatch, Polygon
from PIL import Image

import agents
import minigym
from agents.common import plotting, statistics
from agents.common.environment import describe
from agents.common.plotting import curves, graph, style
from agents.common.run import Learned, Run
from minigym import error, wrappers

pytestmark = pytest.mark.usefixtures("tiny")
EPISODES = 100


def make_run(count=4, env="FrozenLake-v1", *, visits=True, exploring=True, agent="tiny", exact=True, **kwargs):
    """A run in which seed k's greedy policy climbs to 0.5 + k / 10, and explores 0.1 below it."""
    environment = describe(env, kwargs)
    arrays, checkpoints = {}, {}
    final = np.linspace(0.5, 0.5 + (count - 1) / 10, count)
    if environment.mdp is not None:
        shape = environment.mdp.num_states, environment.mdp.num_actions
        generator = np.random.default_rng(0)
        arrays["q_values"] = generator.random((count, *shape))
        if visits:
            arrays["visits"] = generator.integers(1, 1000, (count, *shape))
        checkpoints = {"episodes": np.array([0, 40, 100]), "exact_success": final[:, None] * [0.0, 0.5, 1.0]}
        checkpoints["exact_return"] = checkpoints["exact_success"] / 2
        if exploring:
            checkpoints["exploring_success"] = np.maximum(checkpoints["exact_success"] - 0.1, 0)
    return Run(
        agent=agent,
        environment=environment,
        config=type("Config", (), {"gamma": 0.99, "episodes": EPISODES})(),
        seeds=tuple(range(count)),
        learned=Learned(
            arrays=arrays,
            steps=np.full(count, 10 * EPISODES),
            episode_returns=[np.linspace(0, 1, EPISODES) for _ in range(count)],
            episode_lengths=[np.full(EPISODES, 10) for _ in range(count)],
            checkpoints=checkpoints if exact else {},
            finished=True,
        ),
        seconds=1.0,
        final_scores=np.repeat(final[:, None], 100, axis=1),
        final_exact_return=final if environment.mdp is not None else None,
    )


def run_for(kind, count=4, **kwargs):
    """A run of which there is this picture."""
    if kind != "plane":
        return make_run(count, **kwargs)
    run = make_run(count, env="CartPole-v1")
    run.learned.arrays["q_values"] = np.zeros((count, 1, 2))
    return run


def labels(axes):
    return {line.get_label(): line for line in axes.lines}


def texts(axes):
    return [text.get_text() for text in axes.texts]


def arrows(axes):
    return [patch for patch in axes.patches if isinstance(patch, Polygon) and patch.get_fill()]


def pixels(picture):
    stream = io.BytesIO()
    picture.savefig(stream, format="png")
    return np.asarray(Image.open(stream).convert("RGB"))


# Choosing


@pytest.mark.parametrize("kind", plotting.KINDS)
def test_every_kind_is_drawn_with_words_and_ink(kind):
    run = run_for(kind)
    picture = run.plot(kind)
    assert isinstance(picture, plotting.Picture)
    drawn = pixels(picture)
    assert drawn.std() > 10
    assert 300 < drawn.shape[0] < 1_600
    assert 700 < drawn.shape[1] < 2_000
    (axes, *_) = picture.axes
    assert f"tiny on {run.environment.name}" in axes.get_title("left")


@pytest.mark.parametrize("kind", plotting.KINDS)
def test_one_seed_is_enough(kind):
    (axes, *_) = run_for(kind, 1).plot(kind).axes
    assert axes.get_title("left").endswith("seed 0")


def test_an_unknown_kind_gets_a_suggestion():
    with pytest.raises(error.InvalidParameter, match=r"did you mean 'policy'.*learning_curve, exploration, scores"):
        make_run().plot("polcy")


def test_pictures_show_themselves_in_notebooks():
    run = make_run()
    assert run.plot()._repr_png_().startswith(b"\x89PNG")
    page = run._repr_html_()
    assert "<pre>tiny on FrozenLake-v1, 4 seeds" in page
    assert 'src="data:image/png;base64,iVBOR' in page


def test_markup_in_a_name_is_shown_and_not_obeyed():
    run = make_run()
    run.environment = dataclasses.replace(run.environment, name="<b>lake</b>")
    assert "<b>" not in run._repr_html_()
    assert "tiny on &lt;b&gt;lake" in run._repr_html_()


# Curves


def test_the_learning_curve_has_an_interval_and_three_lines_to_compare_with():
    run = make_run(5)
    (axes,) = run.plot().axes
    named = labels(axes)
    assert named["median"].get_ydata().tolist() == np.median(run.exact_success, axis=0).tolist()
    (band,) = axes.collections
    assert band.get_label() == "its 95 % interval"
    corners = band.get_paths()[0].vertices
    expected = statistics.bootstrap(run.exact_success[:, 2], "median", repetitions=1_000)
    at_end = corners[corners[:, 0] == 100, 1]
    assert (at_end.min(), at_end.max()) == pytest.approx(expected[1:])
    for label, value in (
        ("best with a clock: 0.7442", 0.744190),
        ("best stationary policy found: 0.7402", 0.740165),
        ("random play: 0.0139", 0.013940),
        ("solved from 0.7", 0.7),
    ):
        assert named[label].get_ydata() == pytest.approx([value, value], abs=1e-6)


def test_one_seed_has_no_interval():
    (axes,) = make_run(1).plot().axes
    assert not axes.collections


def test_the_interval_covers_nothing_and_the_legend_covers_no_curve():
    picture = make_run().plot()
    picture.canvas.draw()
    (axes,) = picture.axes
    assert axes.get_legend().get_window_extent().y1 < axes.get_window_extent().y0


def test_returns_in_training_are_smoothed_where_nothing_is_exact():
    run = make_run(3, "CartPole-v1")
    (axes,) = run.plot().axes
    assert len(axes.collections) == 1  # the interval, here, too
    assert "mean of the last 10 episodes" in axes.get_ylabel()
    x, y = labels(axes)["median"].get_data()
    assert x[0] == 100
    assert x[-1] == 1_000
    assert y[-1] == pytest.approx(np.linspace(0, 1, 100)[-10:].mean())


def test_exploring_is_drawn_beside_greedy():
    run = make_run()
    (axes,) = run.plot("exploration").axes
    named = labels(axes)
    assert named["greedy policy, exact"].get_ydata().tolist() == np.median(run.exact_success, axis=0).tolist()
    exploring = named["exploring policy, exact"].get_ydata()
    assert exploring.tolist() == np.median(run.learned.checkpoints["exploring_success"], axis=0).tolist()
    moving = named["training episodes, mean of 10 and of all seeds"]
    assert moving.get_xdata()[[0, -1]].tolist() == [10, 100]  # in episodes
    assert moving.get_ydata()[-1] == pytest.approx(np.linspace(0, 1, 100)[-10:].mean())


def test_without_exact_figures_of_the_exploring_policy_its_episodes_must_do():
    named = labels(make_run(exploring=False).plot("exploration").axes[0])
    assert "exploring policy, exact" not in named
    assert "training episodes, mean of 10 and of all seeds" in named
    with pytest.raises(error.InvalidParameter, match=r"write run\.plot\(\)"):
        make_run(env="CartPole-v1").plot("exploration")


# Comparisons


def test_a_comparison_draws_medians_and_every_last_policy():
    one, other = make_run(5), make_run(3, agent="other")
    scores, axes = agents.compare({"one": one, "other": other}).plot().axes
    named = labels(axes)
    for index, (name, run) in enumerate({"one": one, "other": other}.items()):
        assert named[name].get_ydata().tolist() == np.median(run.exact_success, axis=0).tolist()
        assert named[name].get_color() == style.AGENTS[index]
        dots, median, percentile = scores.collections[3 * index : 3 * index + 3]
        assert sorted(dots.get_offsets()[:, 0]) == pytest.approx(run.final_exact_return)
        assert np.abs(dots.get_offsets()[:, 1] - index).max() < 0.4
        assert median.get_offsets()[0].tolist() == pytest.approx([np.median(run.final_exact_return), index])
        assert percentile.get_offsets()[0, 0] == pytest.approx(np.quantile(run.final_exact_return, 0.05))
    shown = [label.get_text() for label in scores.get_yticklabels()]
    assert shown == ["one\n3 of 5 solved", "other\n1 of 3 solved"]
    assert len(axes.collections) == 2


def test_a_comparison_of_single_seeds_speaks_of_no_interval():
    _, axes = agents.compare({"one": make_run(1), "other": make_run(1)}).plot().axes
    assert texts(axes) == ["the one seed"]
    assert not axes.collections


def test_equal_scores_are_piled_and_not_hidden():
    offsets = curves._piled(np.array([0.5] * 9 + [0.9]))
    assert len(set(offsets[:9].round(6))) == 9
    assert np.abs(offsets).max() < 0.4
    assert offsets[9] == 0
    assert np.abs(curves._piled(np.full(500, 0.7))).max() < 0.4


def test_agents_on_several_environments_have_no_common_curve():
    pair = [make_run(3), make_run(2, map_name="8x8")]
    (axes,) = agents.compare({"one": pair, "two": pair}).plot().axes
    assert len(axes.collections[0].get_offsets()) == 5


def test_a_budget_in_episodes_and_one_in_steps_meet_on_steps():
    one, other = make_run(), make_run(agent="other")
    other.learned.checkpoints["steps"] = other.learned.checkpoints.pop("episodes") * 7
    _, axes = agents.compare([one, other]).plot().axes
    assert labels(axes)["tiny"].get_xdata().tolist() == [0, 400, 1000]
    assert labels(axes)["other"].get_xdata().tolist() == [0, 280, 700]
    assert axes.get_xlabel() == "training steps"


@pytest.mark.usefixtures("leaning")
def test_titles_fit_into_their_pictures():
    pictures = []
    for kind in plotting.KINDS:
        run = run_for(kind, 4, map_name="8x8", is_slippery=False)
        run.agent = "double_q_learning"
        pictures.append(run.plot(kind))
    pictures.append(run.plot("plane", index=None))
    run = make_run(4, map_name="8x8", is_slippery=False, agent="double_q_learning")
    pictures.append(agents.compare({"one": run, "other": run}).plot())
    for picture in pictures:
        picture.canvas.draw()
        ends = []
        for axes in picture.axes:
            for text in (axes._left_title, *axes.texts):
                if text.get_text():
                    extent = text.get_window_extent()
                    assert extent.x0 >= 0
                    assert extent.x1 <= picture.bbox.width
                    assert extent.y1 <= picture.bbox.height
            if axes.get_title("left"):
                ends.append((axes._left_title.get_window_extent().x0, axes._left_title.get_window_extent().x1))
        ends.sort()
        assert all(before[1] < after[0] for before, after in itertools.pairwise(ends))


def test_a_picture_is_no_smaller_for_its_words(monkeypatch):
    def width():
        picture = make_run(2, desc=["SF", *["FF"] * 6, "FG"]).plot("visits")
        picture.canvas.draw()
        return picture.axes[0].get_window_extent().width

    narrow = width()
    monkeypatch.setattr(plotting.lake, "_below", lambda words: "short")
    assert narrow == pytest.approx(width())


def test_a_pale_curve_has_a_name_that_can_be_seen():
    (axes,) = make_run(60).plot().axes
    seeds = labels(axes)["each seed"]
    assert seeds.get_alpha() < 0.3
    (drawn,) = [line for line in axes.get_legend().get_lines() if line.get_label() == "each seed"]
    assert drawn.get_alpha() == 1


def test_the_scores_say_what_their_lines_are():
    (axes,) = make_run(5).plot("scores").axes
    named = labels(axes)
    for label, value in (
        ("best with a clock", 0.744190),
        ("best stationary policy found", 0.740165),
        ("solved from 0.7", 0.7),
    ):
        assert named[label].get_xdata() == pytest.approx([value, value], abs=1e-6)
        assert label in [text.get_text() for text in axes.get_legend().get_texts()]
    assert "5th percentile (triangle)" in " ".join(texts(axes))


# On the lake


def centre(patch):
    return patch.get_xy().mean(axis=0)


def test_the_policy_stands_on_the_map_with_values_and_visits():
    run = make_run()
    run.q_values[1] = 0.0
    run.q_values[1, :, 2] = 0.25  # right, everywhere ...
    run.q_values[1, 4] = [0.1, 0.8, 0.8, 0.1]  # ... but down or right here ...
    run.q_values[1, 6] = 0.5  # ... and anything here
    axes, bar = run.plot("policy", index=1).axes
    assert axes.get_title("left").endswith("seed 1")
    drawn = arrows(axes)
    assert len(drawn) == 9 + 2  # of 11 open tiles
    start = [patch for patch in drawn if np.hypot(*centre(patch)) < 0.5]
    assert len(start) == 1
    corners = start[0].get_xy()
    assert corners[:, 0].max() == pytest.approx(0.24)  # its head, to the right
    assert corners[corners[:, 0].argmax(), 1] == pytest.approx(0)
    dots = [patch for patch in axes.patches if isinstance(patch, Circle)]
    assert [dot.center for dot in dots] == [(2, 1)]
    shown = texts(axes)
    assert shown.count("0.250") == 9
    assert {"0.800", "0.500"} <= set(shown)
    assert str(run.learned.arrays["visits"][1, 0].sum()) in shown or any(text.endswith("k") for text in shown)
    assert "largest of its four" in bar.get_ylabel()
    (outline,) = [patch for patch in axes.patches if isinstance(patch, Polygon) and not patch.get_fill()]
    assert outline.get_xy().mean(axis=0) == pytest.approx([-0.091, -0.091], abs=0.01)  # the start


def test_the_start_is_framed_in_a_colour_that_can_be_seen():
    for value in (0.0, 1.0):
        run = make_run(1)
        run.q_values[:] = 0.5
        run.q_values[0, 0] = value
        axes = run.plot("policy").axes[0]
        (outline,) = [patch for patch in axes.patches if isinstance(patch, Polygon) and not patch.get_fill()]
        tile = np.asarray(axes.images[0].get_array())[5, 5] / 255
        assert abs((np.array(to_rgb(outline.get_edgecolor())) - tile) @ (0.299, 0.587, 0.114)) > 0.3
        assert "framed: the start" in " ".join(texts(axes))


def test_arrows_point_where_their_moves_go():
    for action, (x, y) in enumerate([(-1, 0), (0, 1), (1, 0), (0, -1)]):  # y downwards
        run = make_run(1)
        run.q_values[:] = np.eye(4)[action]
        axes = run.plot("policy").axes[0]
        first = arrows(axes)[0].get_xy()
        tip = first[3]  # of an outline that begins at the tail
        assert tip == pytest.approx([0.24 * x, 0.24 * y])
        assert axes.get_ylim()[0] > axes.get_ylim()[1]


def test_tiles_have_the_colours_of_their_values():
    run = make_run(1)
    run.q_values[:] = 0.0
    run.q_values[0, 14] = 1.0
    run.q_values[0, 0] = 0.5
    axes = run.plot("policy").axes[0]
    image = np.asarray(axes.images[0].get_array())
    size = image.shape[0] // 4
    tiles = [image[row * size + 5, column * size + 5] / 255 for row, column in ((3, 2), (0, 0), (0, 1))]
    assert [tuple(tile.round(2)) for tile in tiles] == [
        tuple(np.round(to_rgb(colour), 2)) for colour in ("#a83f1d", "#f7b267", "#fffaf0")
    ]
    hole = image[size : 2 * size, size : 2 * size]
    assert hole[size // 2, size // 2].tolist() == pytest.approx([14, 44, 78], abs=30)  # deep water


def test_without_visits_the_policy_has_values_alone():
    axes = make_run(visits=False).plot("policy").axes[0]
    assert len(axes.texts) == 11 + 1  # and the second line of the title
    with pytest.raises(error.InvalidParameter, match="were not counted; it learned q_values"):
        make_run(visits=False).plot("visits")


def test_arrows_grow_with_the_share_of_the_seeds():
    run = make_run(4)
    run.q_values[:] = np.eye(4)[0]
    run.q_values[3] = np.eye(4)[2]  # one of four to the right
    axes, _ = run.plot("policy_share").axes
    drawn = arrows(axes)
    assert len(drawn) == 2 * 11
    lengths = sorted({round(float(np.ptp(patch.get_xy(), axis=0).max()), 4) for patch in drawn})
    assert lengths == pytest.approx([0.10 + 0.26 / 4, 0.10 + 0.26 * 3 / 4])
    assert texts(axes).count("75 %") == 11
    run.q_values[:] = 0.0
    axes, _ = run.plot("policy_share").axes
    assert texts(axes).count("25 %") == 11  # a tie shares its vote


def test_a_move_of_all_seeds_stands_in_the_middle_and_inside_its_tile():
    run = make_run(4)
    run.q_values[:] = np.eye(4)[1]
    run.q_values[:, 14] = [[1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 1, 0]]
    axes, _ = run.plot("policy_share").axes
    places = [patch.get_xy() for patch in arrows(axes)]
    alone = [xy for xy in places if np.abs(xy).max() < 0.5]
    assert len(alone) == 1  # the start's
    assert alone[0].min(axis=0) + alone[0].max(axis=0) == pytest.approx([0, 0])
    shared = [xy - [2, 3] for xy in places if np.abs(xy - [2, 3]).max() < 0.5]
    assert len(shared) == 2
    assert all(np.abs(xy).min(axis=0).max() >= 0.05 - 1e-9 for xy in shared)  # they leave the middle free
    assert max(np.abs(xy).max() for xy in shared) < 0.42


def test_visits_are_means_of_all_seeds_or_one_seeds():
    run = make_run(2)
    visits = run.learned.arrays["visits"]
    visits[:, 0], visits[:, 1], visits[:, 2] = 10, [[1_000] * 4, [0] * 4], 0
    axes, bar = run.plot("visits").axes
    assert texts(axes)[:3] == ["40", "2.0k", "0"]
    assert axes.get_title("left").endswith("mean of 2 seeds")
    assert bar.get_ylabel() == "steps taken from the tile"
    low, high = bar.get_ylim()
    assert (low, high) == pytest.approx(
        (10, visits.mean(axis=0).sum(axis=1).max())
    )  # no colour is left for what never was
    assert texts(run.plot("visits", index=0).axes[0])[1] == "4.0k"
    visits[:] = 0
    run.plot("visits")  # of a training that was stopped at once


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0"), (7, "7"), (999, "999"), (1_234, "1.2k"), (35_000, "35k"), (2e6, "2.0M")]
)
def test_counts_are_short(count, text):
    assert plotting.lake._short(count) == text


@pytest.mark.parametrize(
    ("size", "texts_there", "arrows_there"), [(8, True, True), (12, False, True), (50, False, False)]
)
def test_large_maps_have_fewer_signs(size, texts_there, arrows_there):
    rows = ["F" * size] * size
    rows = ["S" + rows[0][1:], *rows[1:-1], rows[-1][1:] + "G"]
    axes = make_run(1, desc=rows, visits=False).plot("policy").axes[0]
    assert (len(axes.texts) > 1, bool(arrows(axes))) == (texts_there, arrows_there)


def test_a_lake_need_not_be_square():
    picture = make_run(2, desc=["SFFFFFFG", "FFFHFFFF"]).plot("policy_share")
    assert picture.get_figwidth() > 2 * picture.get_figheight()
    pixels(picture)


@pytest.mark.parametrize("kind", ["policy", "policy_share", "visits"])
def test_only_lakes_have_a_map(kind):
    with pytest.raises(error.InvalidParameter, match=r"agents\.plot_mdp"):
        make_run(env=agents.examples.three_states()).plot(kind)


def test_a_seed_that_is_not_there():
    with pytest.raises(IndexError, match="4 seeds"):
        make_run().plot("policy", index=4)


# Plans


def test_a_plan_of_a_lake_stands_on_its_map():
    plan = agents.solve("FrozenLake-v1")
    axes, _ = plan.plot().axes
    assert axes.get_title("left") == "Best policy"
    assert len(arrows(axes)) == 11
    assert arrows(axes)[0].get_xy()[3] == pytest.approx([-0.24, 0])  # left, from the start
    assert texts(axes)[:2] == ["0.542", "0.499"]
    clocked = agents.solve("FrozenLake-v1", gamma=1, horizon=100)
    axes, _ = clocked.plot().axes
    assert axes.get_title("left") == "Best policy, 100 steps to go"
    assert texts(axes)[0] == "0.744"
    with pytest.raises(error.InvalidParameter, match=r"agents\.plot_mdp\(mdp, plan\.policy\)"):
        agents.solve(agents.examples.three_states()).plot()


def test_plans_show_themselves_in_notebooks(monkeypatch):
    assert 'src="data:image/png;base64,iVBOR' in agents.solve("FrozenLake-v1")._repr_html_()
    mdp = agents.examples.three_states()
    page = agents.solve(mdp, gamma=0.95)._repr_html_()
    plan = agents.solve(mdp, gamma=0.95)
    assert page.startswith("<table>")
    assert f"<tr><td>1</td><td>0</td><td>{plan.values[1]:.6g}</td></tr>" in page
    clocked = agents.solve(mdp, gamma=1, horizon=7)
    assert "<caption>Best policy, 7 steps to go</caption>" in clocked._repr_html_()
    assert f"<td>{clocked.values[0, 2]:.6g}</td>" in clocked._repr_html_()
    many = minigym.MDP.from_P({state: {0: [(1.0, state, 0.0, False)]} for state in range(100)})
    assert "... and 60 more states" in agents.solve(many)._repr_html_()

    def without_matplotlib(plan):
        raise ModuleNotFoundError("No module named 'matplotlib'")

    lake = agents.solve("FrozenLake-v1")
    monkeypatch.setattr(type(lake), "plot", without_matplotlib)
    assert lake._repr_html_().startswith("<table>")


def test_comparisons_show_themselves_in_notebooks():
    comparison = agents.compare({"one": make_run(3), "other": make_run(3)})
    assert "<pre>one and other: success" in comparison._repr_html_()
    assert "one &gt; other" in comparison._repr_html_()
    assert 'src="data:image/png;base64,iVBOR' in comparison._repr_html_()
    assert comparison.summaries["one"]._repr_html_().startswith("<pre>one, 3 seeds: success")


# Graphs of MDPs


def test_the_example_is_the_one_of_the_lectures():
    mdp = agents.examples.three_states()
    assert (mdp.num_states, mdp.num_actions) == (3, 2)
    assert mdp.P[1][0] == [(0.7, 0, 5.0, False), (0.1, 1, 0.0, False), (0.2, 2, 0.0, False)]
    assert mdp.P[2][1][0] == (0.3, 0, -1.0, False)
    assert agents.solve(mdp, gamma=0.95).policy.tolist()[1:] == [0, 1]  # the detour that costs before it pays


def test_a_graph_has_every_state_action_and_outcome():
    (axes,) = agents.plot_mdp(agents.examples.three_states()).axes
    circles = [patch for patch in axes.patches if isinstance(patch, Circle)]
    states = [circle for circle in circles if circle.radius == graph._STATE]
    nodes = [circle for circle in circles if circle.radius == graph._ACTION]
    assert (len(states), len(nodes)) == (3, 6)
    drawn = [patch for patch in axes.patches if isinstance(patch, FancyArrowPatch)]
    assert len(drawn) == 2 + 1 + 3 + 2 + 2 + 3
    shown = texts(axes)
    assert [text for text in shown if "bf" in text] == ["0.7  $\\bf{+5}$", "0.3  $\\bf{-1}$"]
    assert sorted(shown.count(text) for text in ("0.95", "0.05", "0.6", "1")) == [1, 1, 1, 5]
    # Nothing lies upon anything else.
    places = [(np.array(circle.center), circle.radius) for circle in states + nodes]
    for index, (place, radius) in enumerate(places):
        for other, other_radius in places[:index]:
            assert np.linalg.norm(place - other) > radius + other_radius


def test_no_two_heads_of_arrows_lie_upon_each_other(monkeypatch):
    edges, draw = [], graph._draw_edge
    monkeypatch.setattr(graph, "_draw_edge", lambda axes, edge, *rest: (edges.append(edge), draw(axes, edge, *rest)))
    agents.plot_mdp(agents.examples.three_states())
    assert len(edges) == 13
    for one, other in itertools.combinations(edges, 2):
        assert np.linalg.norm(one.tip() - other.tip()) > 0.08  # the width of a head
        # (one's tip lies on the circle of the state that it enters)
        assert np.linalg.norm(one.tip() - one.end) == pytest.approx(0.30, abs=0.05)


def test_a_policys_arrows_are_strong_and_the_others_pale():
    mdp = agents.examples.three_states()
    (axes,) = agents.plot_mdp(mdp, policy=[1, 0, 1]).axes
    opacities = [patch.get_alpha() for patch in axes.patches if isinstance(patch, FancyArrowPatch)]
    assert opacities == [0.3] * 2 + [1.0] * 1 + [1.0] * 3 + [0.3] * 2 + [0.3] * 2 + [1.0] * 3


def test_terminal_states_have_a_double_ring_and_no_actions():
    mdp = minigym.MDP.from_P(
        {0: {0: [(0.5, 1, 1, True), (0.3, 1, 1, True), (0.2, 0, 0, False)]}, 1: {0: [(1.0, 1, 0, True)]}}
    )
    (axes,) = agents.plot_mdp(mdp).axes
    rings = [patch for patch in axes.patches if isinstance(patch, Circle) and not patch.get_fill()]
    assert len(rings) == 1
    assert [text for text in texts(axes) if "0." in text] == [
        "0.8  $\\bf{+1}$",
        "0.2",
    ]  # ways that pay the same are one


def test_arrows_end_at_the_rims_of_their_states():
    (axes,) = agents.plot_mdp(agents.examples.three_states()).axes
    axes.get_figure().canvas.draw()
    states = {
        tuple(np.round(patch.center, 6)): patch
        for patch in axes.patches
        if isinstance(patch, Circle) and patch.radius == graph._STATE
    }
    for arrow in (patch for patch in axes.patches if isinstance(patch, FancyArrowPatch)):
        target = states[tuple(np.round(arrow._posA_posB[1], 6))]
        nearest = np.linalg.norm(arrow.get_path().vertices - target.center, axis=1).min()
        assert nearest == pytest.approx(graph._STATE, abs=0.06)


@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_graphs_of_other_sizes(count):
    mdp = minigym.MDP.from_P(
        {s: {a: [(0.5, (s + a) % count, 0, False), (0.5, 0, 1, False)] for a in range(3)} for s in range(count)}
    )
    assert pixels(agents.plot_mdp(mdp)).std() > 10


def test_what_cannot_be_drawn_as_a_graph():
    with pytest.raises(error.InvalidParameter, match="up to 12 states, and this MDP has 16"):
        agents.plot_mdp("FrozenLake-v1")
    with pytest.raises(error.InvalidParameter, match="no table"):
        agents.plot_mdp("CartPole-v1")
    with pytest.raises(error.InvalidParameter, match=r"each of the 3 states.*got an array \(2,\)"):
        agents.plot_mdp(agents.examples.three_states(), policy=[0, 1])


# Nothing global


def test_no_picture_touches_global_state():
    code = """
import json, sys
import matplotlib
before = matplotlib.rcParams.copy()
sys.path.insert(0, "tests/agents")
import numpy as np
from test_plotting import make_run, run_for
import agents
from agents.common import plotting, registry
registry.AGENTS["tiny"] = registry.Agent("tiny_agent", "acts at random")
random_state = repr(np.random.get_state())
for kind in plotting.KINDS:
    run_for(kind).plot(kind)._repr_png_()
agents.compare([make_run(), make_run()]).plot()._repr_png_()
agents.plot_mdp(agents.examples.three_states())._repr_png_()
print(json.dumps([matplotlib.rcParams.copy() == before, "matplotlib.pyplot" in sys.modules,
                  repr(np.random.get_state()) == random_state]))
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [True, False, True]


# The plane of the pole


class Leaning:
    """Stands for an agent whose seed k pushes right where theta + 0.1 theta_dot is above k / 20."""

    @staticmethod
    def policy(arrays, index):
        return lambda seen: (np.asarray(seen)[..., 2] + 0.1 * np.asarray(seen)[..., 3] > index / 20).astype(np.int64)


@pytest.fixture
def leaning(monkeypatch):
    monkeypatch.setattr("agents.common.registry.module", lambda name: Leaning)


def pushes(axes):
    """What is drawn: the share that pushes right, as a function of the angle and its velocity."""
    (picture,) = axes.images
    values = np.asarray(picture.get_array())
    left, right, low, high = picture.get_extent()

    def at(angle, velocity):
        row = round((velocity - low) / (high - low) * (len(values) - 1))
        return values[row, round((angle - left) / (right - left) * (values.shape[1] - 1))]

    return at


@pytest.mark.usefixtures("leaning")
def test_the_plane_is_coloured_by_the_action():
    run = make_run(3, env="CartPole-v1")
    axes = run.plot("plane", index=1).axes[0]
    at = pushes(axes)
    for angle, velocity, right in ((0.1, 0, 1), (0, 0, 0), (0.04, 0, 0), (0.06, 0, 1), (-0.05, 1.2, 1), (0.1, -0.7, 0)):
        assert at(angle, velocity) == right
    assert "(rad)" in axes.get_xlabel()
    assert "(rad/s)" in axes.get_ylabel()
    limits = [line.get_xdata()[0] for line in axes.lines]
    assert limits == pytest.approx([-np.radians(12), np.radians(12)])
    assert axes.get_xlim()[1] > np.radians(12)
    assert axes.get_title(loc="left") == "tiny on CartPole-v1, seed 1"
    names = [text.get_text() for text in axes.get_legend().texts]
    legend = dict(zip(names, axes.get_legend().legend_handles, strict=True))
    (picture,) = axes.images
    for name, value in (("pushes left", 0.0), ("pushes right", 1.0)):
        assert to_rgb(legend[name].get_facecolor()) == pytest.approx(to_rgb(picture.to_rgba(value)[:3]), abs=0.01)
    with pytest.raises(IndexError, match="3 seeds"):
        run.plot("plane", index=3)


@pytest.mark.usefixtures("leaning")
def test_the_plane_of_all_seeds_is_their_share():
    figure = make_run(3, env="CartPole-v1").plot("plane", index=None)
    at = pushes(figure.axes[0])
    assert [at(angle, 0.0) for angle in (-0.02, 0.02, 0.08, 0.15)] == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert figure.axes[1].get_ylabel() == "share of the seeds that push right"
    assert figure.axes[0].get_title(loc="left") == "tiny on CartPole-v1, 3 seeds"


@pytest.mark.usefixtures("leaning")
def test_the_plane_has_the_limit_of_its_own_pole_and_looks_through_wrappers():
    run = make_run(1, env="CartPole-v1", theta_threshold_radians=0.4)
    assert run.plot("plane").axes[0].lines[1].get_xdata()[0] == 0.4

    def mirrored():
        env = minigym.make("CartPole-v1")
        return wrappers.TransformObservation(env, lambda seen: -seen, env.observation_space)

    run.environment = describe(mirrored)
    at = pushes(run.plot("plane").axes[0])
    assert (at(0.1, 0.0), at(-0.1, 0.0)) == (0, 1)


@pytest.mark.usefixtures("leaning")
def test_other_environments_have_no_plane():
    run = make_run(1)
    with pytest.raises(error.InvalidParameter, match=r"which FrozenLake-v1 has not; write run\.plot\(\)"):
        run.plot("plane")
    run.environment = describe(lambda: wrappers.FrameStackObservation(minigym.make("CartPole-v1"), 2))
    with pytest.raises(error.InvalidParameter, match="there is FrameStackObservation around CartPole-v1"):
        run.plot("plane")
