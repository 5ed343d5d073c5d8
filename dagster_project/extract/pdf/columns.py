"""Columns that white space shows.

Belongs here: which segments of a region stand in one column, and which run across several. Does not belong here: rows
(``rows``), the bounds of the region (``tables``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from dagster_project.extract.pdf.lines import Segment, TextLine
from dagster_project.extract.pdf.rows import Untold

NEAR_EM = 3.0
"""Room, as a multiple of the size, between a header and the texts below that are set at the other side of a column."""
TWO_HEADERS = "a column may belong to either of two headers"
OVERLAP = 0.5
"""Points that two intervals must share to stand in one column."""


@dataclass(slots=True)
class Column:
    """An interval of x (points) and the segments that stand in it."""

    x0: float
    x1: float
    segments: list[Segment] = field(default_factory=list)

    def add(self, segment: Segment) -> None:
        """Take a segment in; the interval grows with it."""
        self.x0 = min(self.x0, segment.x0)
        self.x1 = max(self.x1, segment.x1)
        self.segments.append(segment)


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns from left to right and the segments that run across several of them."""

    columns: list[Column]
    spanning: list[Segment]

    def overlapped(self, segment: Segment) -> list[int]:
        """Indexes of the columns that a segment reaches."""
        return [i for i, c in enumerate(self.columns) if segment.x0 < c.x1 - OVERLAP and segment.x1 > c.x0 + OVERLAP]


def find_columns(lines: Sequence[TextLine], forced: Sequence[float], shaded: Sequence[float] = ()) -> Columns:
    """Columns of a region.

    Lines with most segments come first, as they show most columns, of equal ones the lower: headers over several
    columns stand above. A segment that reaches two columns is set aside.

    Args:
        lines: all lines of the region, from top to bottom.
        forced: x positions of vertical rules that part columns all the way down.
        shaded: edges between shaded cells, in order; some cells may be merged.
    """
    columns: list[Column] = []
    spanning: list[Segment] = []
    ranked = sorted(enumerate(lines), key=lambda pair: (_weight(pair[1]), -pair[0]))
    singles: list[Segment] = []
    for _, line in ranked:
        if len(line.segments) == 1:
            singles.extend(line.segments)
            continue
        for segment in line.segments:
            _place(segment, columns, spanning, forced)
    for segment in singles:
        _place(segment, columns, spanning, forced)
    columns.sort(key=lambda column: column.x0)
    _release_wraps(columns, spanning)
    header_end = _first_figures(lines)
    _release_headers(columns, spanning, lines, header_end)
    if shaded:
        columns = _in_shaded_cells(columns, shaded)
    result = Columns(columns, spanning)
    return _merge_complements(result, lines, header_end, forced)


def _in_shaded_cells(columns: Sequence[Column], shaded: Sequence[float]) -> list[Column]:
    """Join neighbours that stand between the same edges of shaded cells and share no line: texts set left and right."""
    result: list[Column] = []
    for column in columns:
        before = result[-1] if result else None
        if (
            before is not None
            and not any(before.x0 + OVERLAP < edge < column.x1 - OVERLAP for edge in shaded)
            and shaded[0] < column.x0 + OVERLAP
            and not any(abs(s.y - t.y) <= 0.3 * s.size for s in before.segments for t in column.segments)
        ):
            result[-1] = Column(before.x0, column.x1, [*before.segments, *column.segments])
        else:
            result.append(column)
    return result


def _release_wraps(columns: list[Column], spanning: list[Segment]) -> None:
    """Dissolve columns that hold nothing but second lines of texts that run across columns.

    ``2024`` below ``Planerad effekt``, both in the middle over two columns, stands in the gap between the two. Two
    texts side by side below one are the headers of its columns.
    """
    for column in list(columns):
        others = [s for other in columns if other is not column for s in other.segments]
        over = [s for s in spanning if not any(_is_side_by_side(s, t, others) for t in column.segments)]
        if len(columns) > 2 and all(_is_wrap(segment, over) for segment in column.segments):
            columns.remove(column)
            spanning.extend(column.segments)
            continue
        for segment in list(column.segments):
            others = [other for other in column.segments if other is not segment]
            flush = any(abs(o.x0 - segment.x0) < 1.5 or abs(o.x1 - segment.x1) < 1.5 for o in others)
            if (
                others
                and (not flush or _is_nearer(segment, spanning, others))
                and _is_wrap(segment, spanning, centred=True)
            ):
                column.segments = others
                column.x0, column.x1 = min(o.x0 for o in others), max(o.x1 for o in others)
                spanning.append(segment)


def _release_headers(
    columns: list[Column], spanning: list[Segment], lines: Sequence[TextLine], header_end: float
) -> None:
    """Dissolve columns that hold nothing but an upper header that stands in the gap between the two that it heads."""
    above = [line for line in lines if line.y < header_end - 1]
    heads = [line for line in above if len(line.segments) > 1]
    if len(above) < 2 or not heads:
        return
    last = heads[-1].y - 0.3 * heads[-1].size
    for column in list(columns):
        inside = columns[0].x1 < column.x0 and column.x1 < columns[-1].x0
        if len(columns) > 3 and inside and all(segment.y < last for segment in column.segments):
            columns.remove(column)
            spanning.extend(column.segments)


