"""How many threads torch gets while an agent trains."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """One thread for torch until the end of the block, then as many as before; a decorator as well.

    The networks here are small. A second thread makes an update a third quicker on an idle machine; where anything else
    runs, two threads that wait for each other make it several times slower (1.7 ms with one, 1.1 and 4.8 with two).
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
