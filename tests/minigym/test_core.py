"""What environments and wrappers share: generators, attributes, spaces, texts, and wrong actions."""

import gymnasium
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigym
from minigym import error
from minigym.core import parse_env_id
from minigym.spaces import Box, Discrete
from minigym.wrappers import OrderEnforcing, PassiveEnvChecker, RecordEpisodeStatistics, TimeLimit
from tests.strategies import seeds


class Counter(minigym.Env):
    """Counts its steps; ends at ``goal``."""

    metadata = {"render_modes": ["ansi"], "render_fps": 1}  # noqa: RUF012  # a class attribute, as everywhere

    def __init__(self, goal=3, render_mode=None):
        self.action_space, self.observation_space = Discrete(2), Discrete(100)
        self.goal, self.render_mode = goal, self._checked_render_mode(render_mode)
        self.closed = 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.count, self.drawn = 0, self.np_random.random()
        return 0, {"drawn": self.drawn}

    def step(self, action):
        self.count += 1
        return self.count, float(action), self.count == self.goal, False, {}

    def render(self):
        return f"{self.count}\n"

    def close(self):
        self.closed += 1


# The generator ------------------------------------------------------------------------------------------------------


@given(seeds)
def test_reset_seeds_the_generator(seed):
    env = OrderEnforcing(Counter())
    _, info = env.reset(seed=seed)
    assert info["drawn"] == np.random.default_rng(seed).random()
    assert env.np_random_seed == env.unwrapped.np_random_seed == seed


def test_a_reset_without_a_seed_lets_the_generator_run_on():
    env, rng = Counter(), np.random.default_rng(8)
    drawn = [env.reset(seed=8 if first else None)[1]["drawn"] for first in (True, False, False)]
    assert drawn == [rng.random() for _ in range(3)]
    assert env.np_random_seed == 8


def test_the_generator_is_made_at_its_first_use_from_entropy():
    env, other = Counter(), Counter()
    assert vars(env).get("_np_random") is None
    assert env.np_random is env.np_random
    assert type(env.np_random_seed) is int
    assert env.np_random.random() == np.random.default_rng(env.np_random_seed).random()
    assert env.np_random_seed != other.np_random_seed  # equal once in 2**128 runs; and the seed alone makes it too
    assert other.np_random.random() == np.random.default_rng(other.np_random_seed).random()


def test_the_generator_can_be_set_through_wrappers():
    env = TimeLimit(OrderEnforcing(Counter()), 10)
    env.np_random = generator = np.random.default_rng(4)
    assert env.np_random is env.unwrapped.np_random is generator
    assert env.np_random_seed == -1  # whose seed is not known
    assert env.reset()[1]["drawn"] == np.random.default_rng(4).random()
    assert "_np_random" not in vars(env)  # it is the environment's, not a wrapper's


def test_a_wrong_seed_leaves_the_generator_alone():
    env = Counter()
    env.reset(seed=1)
    state = env.np_random.bit_generator.state
    with pytest.raises(error.InvalidSeed):
        env.reset(seed=-1)
    assert env.np_random.bit_generator.state == state


def test_seeding_the_environment_does_not_touch_the_action_space():
    env = minigym.make("FrozenLake-v1")
    env.action_space.seed(3)
    state = env.action_space.np_random.bit_generator.state
    env.reset(seed=0)
    assert env.action_space.np_random.bit_generator.state == state


# Env ----------------------------------------------------------------------------------------------------------------


def test_a_bare_environment_implements_nothing():
    env = minigym.Env()
    for call in (lambda: env.step(0), env.render):
        with pytest.raises(NotImplementedError):
            call()
    env.close()
    assert (env.metadata, env.render_mode, env.spec) == ({"render_modes": []}, None, None)


def test_a_context_closes_its_environment_even_after_an_error():
    with OrderEnforcing(Counter()) as env:
        env.reset()
    assert env.unwrapped.closed == 1

    def fail(env):
        with env:
            raise ZeroDivisionError

    env = Counter()
    with pytest.raises(ZeroDivisionError):
        fail(env)
    assert env.closed == 1


def test_texts():
    assert str(Counter()) == repr(Counter()) == "<Counter instance>"
    assert str(TimeLimit(Counter(), 5)) == "<TimeLimit<Counter instance>>"
    assert str(minigym.make("CartPole-v1").unwrapped) == "<CartPoleEnv<CartPole-v1>>"


