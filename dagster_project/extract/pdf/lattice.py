"""Tables drawn with rules in both directions.

Belongs here: the cells that rules enclose, merged cells, the words in them. Does not belong here: tables of which the
columns are shown by white space alone (``columns``).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dagster_project.extract.pdf.rules import Area, Drawing, Rule, merged

TOUCH = 2.5
"""Points by which rules that meet may miss each other."""
COVER = 0.6
"""Share of a cell's side that a rule must cover to close it."""
MIN_CELL = 4.0


@dataclass(frozen=True, slots=True)
class LatticeCell:
    """One cell: rows and columns of the lattice that it takes, ends not included."""

    row: int
    column: int
    row_end: int
    column_end: int


@dataclass(frozen=True, slots=True)
class Lattice:
    """Positions of the dividing lines from left to right and from top to bottom (points), and the cells between."""

    xs: list[float]
    ys: list[float]
    cells: list[LatticeCell]
    open_rows: frozenset[int] = frozenset()
    """Rows without any rule inside or below them: what interrupts the rules between columns."""

    def holds(self, x: float, y: float) -> bool:
        """Whether a point lies inside."""
        return self.xs[0] - 1 <= x <= self.xs[-1] + 1 and self.ys[0] - 1 <= y <= self.ys[-1] + 1

    def cell_at(self, x: float, y: float) -> LatticeCell | None:
        """The cell that holds a point."""
        for cell in self.cells:
            if (
                self.xs[cell.column] <= x <= self.xs[cell.column_end]
                and self.ys[cell.row] <= y <= self.ys[cell.row_end]
            ):
                return cell
        return None


def find_lattices(drawing: Drawing) -> list[Lattice]:
    """All lattices of a page with at least two columns and one row."""
    found = []
    for across, down in _components(drawing.across, drawing.down):
        more_across, more_down = _shaded_edges(drawing.areas, across, down)
        lattice = _lattice(merged([*across, *more_across]), merged([*down, *more_down]))
        if lattice is not None:
            found.append(lattice)
    return sorted(found, key=lambda lattice: (lattice.ys[0], lattice.xs[0]))


MAX_SHADE = 120.0
"""Height (points) of a shaded row at the most; larger areas are the ground that a table or a page stands on."""


def _shaded_edges(areas: list[Area], across: list[Rule], down: list[Rule]) -> tuple[list[Rule], list[Rule]]:
    """The edges of shaded cells inside a frame of rules, as rules: word processors shade a row cell by cell.

    Only areas that stand side by side are cells; a single one may be the ground of a whole row.
    """
    left, right = min(r.start for r in across), max(r.end for r in across)
    top, bottom = min(r.start for r in down), max(r.end for r in down)
    return shaded_cells(
        [
            area
            for area in areas
            if left - TOUCH <= area.x0
            and area.x1 <= right + TOUCH
            and top - TOUCH <= area.y0
            and area.y1 <= bottom + TOUCH
            and MIN_CELL < area.y1 - area.y0 < MAX_SHADE
        ]
    )


def shaded_cells(areas: Sequence[Area]) -> tuple[list[Rule], list[Rule]]:
    """Horizontal and vertical edges of the areas that stand side by side, the vertical ones only where they meet."""
    shades = sorted(areas, key=lambda area: (area.x0, area.x1))
    more_across: list[Rule] = []
    more_down: list[Rule] = []
    cells: dict[int, Area] = {}
    starts = [area.x0 for area in shades]
    for a in shades:
        for b in shades[bisect_left(starts, a.x1 - TOUCH) : bisect_right(starts, a.x1 + TOUCH)]:
            y0, y1 = max(a.y0, b.y0), min(a.y1, b.y1)
            if b.x0 > a.x0 + 1 and y1 - y0 > MIN_CELL:
                more_down.append(Rule((a.x1 + b.x0) / 2, y0, y1))
                cells |= {id(a): a, id(b): b}
    for cell in cells.values():
        more_across.extend(Rule(y, cell.x0, cell.x1) for y in (cell.y0, cell.y1))
    return more_across, more_down


