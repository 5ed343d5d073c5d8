"""What the search of the site knows: one entry a page, and one a heading, paragraph and figure of a report.

Belongs here: which entries there are, in which words, and where they lead. Does not belong here: finding
(``static/search.js``, with MiniSearch), and what pages show.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from dagster_project.site import text
from dagster_project.site.figures import Figure
from dagster_project.site.read import Overview, Row

MOST_FIGURES: Final = 20_000
"""Headings, paragraphs and figures beyond that are left to ``kommunlager query``: a browser loads the index whole."""

Entry = list[str]
"""Kind (``f`` figure page, ``m`` municipality, ``o`` committee, ``r`` report, ``i`` indicator, ``v`` figure, ``h``
heading, ``t`` text), what it is called, whose it is, address from the root."""


def pages(data: Overview, figures: list[Figure], names: Any) -> list[Entry]:
    """An entry a page."""
    entries = [
        ["f", " / ".join(dict.fromkeys([figure.name, figure.name_en])), "", figure.address] for figure in figures
    ]
    entries += [
        ["m", row["municipality_name"], row["county_name"], f"m/{row['municipality_code']}.html"]
        for row in data.municipalities
    ]
    for key, name in names.organisations.items():
        organisation = data.organisations[key]
        if organisation["committee"]:
            entries.append(["o", organisation["committee"], organisation["municipality_name"], f"o/{name}.html"])
    entries += [
        [
            "r",
            _joined(row["title"] or row["report_id"], str(row["fiscal_year"] or "")),
            _joined(row["municipality_name"], row["committee"]),
            f"r/{names.report(row['report_id'])}.html",
        ]
        for row in data.reports
    ]
    known = set()
    for row in data.indicators:
        key = row["indicator_key"]
        if key not in known:
            known.add(key)
            title = " › ".join(filter(None, [row["group_name"], row["indicator_name"], row["qualifier"]]))
            whose = _joined(row["municipality_name"], row["committee"], row["indicator_section"])
            entries.append(["i", title, whose, f"i/{names.indicator(key)}.html"])
    return entries


def contents(
    data: Overview, headings: list[Row], paragraphs: list[Row], figures: list[Row], report_name: Callable[[str], str]
) -> list[Entry]:
    """An entry a heading, a paragraph and a figure of the reports; none where there are too many for a browser."""
    if len(headings) + len(paragraphs) + len(figures) > MOST_FIGURES:
        return []
    reports = {row["report_id"]: row for row in data.reports}

    def whose(report_id: str) -> str:
        report = reports[report_id]
        return _joined(report["municipality_name"], report["committee"], str(report["fiscal_year"] or ""))

    def entry(kind: str, row: Row, title: str, place: str) -> Entry:
        address = f"r/{report_name(row['report_id'])}.html"
        return [kind, title, whose(row["report_id"]), address + place]

    headings, paragraphs, figures = (
        [row for row in rows if row["report_id"] in reports] for rows in (headings, paragraphs, figures)
    )
    return [
        *(entry("h", row, row["text"], f"#h{row['heading_seq']}" if row["has_table"] else "") for row in headings),
        *(entry("t", row, row["paragraph_text"], f"#n{row['paragraph_seq']}") for row in paragraphs),
        *(
            entry(
                "v",
                row,
                f"{_joined(row['group_label'], row['row_label'], row['column_label'])}: {row['value_text']}",
                f"#{text.figure_anchor(row['fact_key'])}",
            )
            for row in figures
        ),
    ]


def _joined(*words: str | None) -> str:
    return " · ".join(filter(None, words))
