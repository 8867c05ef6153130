"""Spaces and environments carried from minigym to Gymnasium and back."""

import copy
import pickle
from typing import Any

import gymnasium
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import agents
import minigym
from minigym import error
from minigym.compat.gymnasium import (
    from_gymnasium,
    space_from_gymnasium,
    space_to_gymnasium,
    to_gymnasium,
)
from minigym.compat.twins import with_graphs
from tests.minigym.vector.compare import assert_same
from tests.strategies import all_space_recipes, seeds

examples = settings(max_examples=60)
# Where from, where to, and how.
BOTH_WAYS = [
    (minigym.spaces, gymnasium.spaces, space_to_gymnasium),
    (gymnasium.spaces, minigym.spaces, space_from_gymnasium),
]


# The reference says so of the numbers that its own Boxes without axes draw.
without_axes = pytest.mark.filterwarnings("ignore:.*Casting input x to numpy array:UserWarning")


def everything(value: Any, streams: bool = True) -> Any:
    """All that a space or a value holds, to the bit, in a form that can be compared; random states where wanted."""
    if isinstance(value, (minigym.Space, gymnasium.Space)):
        # The reference makes the space of stacks itself, and seeds it by chance.
        held = {name: part for name, part in vars(value).items() if name != "stacked_feature_space"}
        return type(value), everything(held, streams)
    if isinstance(value, dict):
        return [(key, everything(part, streams)) for key, part in value.items() if streams or key != "_np_random"]
    if isinstance(value, (tuple, list)):
        return type(value), [everything(part, streams) for part in value]
    if isinstance(value, (np.ndarray, np.bool_)):  # the latter where a Box has no axes
        return value.dtype, value.shape, value.tobytes()
    return value.bit_generator.state if isinstance(value, np.random.Generator) else (type(value), value)


# Spaces ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("theirs", "ours", "convert"), BOTH_WAYS)
@examples
@given(recipe=all_space_recipes, seed=st.none() | seeds)
def test_the_twin_is_what_the_other_library_builds(theirs, ours, convert, recipe, seed):
    # Without a seed, the reference's stacked Sequences seed their items' space by chance.
    streams = seed is not None
    expected = everything(recipe.build(ours, seed), streams)
    assert everything(convert(recipe.build(theirs, seed)), streams) == expected


@pytest.mark.parametrize(("theirs", "ours", "convert"), BOTH_WAYS)
@examples
@given(recipe=all_space_recipes, seed=seeds)
def test_the_twin_draws_on_and_on_its_own(theirs, ours, convert, recipe, seed):
    """Both stand where the space stood after its first draws; draws of one leave the other where it is."""
    space, again = recipe.build(theirs, seed), recipe.build(ours, seed)
    for one in (space, again):
        one.sample()
    twin, before = convert(space), everything(space)
    assert everything(twin) == everything(again)
    for _ in range(2):
        assert everything(twin.sample()) == everything(again.sample())
    assert everything(space) == before


@examples
@given(recipe=all_space_recipes, seed=seeds)
def test_there_and_back_is_the_same_space(recipe, seed):
    for library in (minigym.spaces, gymnasium.spaces):
        space = recipe.build(library, seed)
        there, back = (space_to_gymnasium, space_from_gymnasium)[:: 1 if library is minigym.spaces else -1]
        assert everything(back(there(space))) == everything(space)


@without_axes
@examples
@given(recipe=all_space_recipes, seed=seeds)
def test_values_belong_to_the_twin(recipe, seed):
    space = recipe.build(minigym.spaces, seed)
    twin, value = space_to_gymnasium(space), space.sample()
    theirs = with_graphs(value, gymnasium.spaces.GraphInstance)
    assert theirs in twin
    ours = with_graphs(theirs, minigym.spaces.GraphInstance)
    assert ours in space
    assert repr(ours) == repr(value)


@pytest.mark.parametrize(("theirs", "ours", "convert"), BOTH_WAYS)
def test_what_occurs_twice_does_so_in_the_twin(theirs, ours, convert):
    """One space in two places, or one stream in two spaces, draws one value after the other."""
    stream = np.random.default_rng(0)
    part = theirs.Discrete(10**6, seed=1)
    space = theirs.Tuple([part, part, theirs.Box(0, 1, seed=stream), theirs.Box(0, 1, seed=stream)])
    twin = convert(space)
    assert twin[0] is twin[1]
    assert twin[2].np_random is twin[3].np_random is not stream
    assert everything(twin.sample()) == everything(space.sample())


