"""Graphs: nodes, and edges between them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minigym import error, logger
from minigym.spaces import _checks, _parts, _stacking
from minigym.spaces.box import Box
from minigym.spaces.discrete import Discrete
from minigym.spaces.multi_discrete import MultiDiscrete
from minigym.spaces.space import Space


class GraphInstance(NamedTuple):
    """A graph of n nodes and m edges."""

    nodes: NDArray[Any]
    """(n, ...): a value of the node space for each node."""
    edges: NDArray[Any] | None
    """(m, ...): a value of the edge space for each edge; None if there are no edges."""
    edge_links: NDArray[np.integer[Any]] | None
    """(m, 2): for each edge, the indices of the nodes that it leads from and to; None if there are no edges."""


class Graph(Space[GraphInstance]):
    """Directed graphs that carry a value at each node and, if there is an edge space, at each edge.

    Args:
        node_space: the space of the nodes' values, a Box or a Discrete.
        edge_space: the space of the edges' values, likewise; None for graphs without edges.
        seed: see :meth:`seed`; or a generator, from which the space draws and its parts are seeded.

    Raises:
        InvalidParameter: if one of the spaces is of another kind.
    """

    dtype: None

    def __init__(self, node_space: Box | Discrete, edge_space: Box | Discrete | None, seed: Any = None) -> None:
        for name, space in (("node_space", node_space), ("edge_space", edge_space)):
            if not isinstance(space, (Box, Discrete)) and (space is not None or name == "node_space"):
                raise error.InvalidParameter(
                    f"Graph: {name} must be a Box or a Discrete, got {space!r} of type {type(space).__name__}"
                )
        self.node_space = node_space
        self.edge_space = edge_space
        super().__init__(seed=seed)
        if isinstance(seed, np.random.Generator):
            _parts.seed_from(seed, self._spaces())

    @property
    def is_np_flattenable(self) -> bool:
        """False: the number of nodes is not fixed."""
        return False

    def _spaces(self) -> list[Box | Discrete]:
        return [self.node_space] if self.edge_space is None else [self.node_space, self.edge_space]

    def seed(self, seed: int | Sequence[Any] | None = None) -> tuple[Any, ...]:
        """Start the streams of this space, which draws graphs, and of its node and edge spaces anew.

        Args:
            seed: an integer, from whose stream the seeds of the node and edge spaces are drawn; or a list or tuple with
                the seed of this space, the node space and the edge space, if any; or None for fresh entropy in each.

        Returns:
            What each ``seed`` returned, in that order.

        Raises:
            InvalidSeed: for any other seed, or a sequence of another length.
        """
        spaces = self._spaces()
        own, *parts = _parts.seeds("Graph", len(spaces), seed)
        used = super().seed(own)
        return (used, *(space.seed(part) for space, part in zip(spaces, parts, strict=True)))

    def sample(
        self,
        mask: tuple[Any, Any] | None = None,
        probability: tuple[Any, Any] | None = None,
        num_nodes: int = 10,
        num_edges: int | None = None,
    ) -> GraphInstance:
        """Draw a graph.

        Args:
            mask: what :meth:`MultiDiscrete.sample` takes for all nodes (a tuple with a mask for each), and for all
                edges; but where the number of edges is drawn, the mask of one edge, the same for all. None where the
                space is a Box or the draw is free.
            probability: likewise, with probabilities.
            num_nodes: the number of nodes, at least 1.
            num_edges: the number of edges; None draws one below ``num_nodes * (num_nodes - 1)``, the number of edges
                that join each node to every other.

        Returns:
            The graph; its edges may be loops and may repeat.

        Raises:
            InvalidParameter: if both a mask and a probability are given, one does not fit, or a number is too small.

        A ``UserWarning`` tells of edges that are asked for though there is no edge space.
        """
        _checks.not_both(mask, probability)
        steering = mask if probability is None else probability
        name = "mask" if probability is None else "probability"
        if steering is not None and (not isinstance(steering, tuple) or len(steering) != 2):
            raise error.InvalidParameter(
                f"{name} must be a tuple with an entry (or None) for the nodes and one for the edges, got {steering!r}"
            )
        for_nodes, for_edges = (None, None) if steering is None else steering
        nodes_drawn = _at_least("num_nodes", 1, num_nodes)
        if num_edges is not None:
            edges_drawn = _at_least("num_edges", 0, num_edges)
            if self.edge_space is None:
                logger.warn(
                    f"{edges_drawn} edges were asked for, but {self} has no edge space and draws none; "
                    "leave out num_edges"
                )
        else:  # drawn even where there is no edge space, as in the reference
            edges_drawn = int(self.np_random.integers(nodes_drawn * (nodes_drawn - 1))) if nodes_drawn > 1 else 0
            for_edges = None if for_edges is None else (for_edges,) * edges_drawn
        nodes = self._many(self.node_space, nodes_drawn).sample(**{name: for_nodes})
        if self.edge_space is None or edges_drawn == 0:
            return GraphInstance(nodes, None, None)
        edges = self._many(self.edge_space, edges_drawn).sample(**{name: for_edges})
        links = self.np_random.integers(nodes_drawn, size=(edges_drawn, 2), dtype=np.int32)
        return GraphInstance(nodes, edges, links)

    def _many(self, space: Box | Discrete, count: int) -> Box | MultiDiscrete:
        """The space of ``count`` values of ``space``, drawing from this space's stream."""
        if isinstance(space, Box):
            low, high = (np.stack([bound] * count) for bound in (space.low, space.high))
            return Box(low, high, dtype=space.dtype, seed=self.np_random)
        # The reference forgets dtype and start, and draws values that it does not contain.
        return MultiDiscrete([space.n] * count, space.dtype, self.np_random, start=[space.start] * count)

    def contains(self, x: Any) -> bool:
        """Whether ``x`` is a GraphInstance of values of the spaces, whose edges join nodes that exist."""
        if not isinstance(x, GraphInstance) or not _all_in(self.node_space, x.nodes):
            return False
        if not (isinstance(x.edges, np.ndarray) and isinstance(x.edge_links, np.ndarray)):
            return x.edges is None and x.edge_links is None
        return (
            self.edge_space is not None
            and _all_in(self.edge_space, x.edges)
            and x.edge_links.dtype.kind in "iu"
            and x.edge_links.shape == (len(x.edges), 2)
            and bool(((x.edge_links >= 0) & (x.edge_links < len(x.nodes))).all())
        )

    def to_jsonable(self, sample_n: Sequence[GraphInstance]) -> list[dict[str, Any]]:
        """A batch of graphs as a dict of nested lists each; without the keys of edges where there are none."""
        return [
            {name: array.tolist() for name, array in sample._asdict().items() if array is not None}
            for sample in sample_n
        ]

    def from_jsonable(self, sample_n: Sequence[dict[str, Any]]) -> list[GraphInstance]:
        """The batch as graphs again."""
        return [self._from_dict(sample) for sample in sample_n]

    def _from_dict(self, written: dict[str, Any]) -> GraphInstance:
        nodes = _stacking.stack(self.node_space, written["nodes"])
        if "edges" not in written:
            return GraphInstance(nodes, None, None)
        if self.edge_space is None:
            raise error.InvalidParameter(f"{self} has no edge space, but the graph to read has edges: {written!r}")
        edges = _stacking.stack(self.edge_space, written["edges"])
        return GraphInstance(nodes, edges, np.array(written["edge_links"], dtype=np.int32).reshape(-1, 2))

    def __repr__(self) -> str:
        return f"Graph({self.node_space}, {self.edge_space})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Graph) and self.node_space == other.node_space and self.edge_space == other.edge_space

    __hash__ = None  # type: ignore[assignment]  # as whatever compares by value and can change


def _at_least(name: str, smallest: int, value: Any) -> int:
    number = _checks.integer(f"Graph: {name}", value)
    if number < smallest:
        raise error.InvalidParameter(f"Graph: {name} must be at least {smallest}, got {number}")
    return number


def _all_in(space: Box | Discrete, values: Any) -> bool:
    return isinstance(values, np.ndarray) and values.ndim > 0 and all(space.contains(value) for value in values)
