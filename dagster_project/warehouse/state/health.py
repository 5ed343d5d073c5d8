"""How the warehouse is doing, for people and for monitoring.

Belongs here: gathering what the published release, the record of refreshes and the lock say, and the verdict. Does not
belong here: how it is shown (``commands.status``) and told to others (``metrics``, ``notify``).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import duckdb

from dagster_project.settings import Settings
from dagster_project.warehouse.ask.aside import list_aside
from dagster_project.warehouse.ask.query import QueryError, open_published
from dagster_project.warehouse.release.releases import current, is_published, last_built, releases, withdrawn
from dagster_project.warehouse.state.journal import died, refreshes
from dagster_project.warehouse.state.lock import is_locked

FRESHNESS = """
    select
        municipality_code,
        any_value(municipality_name) as municipality,
        count(*) as reports,
        max(period_end)::varchar as latest_period_end,
        max(fiscal_year) as latest_fiscal_year,
        strftime(max(extracted_at) at time zone 'UTC', '%Y-%m-%dT%H:%M:%SZ') as latest_read_at
    from marts.dim_report
    left join marts.dim_municipality using (municipality_code)
    where report_id != 'unknown'
    group by all
    order by all
"""

STALE = """
    select
        file_name,
        report_id,
        strftime(stale_since at time zone 'UTC', '%Y-%m-%dT%H:%M:%SZ') as since,
        stale_reason as reason,
        is_held_back
    from raw.report
    where stale_reason is not null
    order by all
"""

OVERDUE_SECONDS = 3600
"""After the time planned, before a refresh that has not come counts as missing."""


def unknown_health(problem: str) -> dict[str, Any]:
    """What there is to say where nothing can be found out."""
    return {
        **dict.fromkeys(
            ("release", "last_refresh", "last_good_refresh", "next_refresh", "last_built", "is_last_built_published")
        ),
        "reports": {},
        "stale": [],
        "problems": [problem],
    }


def health(settings: Settings, *, is_ending: bool = False) -> dict[str, Any]:
    """Everything there is to say; ``problems`` is empty when all is well.

    ``is_ending`` is for a refresh that asks at its end: it will publish nothing any more.
    """
    link = settings.warehouse
    record, release = refreshes(settings.state), current(link)
    there, is_running = releases(link), is_locked(settings.lock_file)
    killed = None if is_running else died(settings.state)
    if killed is not None:  # the next refresh will write it down; whoever asks before is to know
        record.append(killed)
    last = record[-1] if record else None
    good = next((one for one in reversed(record) if one.get("ok")), None)
    state: dict[str, Any] = {
        "checked_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "warehouse": str(link),
        "is_running": is_running,
        "release": None,
        "releases": len(there),
        "last_refresh": last,
        "last_good_refresh": good,
        "next_refresh": last.get("next_refresh") if last else None,
        "last_built": last_built(settings.state),
        "is_last_built_published": None,
        "reports": {},
        "quarantined": [],
        "stale": [],
        "not_counted": [],
        "municipalities": [],
    }
    if release is not None:
        earlier = [one for one in there if one.number < release.number]
        size = release.database.stat().st_size
        state["release"] = {
            "name": release.name,
            "number": release.number,
            "made_at": release.manifest.get("made_at"),
            "content_hash": release.content_hash,
            "size_bytes": size,
            "grown_bytes": size - earlier[-1].database.stat().st_size if earlier else None,
            "newer_withdrawn": bool(there and there[-1].number > release.number and withdrawn(link)),
            "checks": release.manifest.get("checks", {}),
        }
    if state["last_built"] is not None and (is_ending or not is_running):  # while one is running it may be about to be
        state["is_last_built_published"] = is_published(link, state["last_built"]["content_hash"])
    with suppress(QueryError, duckdb.Error), open_published(link) as connection:
        rows = connection.execute("select status, count(*) from raw.report group by all order by all").fetchall()
        state["reports"] = dict(rows)
        with suppress(duckdb.Error):  # a release made before there were these columns
            answer = connection.execute(STALE)
            names = [column[0] for column in answer.description or ()]
            state["stale"] = [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
        rows = connection.execute(
            "select file_name, report_id, error from raw.report where status = 'quarantined' order by all"
        ).fetchall()
        state["quarantined"] = [dict(zip(("file_name", "report_id", "reason"), row, strict=True)) for row in rows]
        with suppress(duckdb.Error):
            answer = connection.execute(FRESHNESS)
            names = [column[0] for column in answer.description or ()]
            state["municipalities"] = [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
    with suppress(QueryError, duckdb.Error):
        state["not_counted"] = [asdict(one) | {"why": one.why()} for one in list_aside(link)]
    state["problems"] = _problems(settings, state)
    return state


def _problems(settings: Settings, state: dict[str, Any]) -> list[str]:
    problems = []
    last, good = state["last_refresh"], state["last_good_refresh"]
    if not settings.warehouse.exists():
        problems.append("nothing is published")
    elif state["release"] is None:
        problems.append("what is published is no release as a refresh made it: damaged, or not made by this version")
    if last is not None and not last.get("ok"):
        problems.append(f"the last refresh failed: {last.get('error', 'it was cut off')}")
    if state["is_last_built_published"] is False:
        problems.append(
            f"what was built and tested {state['last_built']['built_at']} is not published; readers have "
            f"{state['release']['name'] if state['release'] else 'nothing of it'}"
        )
    if settings.max_age_hours and (age := _age(good)) is not None and age > settings.max_age_hours * 3600:
        problems.append(f"the last good refresh ended {age / 3600:.0f} hours ago; allowed are {settings.max_age_hours}")
    if held := [one for one in state["stale"] if one["is_held_back"]]:
        problems.append(
            f"{len(held)} reports are held back since {min(one['since'] for one in held)}: their files are gone, or no "
            "report any more, all at once; `kommunlager refresh --accept-removals` drops them"
        )
    elif good and good.get("why_held_back"):
        problems.append(f"held back: {good['why_held_back']}; `kommunlager refresh --accept-removals` accepts it")
    unread = [one for one in state["stale"] if not one["is_held_back"]]
    if old := [one for one in unread if settings.max_age_hours and _is_older(one["since"], settings.max_age_hours)]:
        problems.append(
            f"{len(old)} reports could not be read for more than {settings.max_age_hours} hours: "
            f"{old[0]['file_name']}{', …' if len(old) > 1 else ''}"
        )
    planned = _moment(state["next_refresh"])
    if planned is not None and (datetime.now(UTC) - planned).total_seconds() > OVERDUE_SECONDS:
        problems.append(f"the refresh planned for {state['next_refresh']} has not come")
    return problems


def severity_of_failure(settings: Settings) -> str:
    """``critical`` where readers have nothing, or older figures than ``max_age_hours`` allows; ``error`` otherwise."""
    good = next((one for one in reversed(refreshes(settings.state)) if one.get("ok")), None)
    age = _age(good)
    is_old = settings.max_age_hours and (age is None or age > settings.max_age_hours * 3600)
    return "critical" if is_old or not settings.warehouse.exists() else "error"


def _is_older(since: str, hours: int) -> bool:
    moment = _moment(since)
    return moment is not None and (datetime.now(UTC) - moment).total_seconds() > hours * 3600


def _age(refresh: dict[str, Any] | None) -> float | None:
    ended = _moment(refresh.get("finished_at")) if refresh else None
    return (datetime.now(UTC) - ended).total_seconds() if ended else None


def _moment(text: Any) -> datetime | None:
    with suppress(ValueError, TypeError):
        return datetime.fromisoformat(str(text)) if text else None
    return None