@pytest.mark.parametrize(("theirs", "ours", "convert"), BOTH_WAYS)
def test_what_is_changed_in_the_space_stays_in_the_space(theirs, ours, convert):
    box = theirs.Box(np.zeros(2), np.ones(2), dtype=np.float64)
    counts = theirs.MultiDiscrete([2, 3])
    twins = convert(box), convert(counts)
    box.low[:] = box.high[:] = counts.nvec[:] = 5
    box.bounded_below[:] = box.bounded_above[:] = False
    assert (twins[0].low.tolist(), twins[0].high.tolist()) == ([0, 0], [1, 1])
    assert twins[0].is_bounded()
    assert twins[1].nvec.tolist() == [2, 3]


@pytest.mark.parametrize(("theirs", "ours", "convert"), BOTH_WAYS)
def test_a_space_of_another_kind_is_refused(theirs, ours, convert):
    class Colours(theirs.Space):
        pass

    for space in (Colours(), theirs.Tuple([theirs.Discrete(2), Colours()]), ours.Discrete(2), None):
        with pytest.raises(error.CustomSpaceError, match=f"in {theirs.__name__}, got"):
            convert(space)


# Environments ---------------------------------------------------------------------------------------------------------


def echo(library, recipe, seed=0):
    """An environment of one of the libraries: its observations are drawn at resets, and otherwise the actions."""

    class Echo(library.Env):
        def __init__(self):
            self.observation_space = self.action_space = recipe.build(library.spaces, seed)

        def reset(self, *, seed=None, options=None):
            super().reset(seed=seed)
            return self.observation_space.sample(), {}

        def step(self, action):
            assert action in self.action_space
            return action, 1.0, True, False, {"action": action}

    return Echo()


@without_axes
@examples
@given(recipe=all_space_recipes)
def test_observations_and_actions_travel_both_ways(recipe):
    """Through both conversions, in the order that does not undo the first one: a wrapper lies between."""
    view = to_gymnasium(echo(minigym, recipe))
    assert isinstance(view, gymnasium.Env)
    assert view.reset()[0] in view.observation_space
    alike = recipe.build(minigym.spaces, 1)
    action = alike.sample()
    theirs = with_graphs(action, gymnasium.spaces.GraphInstance)
    observation, *_, info = view.step(theirs)
    assert observation in view.observation_space
    assert (type(observation), repr(observation)) == (type(theirs), repr(theirs))
    assert repr(info["action"]) == repr(action)

    view = from_gymnasium(gymnasium.wrappers.OrderEnforcing(view))
    assert isinstance(view, minigym.Env)
    assert view.reset()[0] in view.observation_space
    observation, *_ = view.step(action)
    assert observation in view.observation_space
    assert (type(observation), repr(observation)) == (type(action), repr(action))


@pytest.mark.parametrize("mode", ["NextStep", "SameStep", "Disabled"])
def test_graphs_in_a_batch(mode):
    graphs = minigym.spaces.Graph(minigym.spaces.Box(0, 1, (2,)), minigym.spaces.Discrete(3), seed=0)

    class Graphs(minigym.Env):
        observation_space = action_space = graphs

        def reset(self, *, seed=None, options=None):
            super().reset(seed=seed)
            return graphs.sample(), {}

        def step(self, action):
            assert action in graphs
            return action, 0.0, True, False, {}

    envs = to_gymnasium(minigym.vector.SyncVectorEnv([Graphs] * 2, autoreset_mode=mode))
    assert envs.single_observation_space == space_to_gymnasium(graphs)
    assert envs.reset()[0] in envs.observation_space
    actions = envs.action_space.sample()
    observations, *_, infos = envs.step(actions)
    assert observations in envs.observation_space
    seen = infos["final_obs"] if mode == "SameStep" else observations
    assert all(repr(mine) == repr(yours) for mine, yours in zip(seen, actions, strict=True))
    assert all(isinstance(one, gymnasium.spaces.GraphInstance) for one in seen)


def layers():
    """Environments of both libraries, alone and with wrappers."""
    yield minigym.envs.CartPoleEnv()
    yield minigym.make("FrozenLake-v1")
    yield gymnasium.make("FrozenLake-v1").unwrapped
    yield gymnasium.wrappers.RecordEpisodeStatistics(gymnasium.make("CartPole-v1"))


