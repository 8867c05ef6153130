"""Which module of ``gymnasium`` 0.29 holds which names."""

from minigym.compat.modern import surface as modern

_WRAPPERS = "minigym.compat.profile_029.wrappers"
_STATISTICS = "minigym.compat.profile_029.statistics"
_ENVS = "minigym.compat.profile_029.envs"
_NAMES = "minigym.compat.profile_029.names"
_KEPT = ("gymnasium.spaces", "gymnasium.utils", "gymnasium.vector.utils")  # with all their modules, as in 1.x

MODULES: dict[str, tuple[str, ...]] = {
    **{name: sources for name, sources in modern.MODULES.items() if name.startswith(_KEPT)},
    "gymnasium.error": ("minigym.compat.profile_029.error",),
    "gymnasium.utils.env_checker": ("minigym.compat.modern.env_checker", f"{_NAMES}:check_reset_seed"),
    "gymnasium.core": (
        "minigym.compat.profile_029.core:Env,Wrapper,ObservationWrapper,ActionWrapper,RewardWrapper",
        "minigym.core:ObsType,ActType,WrapperObsType,WrapperActType,RenderFrame",
    ),
    "gymnasium.vector": ("minigym.compat.profile_029.vector",),
    "gymnasium.vector.async_vector_env": (
        "minigym.compat.profile_029.vector:AsyncVectorEnv",
        "minigym.vector.async_vector_env:AsyncState",
    ),
    "gymnasium.vector.sync_vector_env": ("minigym.compat.profile_029.vector:SyncVectorEnv",),
    "gymnasium.vector.utils": (*modern.MODULES["gymnasium.vector.utils"], f"{_NAMES}:BaseGymSpaces"),
    "gymnasium.vector.utils.numpy_utils": ("minigym.vector.utils:concatenate,create_empty_array",),
    "gymnasium.vector.utils.spaces": ("minigym.vector.utils:batch_space,iterate", f"{_NAMES}:BaseGymSpaces"),
    "gymnasium.vector.vector_env": ("minigym.compat.profile_029.vector:VectorEnv,VectorEnvWrapper",),
    "gymnasium.wrappers": (_WRAPPERS,),
    "gymnasium.wrappers.autoreset": (f"{_WRAPPERS}:AutoResetWrapper",),
    "gymnasium.wrappers.clip_action": (f"{_WRAPPERS}:ClipAction",),
    "gymnasium.wrappers.compatibility": (f"{_WRAPPERS}:EnvCompatibility", f"{_NAMES}:LegacyEnv"),
    "gymnasium.wrappers.env_checker": (f"{_WRAPPERS}:PassiveEnvChecker",),
    "gymnasium.wrappers.filter_observation": (f"{_WRAPPERS}:FilterObservation",),
    "gymnasium.wrappers.flatten_observation": (f"{_WRAPPERS}:FlattenObservation",),
    "gymnasium.wrappers.frame_stack": (f"{_WRAPPERS}:FrameStack,LazyFrames",),
    "gymnasium.wrappers.human_rendering": (f"{_WRAPPERS}:HumanRendering",),
    "gymnasium.wrappers.normalize": (
        f"{_STATISTICS}:NormalizeObservation,NormalizeReward,RunningMeanStd",
        "minigym.wrappers.utils:update_mean_var_count_from_moments",
    ),
    "gymnasium.wrappers.order_enforcing": (f"{_WRAPPERS}:OrderEnforcing",),
    "gymnasium.wrappers.record_episode_statistics": (f"{_STATISTICS}:RecordEpisodeStatistics",),
    "gymnasium.wrappers.record_video": (f"{_WRAPPERS}:RecordVideo,capped_cubic_video_schedule",),
    "gymnasium.wrappers.render_collection": (f"{_WRAPPERS}:RenderCollection",),
    "gymnasium.wrappers.rescale_action": (f"{_WRAPPERS}:RescaleAction",),
    "gymnasium.wrappers.step_api_compatibility": (f"{_WRAPPERS}:StepAPICompatibility",),
    "gymnasium.wrappers.time_aware_observation": (f"{_WRAPPERS}:TimeAwareObservation",),
    "gymnasium.wrappers.time_limit": (f"{_WRAPPERS}:TimeLimit",),
    "gymnasium.wrappers.transform_observation": (f"{_WRAPPERS}:TransformObservation",),
    "gymnasium.wrappers.transform_reward": (f"{_WRAPPERS}:TransformReward",),
    "gymnasium.wrappers.vector_list_info": (f"{_WRAPPERS}:VectorListInfo",),
    "gymnasium.envs": ("gymnasium.envs.registration:make,pprint_registry,register,registry,spec",),
    "gymnasium.envs.classic_control": (f"{_ENVS}:CartPoleEnv,MountainCarEnv",),
    "gymnasium.envs.classic_control.cartpole": (f"{_ENVS}:CartPoleEnv",),
    "gymnasium.envs.classic_control.mountain_car": (f"{_ENVS}:MountainCarEnv",),
    "gymnasium.envs.classic_control.utils": modern.MODULES["gymnasium.envs.classic_control.utils"],
    "gymnasium.envs.toy_text": (f"{_ENVS}:FrozenLakeEnv",),
    "gymnasium.envs.toy_text.frozen_lake": (f"{_ENVS}:-CartPoleEnv,MountainCarEnv",),
    "gymnasium.envs.toy_text.utils": (f"{_ENVS}:categorical_sample",),
    "gymnasium.experimental": (),
}

