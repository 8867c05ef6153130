"""The file of a training: whole or refused, and never executed."""

import io
import os
import pickle
import time
import zipfile

import numpy as np
import pytest

from agents.common import checkpoints
from agents.common.checkpoints import Arrays, Checkpoint, CheckpointError, Streams
from tests.agents.deep_runs import generators


class Trap:
    """Makes a directory when it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


def parts(fill=0.0):
    return {"net": Arrays(weights=np.full((2, 3), fill), count=np.array([7])), "streams": Streams(generators(1, 2))}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "checkpoint.npz"


@pytest.fixture
def whole(path):
    """The bytes of a good checkpoint, which is in its place."""
    Checkpoint(path, "config").keep(12, parts(5.0), last=True)
    return path.read_bytes()


def refused(path, match, config="config"):
    """That what lies at ``path`` is refused, changes nothing and is left as it is."""
    before = path.read_bytes()
    own = {
        "net": Arrays(weights=(weights := np.zeros((2, 3))), count=np.zeros(1, np.int64)),
        "streams": parts()["streams"],
    }
    with pytest.raises(CheckpointError, match=match) as caught:
        Checkpoint(path, config).restore(own)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == before
    assert not weights.any()
    return str(caught.value)


def test_what_was_kept_comes_back(path, whole):
    weights, count = np.zeros((2, 3)), np.zeros(1, np.int64)
    own = generators(3, 4)
    fresh = {"net": Arrays(weights=weights, count=count), "streams": Streams(own)}
    assert Checkpoint(path, "config").restore(fresh) == 12
    assert weights.tolist() == [[5.0] * 3] * 2
    assert count.tolist() == [7]
    assert [generator.random() for generator in own] == [generator.random() for generator in generators(1, 2)]


def test_streams_keep_the_half_word_too():
    own, other = generators(1, 2), generators(3, 4)
    for generator in own:
        generator.integers(10, dtype=np.int32)
    Streams(other).restore(Streams(own).snapshot())
    for one, copy in zip(own, other, strict=True):
        assert (
            one.integers(2**31, size=5, dtype=np.int32).tolist()
            == copy.integers(2**31, size=5, dtype=np.int32).tolist()
        )
        assert one.random() == copy.random()


def test_arrays_are_copied_out_and_filled_in_place():
    array = np.arange(3)
    part = Arrays(numbers=array)
    snapshot = part.snapshot()
    array += 10
    assert snapshot["numbers"].tolist() == [0, 1, 2]
    part.restore(snapshot)
    assert array.tolist() == [0, 1, 2]


def test_without_a_file_the_training_begins(path):
    assert Checkpoint(path, "config").restore(parts()) == 0
    nowhere = Checkpoint()
    nowhere.keep(3, parts(), last=True)
    assert nowhere.restore(parts()) == 0
    nowhere.discard()


def test_a_checkpoint_is_kept_when_it_is_time_and_at_the_end(path, monkeypatch):
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    checkpoint = Checkpoint(path, "config", interval=60.0)

    def kept(done, last=False):
        checkpoint.keep(done, parts(), last=last)
        return Checkpoint(path, "config").restore(parts())

    now = 1059.0
    assert kept(1) == 0
    now = 1060.0
    assert kept(2) == 2
    now = 1119.0
    assert kept(3) == 2
    assert kept(4, last=True) == 4
    now = 1178.0
    assert kept(5) == 4
    checkpoint.discard()
    assert not path.exists()
    checkpoint.discard()


def test_a_failure_while_writing_leaves_the_last_checkpoint(path, whole, monkeypatch):
    def full(file, **arrays):
        file.write(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.warns(UserWarning, match="no checkpoint could be written to .*no space.* the training goes on"):
        Checkpoint(path, "config").keep(13, parts(), last=True)
    assert path.read_bytes() == whole
    assert list(path.parent.iterdir()) == [path]


def test_objects_are_not_kept(path):
    with pytest.raises(TypeError, match="must be plain arrays; of Python objects are net/things"):
        Checkpoint(path).keep(1, {"net": Arrays(things=np.array([None]))}, last=True)
    assert not path.exists()


# Refusals


def test_a_crafted_pickle_is_refused_and_executes_nothing(path, whole, tmp_path):
    trap = tmp_path / "trap"
    pickle.loads(pickle.dumps(Trap(trap)))
    assert trap.exists()  # it would work
    trap.rmdir()
    path.write_bytes(pickle.dumps(Trap(trap)))
    refused(path, "damaged, cut short, or no checkpoint of minigym's .*pickle.* it is left as it is; move it away")
    objects = np.array([Trap(trap)], dtype=object)
    for write in (np.save, np.savez):
        with open(path, "wb") as file:
            write(file, objects)
        refused(path, "damaged, cut short, or no checkpoint")
    arrays = dict(np.load(io.BytesIO(whole)))
    with open(path, "wb") as file:  # a good checkpoint but for one array
        np.savez(file, **arrays | {"net/weights": objects})
    refused(path, "damaged, cut short, or no checkpoint")
    assert not trap.exists()


def test_every_cut_is_refused(path, whole):
    for length in {*range(0, len(whole), 97), *range(len(whole) - 60, len(whole))}:
        path.write_bytes(whole[:length])
        refused(path, "damaged, cut short")


def test_every_damaged_byte_of_the_arrays_is_noticed(path, whole):
    # Every third byte in turn. What the zip file says twice (a date, a size) may be damaged in one place without harm:
    # then all arrays are as they were written.
    noticed = 0
    for place in range(0, len(whole), 3):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        weights, count = np.zeros((2, 3)), np.zeros(1, np.int64)
        own = {"net": Arrays(weights=weights, count=count), "streams": Streams(generators(3, 4))}
        try:
            done = Checkpoint(path, "config").restore(own)
        except CheckpointError:
            noticed += 1
            assert not weights.any()
        else:
            assert (done, weights.tolist(), count.tolist()) == (12, [[5.0] * 3] * 2, [7])
        assert path.read_bytes() == damaged
    assert noticed > 0.6 * len(whole) / 3


@pytest.mark.parametrize("missing", ["net/weights", "streams/words", "done", "names", "config", "format"])
def test_a_missing_array_is_noticed(path, whole, missing):
    arrays = dict(np.load(io.BytesIO(whole)))
    del arrays[missing]
    with open(path, "wb") as file:
        np.savez(file, **arrays)
    refused(path, "damaged, cut short, or no checkpoint")


def test_foreign_files_are_refused(path):
    path.write_bytes(b"")
    refused(path, "damaged, cut short, or no checkpoint")
    path.write_text("nothing that NumPy knows\n" * 50)
    refused(path, "damaged, cut short, or no checkpoint")
    with open(path, "wb") as file:
        np.save(file, np.zeros(3))
    refused(path, "damaged, cut short, or no checkpoint")
    with open(path, "wb") as file:
        np.savez(file, weights=np.zeros(3))
    refused(path, "no checkpoint of minigym's .*format")
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("readme.txt", "hello")
    refused(path, "damaged, cut short, or no checkpoint")


def test_a_directory_in_its_place_is_refused(path):
    path.mkdir()
    with pytest.raises(CheckpointError, match="it is left as it is"):
        Checkpoint(path, "config").restore(parts())
    assert path.is_dir()


def test_another_format_is_refused(path, whole, monkeypatch):
    monkeypatch.setattr(checkpoints, "FORMAT", 2)
    refused(path, "was written in format 1, and this version of minigym reads format 2; resume it with the version")


def test_the_checkpoint_of_another_run_is_refused(path, whole):
    refused(path, "belongs to another run: it was written under another config.json", config="another")


def test_a_part_that_does_not_fit_is_named(path):
    Checkpoint(path, "config").keep(
        1, {"net": Arrays(weights=np.zeros((2, 5)), count=np.zeros(1)), "streams": parts()["streams"]}, True
    )
    refused(path, "does not fit this training: what it holds of the net cannot be gone on from .* it is left as it is")
