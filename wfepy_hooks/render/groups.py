"""Boxes around the tasks that share a label, and around the tasks that a loop repeats."""

from __future__ import annotations

from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from ..graph import Graph

    Members = frozenset[str]


@dataclass(frozen=True, slots=True)
class Group:
    """A box.

    :ivar title: the label, several with commas between them, or what there is to say about the loop
    :ivar names: the tasks that are directly in it, in reading order
    :ivar groups: the boxes that are directly in it
    :ivar labels: the labels that all its tasks have; none for a loop
    :ivar is_loop: its tasks repeat together
    """

    title: str
    names: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    labels: tuple[str, ...] = ()
    is_loop: bool = False


class _Box:
    def __init__(self, members: Members, labels: list[str], title: str = "") -> None:
        self.members = members
        self.labels = labels
        self.title = title
        self.inside: list[_Box] = []


def find_groups(
    order: Sequence[str],
    labels: dict[str, list[str]],
    graph: Graph,
    loop_titles: Sequence[str],
    wanted: Sequence[str] | None,
) -> tuple[Group, ...]:
    """Return the outermost boxes.

    Two boxes lie beside each other or one in the other; of two that would cross, the first is drawn: the labels that
    are wanted come before the loops, and the others after them.

    :param order: all tasks in reading order
    :param labels: the tasks of each label
    :param loop_titles: what to write on each of the graph's loops
    :param wanted: the labels to draw; ``None``: those that :func:`is_telling` picks
    """
    boxes: list[_Box] = []
    if wanted is None:
        _add_loops(boxes, graph, loop_titles)
        telling = [each for each, names in labels.items() if is_telling(names, len(order), graph)]
        _add_labels(boxes, sorted(telling, key=lambda each: (-len(labels[each]), each)), labels)
    else:
        _add_labels(boxes, wanted, labels)
        _add_loops(boxes, graph, loop_titles)
    return _nested(boxes, order)


def _add_labels(boxes: list[_Box], wanted: Iterable[str], labels: dict[str, list[str]]) -> None:
    for label in dict.fromkeys(wanted):
        members = frozenset(labels.get(label, ()))
        twin = next((box for box in boxes if box.labels and box.members == members), None)
        if twin is not None:
            twin.labels.append(label)
        elif members and _fits(members, boxes):
            boxes.append(_Box(members, [label]))


def _add_loops(boxes: list[_Box], graph: Graph, titles: Sequence[str]) -> None:
    for members, title in _loops(graph, titles):
        if len(members) > 1 and _fits(members, boxes):
            boxes.append(_Box(members, [], title))


def is_telling(names: Collection[str], tasks: int, graph: Graph) -> bool:
    """Return whether a box around ``names`` helps a reader.

    One around a single task or around everything says nothing that the label on the task does not. One that arrows
    leave only to come back, as with a label of the first and the last task, tears the picture apart.
    """
    return 1 < len(names) < tasks and not _is_left_and_entered_again(
        {graph.index[name] for name in names}, graph
    )


def _is_left_and_entered_again(members: set[int], graph: Graph) -> bool:
    seen = set(members)
    todo = list(members)
    while todo:
        task = todo.pop()
        for edge in graph.edges_of(task):
            target = graph.target[edge]
            if graph.is_loop_edge[edge]:
                continue
            if target in members and task not in members:
                return True
            if target not in seen:
                seen.add(target)
                todo.append(target)
    return False


def _fits(members: Members, boxes: Iterable[_Box]) -> bool:
    return all(
        members <= box.members or members >= box.members or members.isdisjoint(box.members) for box in boxes
    )


def _loops(graph: Graph, titles: Sequence[str]) -> Iterator[tuple[Members, str]]:
    """Yield the tasks of each loop, those of the loops in it among them; inner loops first."""
    members: list[set[int]] = []
    for loop in graph.loops:
        members.append(set(loop.tasks).union(*(members[child] for child in loop.children)))
        yield frozenset(graph.names[task] for task in members[loop.number]), titles[loop.number]


def _nested(boxes: list[_Box], order: Sequence[str]) -> tuple[Group, ...]:
    boxes.sort(key=lambda box: -len(box.members))  # stable: of two with the same tasks, the first is outside
    outermost: list[_Box] = []
    for place, box in enumerate(boxes):
        around = [other for other in boxes[:place] if box.members <= other.members]
        (around[-1].inside if around else outermost).append(box)
    places = {name: place for place, name in enumerate(order)}
    return _groups(outermost, places)


def _groups(boxes: list[_Box], places: dict[str, int]) -> tuple[Group, ...]:
    def first(box: _Box) -> int:
        return min(places[name] for name in box.members)

    made = []
    for box in sorted(boxes, key=first):
        deeper = frozenset[str]().union(*(inner.members for inner in box.inside))
        names = sorted(box.members - deeper, key=places.__getitem__)
        title = ", ".join(box.labels) or box.title
        inside = _groups(box.inside, places)
        made.append(Group(title, tuple(names), inside, tuple(box.labels), not box.labels))
    return tuple(made)
