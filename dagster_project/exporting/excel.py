"""The workbook: one sheet for each table or view, and one that says what their columns mean.

Belongs here: cells, formats, Excel's own limits. Does not belong here: which rows. A text stays a text whatever it
begins with; a number that Excel would round is written as a text.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from dagster_project.exporting.relations import ExportError, Relation
from dagster_project.warehouse.ask.query import as_text

MAX_ROWS: Final = 1_048_576
MAX_CHARACTERS: Final = 32_767
MAX_SHEET_NAME: Final = 31
EXACT_DIGITS: Final = 15
"""Decimal digits that Excel's numbers keep."""

WIDEST: Final = 60
CONTENTS: Final = "columns"
"""Name of the first sheet."""

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


class Workbook:
    """A workbook that is being written; use as a context manager."""

    def __init__(self, path: Path, relations: Sequence[Relation], source: str) -> None:
        self._book = xlsxwriter.Workbook(
            path,
            {
                "constant_memory": False,
                "default_date_format": "yyyy-mm-dd",
                "strings_to_formulas": False,
                "strings_to_numbers": False,
                "strings_to_urls": False,
            },
        )
        self._book.set_properties({"title": "kommunlager", "comments": source})
        self._head = self._book.add_format({"bold": True, "bg_color": "#E8EEF4", "bottom": 1, "valign": "top"})
        self._title = self._book.add_format({"bold": True, "font_size": 13})
        self._wrapped = self._book.add_format({"text_wrap": True, "valign": "top"})
        # Keeps a text a text when somebody edits the cell and presses return.
        self._harmless = self._book.add_format({"quote_prefix": True})
        self._formats = {
            "integer": self._book.add_format({"num_format": "0"}),
            "number": self._book.add_format({"num_format": "#,##0.########"}),
            "amount": self._book.add_format({"num_format": "#,##0.00"}),
            "date": self._book.add_format({"num_format": "yyyy-mm-dd"}),
            "datetime": self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        }
        self._names = _sheet_names(relations)
        self._write_contents(relations, source)

    def __enter__(self) -> Workbook:
        return self

    def __exit__(self, *_: object) -> None:
        self._book.close()

    def sheet_name(self, relation: Relation) -> str:
        """Of the sheet of a relation."""
        return self._names[relation]

    def add(self, relation: Relation, rows: Iterable[Sequence[Any]]) -> int:
        """Write the sheet of a relation. Returns the number of its rows.

        Raises:
            ExportError: more rows, or a longer text, than Excel holds.
        """
        sheet = self._book.add_worksheet(self.sheet_name(relation))
        widths = [len(column.name) + 2 for column in relation.columns]
        for index, column in enumerate(relation.columns):
            sheet.write_string(0, index, column.name, self._head)
            if column.comment:
                sheet.write_comment(0, index, column.comment, {"x_scale": 2.5, "y_scale": 1.2})
        count = 0
        for row in rows:
            count += 1
            if count >= MAX_ROWS:
                raise ExportError(
                    f"{relation.label} has more rows than Excel's {MAX_ROWS:,}. Export it as csv or parquet, or choose "
                    "municipalities with --municipality."
                )
            for index, value in enumerate(row):
                if value is not None:
                    shown = self._write(sheet, count, index, value, relation)
                    widths[index] = max(widths[index], min(shown, WIDEST))
        for index, width in enumerate(widths):
            sheet.set_column(index, index, width + 1)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(count, 1), len(relation.columns) - 1)
        return count

    def _write(self, sheet: Worksheet, row: int, column: int, value: Any, relation: Relation) -> int:
        """Write one value that is not null. Returns about how many characters it takes."""
        if isinstance(value, bool):
            sheet.write_boolean(row, column, value)
            return 5
        if isinstance(value, (int, float, Decimal)) and _is_exact(value):
            sheet.write_number(row, column, float(value), self._format_of(value))
            return len(str(value)) + 4
        if isinstance(value, datetime):
            sheet.write_datetime(row, column, _without_zone(value), self._formats["datetime"])
            return 19
        if isinstance(value, date):
            moment = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - Excel knows no zones
            sheet.write_datetime(row, column, moment, self._formats["date"])
            return 10
        text = as_text(value)
        if len(text) > MAX_CHARACTERS:
            place = f"{relation.label}, row {row + 1}, column {relation.columns[column].name}"
            raise ExportError(
                f"{place}: {len(text):,} characters, and a cell of Excel holds {MAX_CHARACTERS:,}. "
                "Export it as csv or parquet."
            )
        sheet.write_string(row, column, text, self._harmless if text.startswith(_FORMULA_STARTS) else None)
        return max(map(len, text.splitlines() or [""]))

    def _format_of(self, value: float | Decimal) -> Format:
        if isinstance(value, int):
            return self._formats["integer"]
        return self._formats["amount" if isinstance(value, Decimal) else "number"]

    def _write_contents(self, relations: Sequence[Relation], source: str) -> None:
        sheet = self._book.add_worksheet(CONTENTS)
        sheet.write_string(0, 0, "kommunlager", self._title)
        sheet.write_string(1, 0, source)
        for index, head in enumerate(("sheet", "column", "type", "description")):
            sheet.write_string(3, index, head, self._head)
        row = 4
        for relation in relations:
            sheet.write_url(row, 0, f"internal:'{self.sheet_name(relation)}'!A1", string=self.sheet_name(relation))
            sheet.write_string(row, 3, relation.comment, self._wrapped)
            row += 1
            for column in relation.columns:
                sheet.write_string(row, 0, self.sheet_name(relation))
                sheet.write_string(row, 1, column.name)
                sheet.write_string(row, 2, column.data_type)
                sheet.write_string(row, 3, column.comment, self._wrapped)
                row += 1
        for index, width in enumerate((26, 28, 16, 100)):
            sheet.set_column(index, index, width)
        sheet.freeze_panes(4, 0)
        sheet.autofilter(3, 0, row - 1, 3)


def _sheet_names(relations: Sequence[Relation]) -> dict[Relation, str]:
    names: dict[Relation, str] = {}
    taken = {CONTENTS}
    for relation in relations:
        name, number = relation.label[:MAX_SHEET_NAME], 1
        while name.lower() in taken:
            number += 1
            name = f"{relation.label[: MAX_SHEET_NAME - 3]}_{number}"
        taken.add(name.lower())
        names[relation] = name
    return names


def _is_exact(value: float | Decimal) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    digits = Decimal(value).normalize().as_tuple().digits
    return len(digits) <= EXACT_DIGITS


def _without_zone(value: datetime) -> datetime:
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