def test_an_unknown_render_mode_is_refused_with_the_known_ones():
    with pytest.raises(
        error.UnsupportedMode, match="Counter cannot render in the mode 'gif'; use one of 'ansi', or None"
    ):
        Counter(render_mode="gif")
    with pytest.raises(error.UnsupportedMode, match="'human', 'ansi', 'rgb_array'"):
        minigym.make("FrozenLake-v1", render_mode="rgb")


@pytest.mark.parametrize("env_id", ["FrozenLake-v1", "CartPole-v1"])
def test_rendering_without_a_mode_warns_what_to_write(env_id):
    env = minigym.make(env_id)
    env.reset()
    with pytest.warns(UserWarning, match=f'{env_id} was made without a render_mode.*render_mode="rgb_array"') as caught:
        assert env.render() is None
    assert caught[0].filename == __file__


# Wrappers -----------------------------------------------------------------------------------------------------------


def test_a_wrapper_wraps_environments_alone():
    with pytest.raises(TypeError, match=r"wraps a minigym\.Env, got .* of type type"):
        minigym.Wrapper(Counter)  # the class, not an instance: the commonest mistake
    with pytest.raises(TypeError, match=r"minigym\.Env"):
        minigym.Wrapper(gymnasium.make("CartPole-v1"))


def test_a_wrapper_passes_everything_through():
    env = Counter(render_mode="ansi")
    wrapper = minigym.Wrapper(minigym.Wrapper(env))
    assert wrapper.reset(seed=2) == (0, {"drawn": np.random.default_rng(2).random()})
    assert wrapper.step(1) == (1, 1.0, False, False, {})
    assert wrapper.render() == "1\n"
    assert wrapper.unwrapped is env
    assert wrapper.render_mode == "ansi"
    assert wrapper.metadata is env.metadata
    assert wrapper.action_space is env.action_space
    assert wrapper.observation_space is env.observation_space
    assert wrapper.spec is None
    wrapper.close()
    assert env.closed == 1


def test_options_reach_the_environment():
    env = minigym.Wrapper(minigym.make("CartPole-v1"))
    assert env.reset(options={"low": 0.125, "high": 0.125})[0].tolist() == [0.125] * 4


def test_a_wrapper_may_have_spaces_and_metadata_of_its_own():
    env = Counter()
    inner, outer = minigym.Wrapper(env), minigym.Wrapper(env)
    inner.action_space, inner.observation_space, inner.metadata = Discrete(7), Box(0, 1), {"render_modes": []}
    outer = minigym.Wrapper(inner)
    for wrapper in (inner, outer):
        assert (wrapper.action_space, wrapper.observation_space) == (Discrete(7), Box(0, 1))
        assert wrapper.metadata == {"render_modes": []}
    assert (env.action_space, env.observation_space) == (Discrete(2), Discrete(100))
    assert env.metadata["render_modes"] == ["ansi"]


class Doubled(minigym.ObservationWrapper):
    def observation(self, observation):
        return 2 * observation


class Punished(minigym.RewardWrapper):
    def reward(self, reward):
        return reward - 10


class Swapped(minigym.ActionWrapper):
    def action(self, action):
        return 1 - action


def test_the_three_kinds_of_wrappers_change_one_thing_each():
    assert Doubled(Counter()).reset(seed=0) == (0, {"drawn": np.random.default_rng(0).random()})
    for wrapper, expected in (
        (Doubled, (2, 1.0, False, False, {})),
        (Punished, (1, -9.0, False, False, {})),
        (Swapped, (1, 0.0, False, False, {})),
    ):
        env = wrapper(Counter())
        env.reset()
        assert env.step(1) == expected
    env = Doubled(Punished(Swapped(Counter(goal=1))))
    env.reset()
    assert env.step(0) == (2, -9.0, True, False, {})


def test_an_observation_wrapper_changes_the_first_observation_too():
    class Shifted(minigym.ObservationWrapper):
        def observation(self, observation):
            return observation + 50

    assert Shifted(Counter()).reset()[0] == 50


@pytest.mark.parametrize(
    ("wrapper", "call"),
    [
        (minigym.ObservationWrapper, lambda env: env.reset()),
        (minigym.RewardWrapper, lambda env: env.step(0)),
        (minigym.ActionWrapper, lambda env: env.step(0)),
    ],
)
def test_what_a_subclass_must_implement(wrapper, call):
    env = Counter()
    env.reset()
    with pytest.raises(NotImplementedError):
        call(wrapper(env))


