"""What became of each report from release to release.

Belongs here: the events that follow from two lists of reports, the one that readers have and the one that was just
loaded. Does not belong here: figures that a later report states differently; those follow from the figures (the view
``marts.report_history`` shows both).

The history is that of what was published: a refresh that fails adds nothing, whatever it read, and the one after it
compares with the same release again. It is taken from the published file, so it outlives the working file.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from dagster_project.warehouse.sql import literal

EVENTS: Final = """
    with
    was as (select * from was_report where status = 'loaded'),

    now_loaded as (select * from raw.report where status = 'loaded'),

    gone as (select * from was where report_id not in (select report_id from now_loaded)),

    come as (select * from now_loaded where report_id not in (select report_id from was)),

    -- The same bytes under another name; of several alike, the first by name.
    renamed as (
        select come.report_id, gone.report_id as previous_report_id, gone.file_name as previous_file_name
        from come
        inner join gone on come.sha256 = gone.sha256
        qualify
            row_number() over (partition by come.report_id order by gone.report_id) = 1
            and row_number() over (partition by gone.report_id order by come.report_id) = 1
    ),

    events as (
        select
            come.report_id, come.file_name,
            case
                when renamed.report_id is not null then 'renamed'
                when refused.file_name is not null then 'accepted'
                else 'added'
            end as event,
            come.sha256, gone.sha256 as previous_sha256, renamed.previous_report_id,
            case when renamed.report_id is null then refused.error end as reason
        from come
        left join renamed using (report_id)
        left join gone on renamed.previous_report_id = gone.report_id
        left join was_report as refused
            on come.file_name = refused.file_name and refused.status = 'quarantined'
        union all
        select
            now_loaded.report_id, now_loaded.file_name,
            case when now_loaded.sha256 != was.sha256 then 'corrected' else 'renamed' end as event,
            now_loaded.sha256, was.sha256 as previous_sha256, null as previous_report_id, null as reason
        from now_loaded
        inner join was using (report_id)
        where now_loaded.sha256 != was.sha256 or now_loaded.file_name != was.file_name
        union all
        select
            gone.report_id, gone.file_name,
            case when refused.file_name is not null then 'quarantined' else 'removed' end as event,
            refused.sha256, gone.sha256 as previous_sha256, null as previous_report_id, refused.error as reason
        from gone
        left join raw.report as refused on gone.file_name = refused.file_name and refused.status = 'quarantined'
        where gone.report_id not in (select previous_report_id from renamed)
    )

    insert into raw.report_history
    select report_id, file_name, event, now(), sha256, previous_sha256, previous_report_id, reason
    from events
    order by report_id
"""

FIRST: Final = """
    insert into raw.report_history
    select report_id, file_name, 'added', now(), sha256, null, null, null
    from raw.report
    where status = 'loaded'
    order by report_id
"""


def write_history(connection: duckdb.DuckDBPyConnection, link: Path) -> None:
    """Fill ``raw.report_history``: that of the published file at ``link``, and what publishing now would add to it."""
    connection.execute("delete from raw.report_history")
    was_report, was_history = _published(link)
    if was_report is None:
        connection.execute(FIRST)
        return
    if was_history is not None:
        connection.execute("insert into raw.report_history by name select * from was_history")
    connection.execute(EVENTS)


def _published(link: Path) -> tuple[pa.Table | None, pa.Table | None]:
    """Reports and history as readers have them; None for what is not there."""
    reports = history = None
    # A connection of its own: an error must not abort the transaction of the working file.
    with suppress(duckdb.Error, OSError), duckdb.connect() as connection:
        connection.execute(f"attach {literal(link.resolve(strict=True))} as published (read_only)")
        columns = "report_id, file_name, sha256, status, error"
        reports = connection.execute(f"select {columns} from published.raw.report").to_arrow_table()
        history = connection.execute("select * from published.raw.report_history").to_arrow_table()
    return reports, history