def _components(across: list[Rule], down: list[Rule]) -> list[tuple[list[Rule], list[Rule]]]:
    parent = list(range(len(across) + len(down)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for i, a in enumerate(across):
        for j, d in enumerate(down):
            if a.start - TOUCH <= d.at <= a.end + TOUCH and d.start - TOUCH <= a.at <= d.end + TOUCH:
                parent[root(i)] = root(len(across) + j)
    groups: dict[int, tuple[list[Rule], list[Rule]]] = {}
    for i, a in enumerate(across):
        groups.setdefault(root(i), ([], []))[0].append(a)
    for j, d in enumerate(down):
        groups.setdefault(root(len(across) + j), ([], []))[1].append(d)
    found = [group for group in groups.values() if group[0] and group[1]]
    # Pieces of vertical rules between rows that run over all columns touch no horizontal rule.
    pieces = [rule for group in groups.values() if not group[0] for rule in group[1]]
    _take_in(found, pieces)
    _lengthen(found, pieces)
    return found


def _take_in(found: list[tuple[list[Rule], list[Rule]]], pieces: list[Rule]) -> None:
    """Add to each table the vertical rules within its outline."""
    for piece in pieces:
        for across, down in found:
            left, right = min(rule.start for rule in across), max(rule.end for rule in across)
            top, bottom = min(rule.start for rule in down), max(rule.end for rule in down)
            if left - TOUCH <= piece.at <= right + TOUCH and top - TOUCH <= piece.start and piece.end <= bottom + TOUCH:
                down.append(piece)
                break


MAX_LABELS = 42.0
"""Height (points) of labels of groups, at the most, that interrupt the rules between columns: three lines."""


def _lengthen(found: list[tuple[list[Rule], list[Rule]]], pieces: list[Rule]) -> None:
    """Add to each table the vertical rules below its last horizontal one that go on with its own.

    Where only the header has horizontal rules, the labels of groups, which run over all columns, part the rules
    between columns into pieces.
    """
    for piece in sorted(pieces, key=lambda rule: rule.start):
        for _, down in found:
            bottom = max(rule.end for rule in down)
            above = any(abs(rule.at - piece.at) < 1 for rule in down)
            beside = any(abs(rule.at - piece.at) < 1 and rule.end > piece.start for rule in down)
            if above and not beside and (piece.start - bottom < MAX_LABELS):
                down.append(piece)
                break


def _lattice(across: list[Rule], down: list[Rule]) -> Lattice | None:
    left, right = _usual(min, [r.start for r in across]), _usual(max, [r.end for r in across])
    top, bottom = _usual(min, [r.start for r in down]), _usual(max, [r.end for r in down])
    xs = _positions([r.at for r in down], left, right)
    # Where a vertical rule ends inside the table, a header cell stands over several columns, ruled or not.
    ends = [y for rule in down for y in (rule.start, rule.end) if top + MIN_CELL < y < bottom - MIN_CELL]
    ys = _positions([r.at for r in across] + ends, top, bottom)
    if len(xs) < 3 or len(ys) < 2:
        return None
    rows, columns = len(ys) - 1, len(xs) - 1
    at_x, at_y = [_near(down, x) for x in xs], [_near(across, y) for y in ys]
    closed_right = [[_closed(at_x[j + 1], ys[i], ys[i + 1]) for j in range(columns)] for i in range(rows)]
    closed_below = [[_closed(at_y[i + 1], xs[j], xs[j + 1]) for j in range(columns)] for i in range(rows)]
    cells = _cells(rows, columns, closed_right, closed_below)
    open_rows = frozenset(i for i in range(rows) if not any(closed_right[i][:-1]) and not any(closed_below[i]))
    return Lattice(xs, ys, cells, open_rows) if cells is not None else None


def _usual(end: Callable[[list[float]], float], ats: list[float]) -> float:
    """How far rules run: the furthest end that more than one of them shares.

    The line under a running header may touch the table below, and runs on to the margin alone.
    """
    shared = [at for at in ats if sum(abs(at - other) <= MIN_CELL for other in ats) > 1]
    return end(shared if len(ats) > 2 and shared else ats)


def _positions(ats: list[float], low: float, high: float) -> list[float]:
    """Distinct positions; where rules of the other direction run on beyond the last one, a table open at its side."""
    result: list[float] = []
    for at in sorted(ats):
        if not result or at - result[-1] > MIN_CELL:
            result.append(at)
    if result[0] - low > 2 * MIN_CELL:
        result.insert(0, low)
    if high - result[-1] > 2 * MIN_CELL:
        result.append(high)
    return result


def _near(rules: Sequence[Rule], at: float) -> list[Rule]:
    return [rule for rule in rules if abs(rule.at - at) <= MIN_CELL]


def _closed(rules: Sequence[Rule], start: float, end: float) -> bool:
    """Whether rules at one position cover the side of a cell."""
    covered = 0.0
    for rule in rules:
        if rule.end > start and rule.start < end:
            covered += min(rule.end, end) - max(rule.start, start)
    return covered >= COVER * (end - start)


def _cells(
    rows: int, columns: int, closed_right: list[list[bool]], closed_below: list[list[bool]]
) -> list[LatticeCell] | None:
    """Boxes joined where no rule parts them; None if a joined cell is no rectangle."""
    taken = [[False] * columns for _ in range(rows)]
    cells = []
    for i in range(rows):
        for j in range(columns):
            if taken[i][j]:
                continue
            column_end = j + 1
            while column_end < columns and not closed_right[i][column_end - 1]:
                column_end += 1
            row_end = i + 1
            while (
                row_end < rows
                and not any(closed_below[row_end - 1][j:column_end])
                and (not j or closed_right[row_end][j - 1])
                and not any(closed_right[row_end][j : column_end - 1])
                and closed_right[row_end][column_end - 1] == closed_right[i][column_end - 1]
            ):
                row_end += 1
            for row in range(i, row_end):
                for column in range(j, column_end):
                    if taken[row][column] or (column + 1 < column_end and closed_right[row][column]):
                        return None
                    taken[row][column] = True
            cells.append(LatticeCell(i, j, row_end, column_end))
    return cells