# Attributes through wrappers ------------------------------------------------------------------------------------------


def stacks():
    """The same stack of wrappers of minigym and of Gymnasium, over environments with the same attributes."""

    class TheirCounter(gymnasium.Env):
        goal = 3

    class TheirOuter(gymnasium.Wrapper):
        depth = "outer"

    class TheirInner(gymnasium.Wrapper):
        depth, only_inner = "inner", 1

    class Outer(minigym.Wrapper):
        depth = "outer"

    class Inner(minigym.Wrapper):
        depth, only_inner = "inner", 1

    return Outer(Inner(Counter())), TheirOuter(TheirInner(TheirCounter()))


@pytest.mark.parametrize("name", ["depth", "only_inner", "goal", "nothing"])
def test_attributes_are_found_where_the_reference_finds_them(name):
    ours, theirs = stacks()
    assert ours.has_wrapper_attr(name) == theirs.has_wrapper_attr(name)
    if theirs.has_wrapper_attr(name):
        assert ours.get_wrapper_attr(name) == theirs.get_wrapper_attr(name)
    else:
        with pytest.raises(AttributeError, match="nothing"):
            ours.get_wrapper_attr(name)


@pytest.mark.parametrize("name", ["depth", "only_inner", "goal", "nothing"])
@pytest.mark.parametrize("force", [True, False])
def test_attributes_are_set_where_the_reference_sets_them(name, force):
    ours, theirs = stacks()
    assert ours.set_wrapper_attr(name, 9, force=force) == theirs.set_wrapper_attr(name, 9, force=force)
    for _ in range(3):
        assert (name in vars(ours)) == (name in vars(theirs))
        ours, theirs = getattr(ours, "env", None), getattr(theirs, "env", None)


def test_attributes_are_not_forwarded():
    """As in the reference since 1.0."""
    env = minigym.make("FrozenLake-v1")
    with pytest.raises(AttributeError):
        _ = env.desc
    assert env.get_wrapper_attr("desc") is env.unwrapped.desc
    assert env.get_wrapper_attr("nrow") == 4


def test_the_table_is_reached_through_any_stack_of_wrappers():
    env = minigym.make("FrozenLake-v1")
    table = env.unwrapped.mdp
    for wrapper in (RecordEpisodeStatistics, Doubled, Punished, Swapped, minigym.Wrapper):
        assert env.mdp is table
        assert env.has_wrapper_attr("mdp")
        assert env.get_wrapper_attr("mdp") is table
        env = wrapper(env)


def test_the_table_cannot_be_exchanged():
    env = minigym.Wrapper(minigym.make("FrozenLake-v1"))
    before = env.mdp
    other = minigym.make("FrozenLake-v1", is_slippery=False).mdp
    for change in (lambda: env.set_wrapper_attr("mdp", other), lambda: setattr(env.unwrapped, "mdp", other)):
        with pytest.raises(AttributeError, match="mdp"):
            change()
    assert env.mdp is env.unwrapped.mdp is before


def test_without_a_table_mdp_is_missing():
    env = minigym.Wrapper(minigym.make("CartPole-v1"))
    assert not hasattr(env, "mdp")
    assert not env.has_wrapper_attr("mdp")
    with pytest.raises(AttributeError, match="mdp"):
        _ = env.mdp


# Descriptions through wrappers ----------------------------------------------------------------------------------------


def test_each_layer_describes_what_it_adds():
    env = minigym.make("CartPole-v1", gravity=3.0)
    limit, order, checker, pole = env.spec, env.env.spec, env.env.env.spec, env.unwrapped.spec
    assert (limit.max_episode_steps, order.max_episode_steps) == (500, None)
    assert (order.order_enforce, checker.order_enforce) == (True, False)
    assert (checker.disable_env_checker, pole.disable_env_checker) == (False, True)
    assert {spec.id for spec in (limit, order, checker, pole)} == {"CartPole-v1"}
    assert limit.kwargs == pole.kwargs == {"gravity": 3.0}
    assert env.spec is env.spec


def test_a_users_wrapper_is_described_by_name_and_place():
    env = Punished(Doubled(minigym.make("CartPole-v1")))
    assert env.spec.additional_wrappers == tuple(
        minigym.WrapperSpec(name, f"{__name__}:{name}", None) for name in ("Doubled", "Punished")
    )
    assert env.env.env.spec.additional_wrappers == ()  # the inner description is not changed
    assert env.spec.max_episode_steps == 500


