"""``gym.wrappers.Monitor``, and RecordVideo, its successor: videos of some episodes, statistics of all."""

import atexit
import itertools
import json
import os
import time
import weakref
from collections.abc import Callable
from typing import Any

from minigym.compat.classic import error
from minigym.compat.classic.core import Wrapper
from minigym.compat.classic.video_recorder import VideoRecorder
from minigym.compat.install import GYM
from minigym.render.video import capped_cubic_video_schedule

__all__ = ["Monitor", "RecordVideo", "capped_cubic_video_schedule"]

FILE_PREFIX = "openaigym"  # by which a later Monitor knows the files of an earlier one

_numbers = itertools.count()
_open_monitors: "weakref.WeakSet[Monitor]" = weakref.WeakSet()


class StatsRecorder:
    """Lengths and returns of the episodes, and the rule that an episode is played to its end."""

    def __init__(self, path: str, env_id: str) -> None:
        self.path = path
        self.env_id = env_id
        self.type = "t"  # "t" for training, "e" for evaluation
        self.initial_reset_timestamp: float | None = None
        self.timestamps: list[float] = []
        self.episode_lengths: list[int] = []
        self.episode_rewards: list[float] = []
        self.episode_types: list[str] = []
        self.total_steps = 0
        self.steps: int | None = None
        self.rewards = 0.0
        self.done = False

    def before_step(self) -> None:
        """Refuse a step outside an episode."""
        if self.done or self.steps is None:
            raise error.ResetNeeded(
                f"a monitored {self.env_id} takes no step {'after the end of' if self.done else 'before'} an episode: "
                "call reset() first"
            )

    def after_step(self, reward: Any, done: bool) -> None:
        """Count a step."""
        assert self.steps is not None  # before_step has seen to it
        self.steps += 1
        self.total_steps += 1
        self.rewards += float(reward)
        self.done = done
        if done:
            self.episode_lengths.append(self.steps)
            self.episode_rewards.append(self.rewards)
            self.timestamps.append(time.time())

    def before_reset(self) -> None:
        """Refuse to leave an episode that is under way."""
        if self.steps and not self.done:
            raise error.Error(
                f"a monitored {self.env_id} cannot be reset in the middle of an episode: play it to its end"
            )
        if self.initial_reset_timestamp is None:
            self.initial_reset_timestamp = time.time()

    def after_reset(self) -> None:
        """Begin an episode."""
        self.steps, self.rewards, self.done = 0, 0.0, False
        self.episode_types.append(self.type)

    def flush(self) -> None:
        """Write the statistics so far."""
        names = ("initial_reset_timestamp", "timestamps", "episode_lengths", "episode_rewards", "episode_types")
        _write_json(self.path, {name: getattr(self, name) for name in names})


class Monitor(Wrapper):
    """Records videos of some episodes and statistics of all, in a directory.

    Args:
        env: the environment; one that has text alone is recorded as JSON.
        directory: where; made if it is not there.
        video_callable: which episodes to record, by their number; None for the cubes below 1,000 and then every
            thousandth; False for none.
        force: whether to delete what an earlier Monitor wrote there.
        resume: whether to write beside it.
        write_upon_reset: whether to write the statistics at every reset, not at the end alone.
        uid: what to name the files by, besides a number; None for the process id.
        mode: "training" or "evaluation", which stands in the statistics.

    Raises:
        Error: if the directory holds the files of an earlier Monitor, without ``force`` or ``resume``.
    """

    def __init__(
        self,
        env: Any,
        directory: Any,
        video_callable: Callable[[int], bool] | bool | None = None,
        force: bool = False,
        resume: bool = False,
        write_upon_reset: bool = False,
        uid: str | None = None,
        mode: str | None = None,
    ) -> None:
        super().__init__(env)
        self.enabled = False  # so that __del__ does nothing if what follows fails
        self.video_callable = _schedule(video_callable)
        self.directory = os.path.abspath(directory)
        os.makedirs(self.directory, exist_ok=True)
        self._make_room(force, resume)
        self.write_upon_reset = write_upon_reset
        self.videos: list[tuple[str, str]] = []
        self.episode_id = 0
        self.video_recorder: VideoRecorder | None = None
        self.file_infix = f"{next(_numbers)}.{uid or os.getpid()}"
        env_id = "(unknown)" if env.spec is None else env.spec.id
        self.stats_recorder = StatsRecorder(self._path("episode_batch", "stats.json"), env_id)
        if mode is not None:
            self._set_mode(mode)
        self.enabled = True
        _open_monitors.add(self)

    def step(self, action: Any) -> tuple[Any, Any, bool, dict[str, Any]]:
        if self.enabled:
            self.stats_recorder.before_step()
        observation, reward, done, info = self.env.step(action)
        if self.enabled:
            self.stats_recorder.after_step(reward, done)
            assert self.video_recorder is not None  # made by the reset
            self.video_recorder.capture_frame()
        return observation, reward, done, info

    def reset(self, **kwargs: Any) -> Any:
        if not self.enabled:
            return self.env.reset(**kwargs)
        self.stats_recorder.before_reset()
        observation = self.env.reset(**kwargs)
        self.stats_recorder.after_reset()
        self._close_video()
        self.video_recorder = VideoRecorder(
            self.env,
            base_path=self._path("video", f"video{self.episode_id:06}"),
            metadata={"episode_id": self.episode_id},
            enabled=bool(self.video_callable(self.episode_id)),
        )
        self.video_recorder.capture_frame()
        self.episode_id += 1
        if self.write_upon_reset:
            self._flush()
        return observation

    def close(self) -> None:
        """Close the environment, finish the video, and write the statistics."""
        super().close()
        if self.enabled:
            self.enabled = False
            self._close_video()
            self._flush()
            _open_monitors.discard(self)

    def get_total_steps(self) -> int:
        """Steps of all episodes."""
        return self.stats_recorder.total_steps

    def get_episode_rewards(self) -> list[float]:
        """The return of each finished episode."""
        return self.stats_recorder.episode_rewards

    def get_episode_lengths(self) -> list[int]:
        """The steps of each finished episode."""
        return self.stats_recorder.episode_lengths

    def _set_mode(self, mode: str) -> None:
        if mode not in ("evaluation", "training"):
            raise error.Error(f'mode must be "training" or "evaluation", got {mode!r}')
        self.stats_recorder.type = mode[0]

    def _path(self, kind: str, suffix: str) -> str:
        return os.path.join(self.directory, f"{FILE_PREFIX}.{kind}.{self.file_infix}.{suffix}")

    def _make_room(self, force: bool, resume: bool) -> None:
        files = [name for name in os.listdir(self.directory) if name.startswith(f"{FILE_PREFIX}.")]
        if force:
            for name in files:
                os.unlink(os.path.join(self.directory, name))
        elif not resume and any(name.startswith(f"{FILE_PREFIX}.manifest.") for name in files):
            raise error.Error(
                f"{self.directory} holds the files of an earlier Monitor: give another directory, or force=True to "
                "delete them, or resume=True to write beside them"
            )

    def _close_video(self) -> None:
        recorder = self.video_recorder
        if recorder is not None and recorder.functional:
            recorder.close()
            self.videos.append((os.path.basename(recorder.path), os.path.basename(recorder.metadata_path)))

    def _flush(self) -> None:
        self.stats_recorder.flush()
        env_info = {"gym_version": GYM.versions[GYM.chosen()], "env_id": self.stats_recorder.env_id}
        manifest = {
            "stats": os.path.basename(self.stats_recorder.path),
            "videos": self.videos,
            "env_info": env_info,
        }
        _write_json(self._path("manifest", "manifest.json"), manifest)

    def __del__(self) -> None:
        if self.__dict__.get("enabled"):
            self.close()