def _is_wrap(segment: Segment, spanning: Sequence[Segment], *, centred: bool = False) -> bool:
    return any(
        0 < segment.y - other.y < 1.4 * segment.size
        and other.x0 - 1 <= segment.x0
        and segment.x1 <= other.x1 + 1
        and (not centred or abs(segment.x0 + segment.x1 - other.x0 - other.x1) < 3)
        for other in spanning
    )


NEARER = 1.4
"""How many times further below a second line the header of its column stands than that line below its first."""


def _is_nearer(segment: Segment, spanning: Sequence[Segment], others: Sequence[Segment]) -> bool:
    """Whether a line is nearer to the text above that runs across columns than to anything below in its column."""
    above = min((segment.y - s.y for s in spanning if s.y < segment.y and _is_wrap(segment, [s])), default=0.0)
    below = min((o.y - segment.y for o in others if o.y > segment.y), default=0.0)
    return above > 0 and below > NEARER * above


def _is_side_by_side(upper: Segment, segment: Segment, others: Sequence[Segment]) -> bool:
    """Whether another text beside a segment stands below the same text."""
    return any(abs(s.y - segment.y) < 1 and s.x0 < upper.x1 and s.x1 > upper.x0 for s in others)


def _weight(line: TextLine) -> tuple[int, int]:
    return -len(line.segments), -sum(segment.is_number for segment in line.segments)


def _place(segment: Segment, columns: list[Column], spanning: list[Segment], forced: Sequence[float]) -> None:
    if any(segment.x0 + 1 < at < segment.x1 - 1 for at in forced):
        spanning.append(segment)
        return
    reached = [c for c in columns if segment.x0 < c.x1 - OVERLAP and segment.x1 > c.x0 + OVERLAP]
    if len(reached) > 1:
        spanning.append(segment)
    elif reached:
        reached[0].add(segment)
    else:
        columns.append(Column(segment.x0, segment.x1, [segment]))


def _first_figures(lines: Sequence[TextLine]) -> float:
    """Baseline of the first line with a figure right of its first segment; infinity where there is none."""
    for line in lines:
        if any(segment.is_number and not _is_year(segment.text) for segment in line.segments[1:]):
            return line.y
    return lines[1].y if len(lines) > 1 else float("inf")


def _is_year(text: str) -> bool:
    return len(text) == 4 and text[:2] in ("19", "20") and text.isdigit()


def _merge_complements(
    found: Columns, lines: Sequence[TextLine], header_end: float, forced: Sequence[float]
) -> Columns:
    """Join neighbours that are one column: its header flush left, its figures flush right, so that they do not meet.

    They are one if no line fills both, and one of them has no header or no body, or one header runs over both. The
    first column, of labels, often has no header.

    Raises:
        Untold: a column without a header may belong to either of two headers.
    """
    has_figures = any(s.is_number and not _is_year(s.text) for line in lines for s in line.segments[1:])
    pairs = [
        index
        for index, (a, b) in enumerate(pairwise(found.columns))
        if not any(a.x1 - 1 <= at <= b.x0 + 1 for at in forced)
        and (index > 0 or _has_header(a, header_end))
        and (has_figures or b.x0 - a.x1 < NEAR_EM * a.segments[0].size)
        and _complement(a, b, found.spanning, header_end)
    ]
    forwards = _apart(pairs)
    if forwards != sorted(_apart(pairs[::-1], step=-1)):
        # A body between two headers, of which either may be its own.
        raise Untold(TWO_HEADERS)
    columns = list(found.columns)
    for index in reversed(forwards):
        a, b = columns[index], columns[index + 1]
        columns[index : index + 2] = [Column(a.x0, b.x1, [*a.segments, *b.segments])]
    result = Columns(columns, [])
    for segment in found.spanning:
        reached = result.overlapped(segment)
        is_wrap = _is_wrap(segment, found.spanning, centred=True)
        if len(reached) == 1 and not is_wrap and not any(segment.x0 + 1 < at < segment.x1 - 1 for at in forced):
            columns[reached[0]].add(segment)
        else:
            result.spanning.append(segment)
    return result


def _apart(pairs: Sequence[int], step: int = 1) -> list[int]:
    """Pairs of neighbours that share no column, the first found first."""
    taken: list[int] = []
    for index in pairs:
        if not taken or taken[-1] != index - step:
            taken.append(index)
    return taken


def _complement(a: Column, b: Column, spanning: Sequence[Segment], header_end: float) -> bool:
    near = min(max(segment.size for segment in a.segments), max(segment.size for segment in b.segments)) * 0.3
    for s in a.segments:
        for t in b.segments:
            if abs(s.y - t.y) <= near:
                return False
    a_head, b_head = _has_header(a, header_end), _has_header(b, header_end)
    a_body, b_body = _has_body(a, header_end), _has_body(b, header_end)
    if a_head and not a_body and b_body and not b_head:
        return True
    if b_head and not b_body and a_body and not a_head:
        return True
    over = any(
        s.y < header_end and s.x0 < a.x1 - OVERLAP and s.x1 > b.x0 + OVERLAP and s.x1 - s.x0 < 3 * (b.x1 - a.x0)
        for s in spanning
    )
    return over and not a_head and not b_head


def _has_header(column: Column, header_end: float) -> bool:
    return any(segment.y < header_end - 1 for segment in column.segments)


def _has_body(column: Column, header_end: float) -> bool:
    return any(segment.y >= header_end - 1 for segment in column.segments)