# Ids ------------------------------------------------------------------------------------------------------------------

parts = st.text("aB1-_:./v0 é", max_size=6)


@given(st.builds("".join, st.lists(parts | st.sampled_from(["/", "-v", "-v0", "-v12", "Lake", "ns/"]), max_size=5)))
def test_ids_are_read_as_the_reference_reads_them(env_id):
    try:
        expected = gymnasium.envs.registration.parse_env_id(env_id)
    except gymnasium.error.Error:
        with pytest.raises(error.Error, match="must look like"):
            parse_env_id(env_id)
    else:
        assert parse_env_id(env_id) == expected


@pytest.mark.parametrize("env_id", ["", "a b", "a/b/c", "CartPole-v1\n", "@lake", 1, None])
def test_a_malformed_id_is_refused(env_id):
    for read in (parse_env_id, minigym.make, minigym.spec):
        with pytest.raises(error.Error, match=r'\[namespace/\]name\[-vN\], for instance "CartPole-v1"'):
            read(env_id)


# Wrong actions ------------------------------------------------------------------------------------------------------

WRONG = (4, -1, 10**30, 1.0, "0", None, np.float32(1), np.float64(0), np.nan, float("nan"), np.inf, 1j, b"0", [0], (0,))
WRONG_ARRAYS = (np.array([0]), np.array([0, 1]), np.array(1.0), np.array("0"), np.empty(0, int), np.array([np.nan]))
ENVIRONMENTS = {
    "FrozenLake-v1": lambda: minigym.make("FrozenLake-v1", desc=["SFG"]),
    "CartPole-v1": lambda: minigym.make("CartPole-v1"),
    "a table": lambda: minigym.TabularEnv(minigym.MDP.from_P({0: {0: [(1.0, 0, 0, False)], 1: [(1.0, 0, 1, False)]}})),
}


def assert_refused(name, action):
    env = ENVIRONMENTS[name]()
    env.reset(seed=0)
    env.step(1)
    bare = env.unwrapped
    attribute = "state" if name == "CartPole-v1" else "s"
    state, generator = repr(getattr(bare, attribute)), bare.np_random.bit_generator.state
    elapsed = vars(env).get("_elapsed_steps")
    with pytest.raises(error.InvalidAction, match="expected an action in Discrete"):
        env.step(action)
    assert repr(getattr(bare, attribute)) == state
    assert bare.np_random.bit_generator.state == generator
    assert vars(env).get("_elapsed_steps") == elapsed
    env.step(0)  # and the episode goes on


@pytest.mark.parametrize("name", ENVIRONMENTS)
@pytest.mark.parametrize("action", [*WRONG, *WRONG_ARRAYS], ids=repr)
def test_a_wrong_action_is_refused_and_nothing_has_moved(name, action):
    assert_refused(name, action)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_first_number_that_is_no_action_is_refused(name):
    assert_refused(name, int(ENVIRONMENTS[name]().action_space.n))


@pytest.mark.parametrize("name", ENVIRONMENTS)
@pytest.mark.parametrize(
    "action", [np.int64(1), np.int8(1), np.uint8(1), np.array(1), np.array(1, np.int32), True], ids=repr
)
def test_any_kind_of_integer_is_an_action(name, action):
    env, other = ENVIRONMENTS[name](), ENVIRONMENTS[name]()
    env.reset(seed=0)
    other.reset(seed=0)
    assert repr(env.step(action)) == repr(other.step(1))


# Before the first reset ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_a_step_before_the_first_reset_is_refused_with_and_without_wrappers(name):
    for env in (ENVIRONMENTS[name](), ENVIRONMENTS[name]().unwrapped):
        with pytest.raises(error.ResetNeeded, match=r"call reset\(\) first"):
            env.step(0)
        env.reset()
        env.step(0)


@pytest.mark.parametrize("name", ["FrozenLake-v1", "CartPole-v1"])
def test_rendering_before_the_first_reset_is_refused(name):
    env = minigym.make(name, render_mode="rgb_array")
    for layer in (env, env.unwrapped):
        with pytest.raises(error.ResetNeeded, match=r"call reset\(\) first"):
            layer.render()


def test_the_checks_of_make_are_layers():
    env = minigym.make("CartPole-v1")
    layers = []
    while env is not env.unwrapped:
        layers.append(type(env))
        env = env.env
    assert layers == [TimeLimit, OrderEnforcing, PassiveEnvChecker]