def test_a_round_trip_unwraps():
    for env in layers():
        there, back = (to_gymnasium, from_gymnasium)[:: 1 if isinstance(env, minigym.Env) else -1]
        assert back(there(env)) is env
        again = there(env)
        assert there(back(again)) is not again  # a new view, of
        assert back(there(back(again))) is env
    envs = minigym.make_vec("CartPole-v1", 2)
    assert from_gymnasium(to_gymnasium(envs)) is envs


def test_wrong_input_is_refused():
    with pytest.raises(error.InvalidParameter, match=r"takes a minigym\.Env or a minigym\.VectorEnv, got .*TimeLimit"):
        to_gymnasium(gymnasium.make("CartPole-v1"))
    with pytest.raises(error.InvalidParameter, match=r"takes a gymnasium\.Env, got .*TimeLimit"):
        from_gymnasium(minigym.make("CartPole-v1"))
    batch = gymnasium.make_vec("CartPole-v1", 3, "sync")
    with pytest.raises(error.InvalidParameter, match=r"SyncVectorEnv\(\[lambda: .*\] \* 3\)"):
        from_gymnasium(batch)

    class Colours(gymnasium.Space):
        pass

    env = gymnasium.make("CartPole-v1")
    env.observation_space = Colours()
    with pytest.raises(error.CustomSpaceError, match="Colours"):
        from_gymnasium(env)


@pytest.mark.parametrize("env_id", ["CartPole-v1", "FrozenLake-v1"])
@examples
@given(data=st.data())
def test_gymnasiums_environment_plays_in_minigym_as_minigyms_own(env_id, data):
    """In minigym's wrappers, which are put around both."""
    wrap = minigym.wrappers.RecordEpisodeStatistics
    ours = wrap(minigym.make(env_id, max_episode_steps=9))
    theirs = wrap(minigym.wrappers.TimeLimit(from_gymnasium(gymnasium.make(env_id, max_episode_steps=20)), 9))
    seeds_or_none = st.none() | st.integers(0, 2**40) | st.integers(0, 2**60).map(np.int64)
    calls = st.lists(seeds_or_none.map(lambda seed: ("reset", seed)) | st.just(("step", None)), max_size=40)
    over = False
    for env in (ours, theirs):
        env.action_space.seed(4)
    for kind, seed in [("reset", 1), *data.draw(calls)]:
        if over or kind == "reset":
            assert_same(theirs.reset(seed=seed), ours.reset(seed=seed))
        actions = [env.action_space.sample() for env in (theirs, ours)]
        assert actions[0] == actions[1]
        results = [env.step(actions[0]) for env in (theirs, ours)]
        for result in results:
            result[4].get("episode", {}).pop("t", None)
        assert_same(*results)
        assert theirs.np_random.bit_generator.state == ours.np_random.bit_generator.state
        assert theirs.np_random_seed == ours.np_random_seed
        over = results[0][2] or results[0][3]
    assert (theirs.return_queue, theirs.length_queue) == (ours.return_queue, ours.length_queue)


def test_a_wrong_seed_is_refused_before_anything_moves():
    env = from_gymnasium(gymnasium.make("CartPole-v1"))
    env.reset(seed=1)
    before = env.np_random.bit_generator.state
    with pytest.raises(error.InvalidSeed):
        env.reset(seed=-1)
    assert env.np_random.bit_generator.state == before


def test_attributes_metadata_and_streams_are_gymnasiums():
    inner = gymnasium.make("CartPole-v1", render_mode="rgb_array")
    env = from_gymnasium(inner)
    assert env.unwrapped is env
    assert (env.render_mode, env.metadata) == ("rgb_array", inner.metadata)
    env.metadata["mine"] = 1
    assert "mine" not in inner.metadata
    wrapped = minigym.wrappers.OrderEnforcing(env)
    wrapped.reset(seed=0)
    assert wrapped.render().shape == (400, 600, 3)
    wrapped.unwrapped.gravity = 5.0
    assert inner.unwrapped.gravity == wrapped.get_wrapper_attr("gravity") == 5.0
    assert wrapped.set_wrapper_attr("tau", 0.5)
    assert inner.unwrapped.tau == 0.5
    env.note = "mine"
    assert not hasattr(inner.unwrapped, "note")
    generator = np.random.default_rng(8)
    wrapped.np_random = generator
    assert inner.unwrapped.np_random is generator
    assert env.np_random_seed == -1
    with pytest.raises(AttributeError, match="mdp"):
        wrapped.mdp  # noqa: B018
    closed = []
    inner.unwrapped.close = lambda: closed.append(1)
    wrapped.close()
    assert closed == [1]


