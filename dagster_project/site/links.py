"""Addresses of pages of the site, for whoever leads to it from elsewhere.

Belongs here: the addresses, in SQL. Does not belong here: writing the pages (``build``), whose names ``text`` makes.
"""

from __future__ import annotations

from dagster_project.site.text import HASHED, MAX_NAME, SHORT
from dagster_project.warehouse.sql import literal


def report_page_sql(site: str, report_id: str) -> str:
    """SQL for the address of the page of a report.

    Args:
        site: address of the site with a slash at its end; empty for addresses that are relative to it.
        report_id: the column.
    """
    short = f"left({report_id}, {MAX_NAME - HASHED - 1})"
    return (
        f"{literal(site + 'r/')} || case when length({report_id}) <= {MAX_NAME} then {report_id} "
        f"else rtrim({short}, '-.') || '-' || left(sha256({report_id}), {HASHED}) end || '.html'"
    )


def figure_page_sql(site: str, report_id: str, fact_key: str) -> str:
    """SQL for the address at which the cell of a figure is marked on the page of its report."""
    return f"{report_page_sql(site, report_id)} || '#f-' || left({fact_key}, {SHORT})"
