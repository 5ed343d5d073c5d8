"""Reports that are loaded and whose figures do not count: copies, and versions that have a later one.

Belongs here: asking the published warehouse for them. Does not belong here: what makes a copy or a version (dbt,
``int_report_pairs``), and how they are shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from dagster_project.warehouse.ask.query import open_published

ASIDE = """
    select
        reports.file_name,
        reports.report_id,
        case when reports.copy_of_report_id is not null then 'copy' else 'version' end as relation,
        others.file_name as counts,
        coalesce(reports.version_basis = 'none', false) as is_doubtful
    from marts.dim_report as reports
    inner join marts.dim_report as others
        on coalesce(reports.copy_of_report_id, reports.superseded_by_report_id) = others.report_id
    order by reports.file_name
"""


@dataclass(frozen=True, slots=True)
class Aside:
    """One such report."""

    file_name: str
    report_id: str
    relation: str
    """``copy`` or ``version``."""
    counts: str
    """File of the report in whose favour it is set aside: the one that it is a copy of, or its next version."""
    is_doubtful: bool
    """Whether nothing tells which of two versions is the later one."""

    def why(self) -> str:
        """Why it does not count, for a person."""
        if self.relation == "copy":
            return f"a copy of {self.counts}, which counts"
        doubt = "; nothing tells which is the later one: say decided_on in reports.yml" if self.is_doubtful else ""
        return f"replaced by a later version, {self.counts}{doubt}"


def list_aside(link: Path) -> list[Aside]:
    """Every such report, sorted by file name; none where the published release is older than the question.

    Raises:
        QueryError: nothing is published.
    """
    with open_published(link) as connection:
        try:
            return [Aside(*row) for row in connection.execute(ASIDE).fetchall()]
        except (duckdb.CatalogException, duckdb.BinderException):
            return []