def test_the_table_of_a_toy_text_environment_is_an_mdp():
    for name in ("FrozenLake-v1", "Taxi-v4", "CliffWalking-v1"):
        inner = gymnasium.make(name)
        mdp = from_gymnasium(inner).mdp
        assert mdp.P[3][1] == [tuple(outcome) for outcome in inner.unwrapped.P[3][1]]
        assert mdp.initial.tolist() == inner.unwrapped.initial_state_distrib.tolist()
    env = minigym.make("FrozenLake-v1")
    assert from_gymnasium(gymnasium.wrappers.OrderEnforcing(to_gymnasium(env))).mdp is env.mdp
    inner = gymnasium.make("CartPole-v1")
    inner.unwrapped.P = {0: "pressure"}
    assert not hasattr(from_gymnasium(inner), "mdp")


@pytest.mark.parametrize("again", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))])
def test_copies_go_on_alike(again):
    for env in layers():
        view = (to_gymnasium if isinstance(env, minigym.Env) else from_gymnasium)(env)
        view.reset(seed=3)
        copied = again(view)
        assert type(copied) is type(view)
        assert_same(copied.step(1), view.step(1))
        assert copied.spec == view.spec
        copied.unwrapped.note = "mine"
        assert not hasattr(view, "note")


def test_specs_name_the_environment_in_both_libraries():
    """A spec makes the environment in the library it is for, and comes back as it was."""
    ours = minigym.wrappers.RecordEpisodeStatistics(minigym.make("CartPole-v1", max_episode_steps=5), buffer_length=7)
    view = to_gymnasium(ours)
    assert view.spec.id == "minigym/CartPole-v1"
    again = gymnasium.make(view.spec)
    assert again.spec.max_episode_steps == 5
    assert isinstance(again, gymnasium.Env)
    assert again.get_wrapper_attr("return_queue").maxlen == 7
    again.reset(seed=0)
    for _ in range(5):
        result = again.step(1)
    assert (result[3], result[4]["episode"]["l"]) == (True, 5)
    assert from_gymnasium(gymnasium.wrappers.TimeLimit(view, 3)).spec.id == "CartPole-v1"

    theirs = gymnasium.wrappers.RecordEpisodeStatistics(gymnasium.make("CartPole-v1", max_episode_steps=5))
    view = from_gymnasium(theirs)
    assert (view.spec.id, view.spec.max_episode_steps, view.spec.reward_threshold) == ("CartPole-v1", 5, 475.0)
    again = minigym.make(view.spec)
    assert isinstance(again, minigym.Env)
    again.reset(seed=0)
    for _ in range(5):
        result = again.step(1)
    assert (result[3], result[4]["episode"]["l"]) == (True, 5)
    back = to_gymnasium(minigym.wrappers.OrderEnforcing(view)).spec
    back.additional_wrappers = back.additional_wrappers[:1]
    expected = copy.deepcopy(theirs.spec)
    expected.vector_entry_point = None
    assert back == expected


def test_a_batch_of_minigym_made_of_gymnasiums_environments():
    ours = minigym.make_vec("FrozenLake-v1", 3)
    theirs = minigym.vector.SyncVectorEnv([lambda: from_gymnasium(gymnasium.make("FrozenLake-v1"))] * 3)
    spec = from_gymnasium(gymnasium.make("FrozenLake-v1")).spec
    spawned = minigym.make_vec(spec, 3, "async", {"context": "spawn"})
    try:
        assert theirs.observation_space == ours.observation_space
        assert theirs.metadata == ours.metadata
        for batch in (theirs, spawned):
            assert_same(batch.reset(seed=5), ours.reset(seed=5))
            for actions in np.random.default_rng(0).integers(4, size=(40, 3)):
                assert_same(batch.step(actions), ours.step(actions))
    finally:
        spawned.close()


def test_agents_learn_in_gymnasiums_environment():
    """Tabular agents by its table, the planners too; the same run as in minigym's own, to the bit."""
    runs = [
        agents.train("q_learning", make, seeds=2, episodes=200)
        for make in (
            lambda: minigym.make("FrozenLake-v1"),
            lambda: from_gymnasium(gymnasium.make("FrozenLake-v1")),
        )
    ]
    assert runs[0].q_values.tobytes() == runs[1].q_values.tobytes()
    assert np.concatenate(runs[0].episode_returns).tobytes() == np.concatenate(runs[1].episode_returns).tobytes()
    plan = agents.solve(lambda: from_gymnasium(gymnasium.make("FrozenLake-v1")))
    assert plan.values[0] == pytest.approx(0.542026, abs=1e-6)