SAME = {
    **modern.SAME,
    "gymnasium.envs.registration": "minigym.compat.profile_029.registration",
    "gymnasium.logger": "minigym.compat.profile_029.logger",
}

TOP = (
    modern.TOP[0],
    modern.TOP[1],
    "gymnasium.envs.registration:make,spec,register,registry,pprint_registry,register_envs",
)

IDS = modern.IDS

_ANOTHER = "not one of minigym's environments"
_ATARI = "for Atari games, which minigym has none of"
_OPENCV = "draws with OpenCV, whose every bit it would have to match"
_PIXELS = "fails in 0.29.1 itself under NumPy 1.24 and later (np.float)"
_VIDEO = "the recorder inside RecordVideo, which here writes with PyAV or Pillow in place of moviepy"
_INNER = "an inner helper"
_MAKE_VEC = "experimental in 0.29: use gymnasium.vector.make, or the profile 1.x"
_JAX = "environments for JAX"
_PLUGINS = "for packages that bring environments, which are not loaded"
ABSENT = {
    "gymnasium.envs.box2d": _ANOTHER,
    "gymnasium.envs.classic_control.AcrobotEnv": _ANOTHER,
    "gymnasium.envs.classic_control.Continuous_MountainCarEnv": _ANOTHER,
    "gymnasium.envs.classic_control.PendulumEnv": _ANOTHER,
    "gymnasium.envs.classic_control.cartpole.CartPoleVectorEnv": _MAKE_VEC,
    "gymnasium.envs.load_plugin_envs": _PLUGINS,
    "gymnasium.envs.mujoco": _ANOTHER,
    "gymnasium.envs.phys2d": _JAX,
    "gymnasium.envs.registration.current_namespace": _PLUGINS,
    "gymnasium.envs.registration.make_vec": _MAKE_VEC,
    "gymnasium.envs.tabular": _JAX,
    "gymnasium.envs.toy_text.BlackjackEnv": _ANOTHER,
    "gymnasium.envs.toy_text.CliffWalkingEnv": _ANOTHER,
    "gymnasium.envs.toy_text.TaxiEnv": _ANOTHER,
    "gymnasium.experimental.functional": modern.ABSENT["gymnasium.experimental.functional"],
    "gymnasium.experimental.vector": "what became 1.0: use the profile 1.x",
    "gymnasium.experimental.wrappers": "what became 1.0: use the profile 1.x",
    "gymnasium.make_vec": _MAKE_VEC,
    "gymnasium.spaces.box.get_precision": _INNER,
    "gymnasium.spaces.box.is_float_integer": _INNER,
    "gymnasium.utils.play": modern.ABSENT["gymnasium.utils.play"],
    "gymnasium.vector.utils.spaces._BaseGymSpaces": _INNER,
    "gymnasium.wrappers.AtariPreprocessing": _ATARI,
    "gymnasium.wrappers.GrayScaleObservation": _OPENCV,
    "gymnasium.wrappers.PixelObservationWrapper": _PIXELS,
    "gymnasium.wrappers.ResizeObservation": _OPENCV,
    "gymnasium.wrappers.atari_preprocessing": _ATARI,
    "gymnasium.wrappers.gray_scale_observation": _OPENCV,
    "gymnasium.wrappers.monitoring": _VIDEO,
    "gymnasium.wrappers.monitoring.video_recorder": _VIDEO,
    "gymnasium.wrappers.pixel_observation": _PIXELS,
    "gymnasium.wrappers.resize_observation": _OPENCV,
}