class RecordVideo(Wrapper):
    """Records videos of the episodes, or from the steps, that a trigger names (gym 0.20 and 0.21).

    Args:
        env: the environment.
        video_folder: where to write ``<name_prefix>-episode-<number>``.
        episode_trigger: which episodes to record; None for the cubes, as Monitor does.
        step_trigger: from which steps on to record, instead.
        video_length: frames a video; 0 for whole episodes.
        name_prefix: how the file names begin.
    """

    def __init__(
        self,
        env: Any,
        video_folder: Any,
        episode_trigger: Callable[[int], bool] | None = None,
        step_trigger: Callable[[int], bool] | None = None,
        video_length: int = 0,
        name_prefix: str = "rl-video",
    ) -> None:
        super().__init__(env)
        assert episode_trigger is None or step_trigger is None, "give episode_trigger or step_trigger, not both"
        self.episode_trigger = capped_cubic_video_schedule if episode_trigger is None else episode_trigger
        self.step_trigger = step_trigger
        self.video_folder = os.path.abspath(video_folder)
        os.makedirs(self.video_folder, exist_ok=True)
        self.video_length = video_length
        self.name_prefix = name_prefix
        self.step_id = self.episode_id = self.recorded_frames = 0
        self.video_recorder: VideoRecorder | None = None

    def reset(self, **kwargs: Any) -> Any:
        observation = self.env.reset(**kwargs)
        if self.video_recorder is None:
            self._start_if_triggered()
        return observation

    def step(self, action: Any) -> tuple[Any, Any, bool, dict[str, Any]]:
        observation, reward, done, info = self.env.step(action)
        self.step_id += 1
        self.episode_id += bool(done)
        if self.video_recorder is None:
            if self.step_trigger is not None:
                self._start_if_triggered()
        else:
            self.video_recorder.capture_frame()
            self.recorded_frames += 1
            if self.recorded_frames > self.video_length if self.video_length > 0 else done:
                self.close_video_recorder()
        return observation, reward, done, info

    def close(self) -> None:
        super().close()
        self.close_video_recorder()

    def close_video_recorder(self) -> None:
        """Finish the video under way."""
        if self.video_recorder is not None:
            self.video_recorder.close()
            self.video_recorder = None

    def _start_if_triggered(self) -> None:
        if self.step_trigger is not None:
            triggered, name = self.step_trigger(self.step_id), f"step-{self.step_id}"
        else:
            triggered, name = self.episode_trigger(self.episode_id), f"episode-{self.episode_id}"
        if triggered:
            base_path = os.path.join(self.video_folder, f"{self.name_prefix}-{name}")
            metadata = {"step_id": self.step_id, "episode_id": self.episode_id}
            self.video_recorder = VideoRecorder(self.env, base_path=base_path, metadata=metadata)
            self.video_recorder.capture_frame()
            self.recorded_frames = 1


def _schedule(video_callable: Any) -> Callable[[int], bool]:
    if video_callable is None:
        return capped_cubic_video_schedule
    if video_callable is False:
        return lambda episode_id: False
    if not callable(video_callable):
        raise error.Error(f"video_callable must be a function of the episode's number, None or False: {video_callable}")
    schedule: Callable[[int], bool] = video_callable
    return schedule


def _write_json(path: str, content: dict[str, Any]) -> None:
    """Write to a file beside it first, so that a program killed meanwhile leaves the old one whole."""
    with open(f"{path}.tmp", "w", encoding="utf-8") as file:
        json.dump(content, file)
    os.replace(f"{path}.tmp", path)


@atexit.register
def _close_open_monitors() -> None:
    for monitor in list(_open_monitors):
        monitor.close()
