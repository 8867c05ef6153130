"""Every wrapper of 0.29, registration with its old arguments, specs, levels of the logger, spaces."""

import copy
import os
import pickle
import warnings

import gymnasium as gym
import numpy as np
from gymnasium import logger, spaces
from gymnasium.envs.registration import EnvSpec, WrapperSpec, parse_env_id, register
from gymnasium.utils.step_api_compatibility import step_api_compatibility
from gymnasium.wrappers.frame_stack import FrameStack, LazyFrames

warnings.simplefilter("always")


def said(function, *args, **kwargs):
    """What comes back, and of which classes the warnings were."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = function(*args, **kwargs)
    return result, sorted({warning.category.__name__ for warning in caught}), len(caught)


def named(spec):
    """The wrappers of a spec, without where they live and without functions, whose addresses change."""
    return [
        (one.name, one.kwargs and {key: value for key, value in one.kwargs.items() if not callable(value)})
        for one in spec.additional_wrappers
    ]


class Slide(gym.Env):
    """Push a block."""

    metadata = {"render_modes": ["rgb_array", "ansi"], "render_fps": 5}  # noqa: RUF012
    reward_range = (-1, 1)

    def __init__(self, size=3, render_mode=None):
        self.size, self.render_mode = size, render_mode
        self.observation_space = spaces.Box(-10, 10, (size,), np.float32)
        self.action_space = spaces.Box(np.array([-2, 0]), np.array([2, 5]), dtype=np.float32)

    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        self.place = self.np_random.normal(size=self.size).astype(np.float32)
        return self.place.copy(), {"start": float(self.place[0])}

    def step(self, action):
        self.place = (self.place + np.float32(action[0]) * 0.5 + np.float32(action[1]) * 0.1).astype(np.float32)
        return self.place.copy(), float(self.place.sum()), bool(abs(self.place[0]) > 3), False, {"action": list(action)}

    def render(self):
        return np.full((2, 3, 3), self.size, np.uint8) if self.render_mode == "rgb_array" else "block"


class Old(gym.Env):
    """As before 0.26."""

    metadata = {"render_modes": ["ansi"], "render_fps": 4}  # noqa: RUF012
    observation_space = spaces.Discrete(9)
    action_space = spaces.Discrete(2)

    def __init__(self, step=1):
        self.by = step

    def seed(self, seed=None):
        self.begin = seed % 3
        return [seed]

    def reset(self):
        self.place = getattr(self, "begin", 0)
        return self.place

    def step(self, action):
        self.place += self.by
        return self.place, 1.0, self.place > 4, {"TimeLimit.truncated": self.place == 6}

    def render(self, mode="human"):
        return f"{mode} {self.place}"


class Plain(gym.Env):
    """Knows of no options."""

    observation_space = action_space = spaces.Discrete(3)

    def reset(self, seed=None):
        super().reset(seed=seed)
        return int(self.np_random.integers(3)), {}

    def step(self, action):
        return int(action), 0.0, action == 2, False, {}


class Named(gym.ObservationWrapper):
    def __init__(self, env):
        super().__init__(env)
        self.observation_space = spaces.Dict(b=env.observation_space, a=spaces.Discrete(4))

    def observation(self, observation):
        return {"b": observation, "a": 2}


class Capped(gym.RewardWrapper, gym.utils.RecordConstructorArgs):
    def __init__(self, env, top=1.0):
        gym.utils.RecordConstructorArgs.__init__(self, top=top)
        gym.RewardWrapper.__init__(self, env)
        self.top, self.reward_range = top, (-1, top)

    def reward(self, reward):
        return min(reward, self.top)


def play(env, steps=5, action=None):
    env.action_space.seed(2)
    trace = [env.reset(seed=4)]
    for _ in range(steps):
        trace.append(env.step(env.action_space.sample() if action is None else action))
    return trace


register(id="Slide-v0", entry_point=Slide, max_episode_steps=4)
print(said(register, id="lab/Slide-v1", entry_point=Slide, max_episode_steps=3, autoreset=True, kwargs={"size": 2})[1:])
register(id="Old-v0", entry_point=Old, apply_api_compatibility=True, max_episode_steps=5)
extra = (WrapperSpec("Capped", f"{__name__}:Capped", {"top": 0.5}),)
register(id="Slide-v1", entry_point=f"{__name__}:Slide", additional_wrappers=extra, reward_threshold=3.5)

env, *rest = said(gym.make, "lab/Slide-v1", render_mode="rgb_array_list")
print(env, rest, play(env), len(env.render()), len(env.render()), env.metadata, named(env.spec))
print(env.env.spec)
print(said(gym.make, "Slide-v0")[1:], said(gym.make, "Slide")[1:], said(gym.make, "Slide-v0", autoreset=True)[0])
for wrong in ("Slide-v3", "nolab/Slide-v0", "Slyde-v1", "a b"):
    try:
        gym.make(wrong)
    except gym.error.Error as error:
        print(wrong, type(error).__name__)

env, *rest = said(gym.make, "Old-v0", step=2)
print(env, rest, play(env, 3), env.spec, isinstance(env.unwrapped, gym.wrappers.EnvCompatibility))
env, *rest = said(gym.make, "Old-v0", render_mode="ansi")
env.reset()
print(rest, env.render(), env.reward_range, env.unwrapped.env.spec.id)

register(id="Plain-v0", entry_point=Plain, max_episode_steps=5)
plain = gym.make("Plain-v0")
print(said(plain.reset, seed=6), said(plain.reset), plain.step(2))
print(gym.vector.SyncVectorEnv([lambda: gym.make("Plain-v0")] * 2).reset(seed=6))

register(id="Capped-v0", entry_point=lambda **kwargs: Capped(Slide(**kwargs)), autoreset=True, max_episode_steps=2)
capped = gym.make("Capped-v0", size=2)
print(capped, named(capped.spec), capped.spec.autoreset, capped.spec.kwargs, gym.make(capped.spec), play(capped))
print(gym.spec("CartPole-v1"), gym.spec("FrozenLake8x8-v1"), gym.make("CartPole-v0").spec)

env = gym.make("Slide-v1")
print(env, env.reward_range, env.env.reward_range, env.top, play(env), env.spec.reward_threshold)
again = gym.make(EnvSpec.from_json(env.spec.to_json()))
print(again, str(play(again)) == str(play(env)), again.spec == env.spec, env.spec.to_json())
again.spec.pprint()
gym.spec("lab/Slide-v1").pprint(print_all=True)
gym.spec("Old-v0").pprint(include_entry_points=False)
print(parse_env_id("lab/Slide-v1"), gym.pprint_registry({"a": gym.spec("Slide-v0")}, disable_print=True))

for wrap in (
    gym.wrappers.TimeAwareObservation,
    lambda env: FrameStack(env, 3),
    lambda env: gym.wrappers.RescaleAction(env, -1.0, np.array([1.0, 2.0])),
    gym.wrappers.ClipAction,
    gym.wrappers.AutoResetWrapper,
    gym.wrappers.NormalizeObservation,
    gym.wrappers.NormalizeReward,
    gym.wrappers.FlattenObservation,
    gym.wrappers.OrderEnforcing,
    lambda env: gym.wrappers.TimeLimit(env, max_episode_steps=2),
    lambda env: gym.wrappers.FilterObservation(Named(env), ["a"]),
    lambda env: gym.wrappers.FilterObservation(Named(env)),
    lambda env: gym.wrappers.FlattenObservation(Named(env)),
    lambda env: gym.wrappers.StepAPICompatibility(env, output_truncation_bool=True),
    lambda env: gym.wrappers.StepAPICompatibility(env, output_truncation_bool=False),
    lambda env: gym.wrappers.TransformReward(env, lambda reward: reward * 2),
    lambda env: gym.wrappers.TransformObservation(env, np.negative),
):
    env = wrap(gym.make("Slide-v1", max_episode_steps=4))
    print(env, env.observation_space, env.action_space, named(env.spec))
    for part in play(env, 4, np.array([0.9, 0.8], np.float32)):
        print([np.asarray(part[0]) if isinstance(part[0], LazyFrames) else part[0], *part[1:]])
for action in (np.array([3.0, 0.0]), np.array([0.0, -1.5])):
    rescaled = gym.wrappers.RescaleAction(gym.make("Slide-v0"), -1.0, 1.0)
    rescaled.reset()
    try:
        rescaled.step(action)
    except AssertionError:
        print("AssertionError")

frames = FrameStack(gym.make("CartPole-v1"), 2).reset(seed=1)[0]
print(
    len(frames),
    frames.shape,
    frames.dtype,
    frames[0],
    frames[1:],
    np.array(frames).tolist(),
    (frames == frames[0]).all(),
)
for pop, clean in ((True, True), (False, False)):
    env = gym.wrappers.RenderCollection(Slide(render_mode="ansi"), pop_frames=pop, reset_clean=clean)
    env.reset(seed=1)
    env.step([0, 0])
    env.env.reset(seed=2)
    print(env.render(), env.render(), env.render_mode, env.metadata["render_modes"])

env = gym.make("CartPole-v1")
env.reset(seed=0)
print(said(lambda: env.gravity), said(lambda: env.unwrapped.gravity), said(lambda: env.get_wrapper_attr("gravity")))
print(said(lambda: env.spec.id), said(lambda: env.reward_range), said(getattr, env, "nothing", None))
twin, other = copy.deepcopy(env), pickle.loads(pickle.dumps(env))
print([str(each.step(1)) for each in (env, twin, other)], twin)
print(env.unwrapped.state, env.state is not None, env.length, env.np_random is env.unwrapped.np_random)

logger.set_level(logger.ERROR)
print(said(lambda: env.gravity), said(logger.warn, "%s", 1), logger.min_level)
gym.logger.set_level(gym.logger.INFO)
print(said(logger.warn, "%s and %d", "text", 3)[1:], said(logger.deprecation, "old")[1:], logger.DISABLED, logger.DEBUG)
logger.set_level(logger.WARN)

print(step_api_compatibility((0, 1.0, True, True, {}), False), step_api_compatibility((0, 1.0, True, {})))
for space in (
    spaces.Discrete(5, start=-2),
    spaces.Box(-np.inf, np.array([0.0, 1.0, np.inf]), (3,), np.float64),
    spaces.Box(0, 255, (2, 2), np.uint8),
    spaces.MultiDiscrete([[2, 3], [4, 5]]),
    spaces.MultiBinary([2, 3]),
    spaces.Tuple((spaces.Discrete(2), spaces.Box(0, 1, (2,)))),
):
    space.seed(11)
    drawn = [space.sample() for _ in range(3)]
    print(space, drawn, spaces.flatten_space(space), spaces.flatten(space, drawn[0]), space.to_jsonable(drawn))
    batch = gym.vector.utils.batch_space(space, 2)
    print(batch, batch.sample(), gym.vector.utils.create_empty_array(space, 2), drawn[1] in space)
for limit in (None, 3):
    bare = gym.make("CartPole-v0", disable_env_checker=True, max_episode_steps=limit)
    print(bare, bare.spec.max_episode_steps, bare.observation_space, said(gym.make, "CartPole-v0")[1])
bare.reset(seed=8)
print([bare.step(action)[2:4] for action in (0, 1, 0, 1)], bare.has_reset, os.path.basename(gym.__version__))
