"""An export as a whole: a folder that is there complete or not at all.

Belongs here: the order of work and the names of files. Does not belong here: how a format is written.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import duckdb

from dagster_project.exporting.dcat import catalogue
from dagster_project.exporting.excel import Workbook
from dagster_project.exporting.package import package, resource_name, schema_of, sources_of
from dagster_project.exporting.relations import (
    UNKNOWN,
    ExportError,
    Municipality,
    Relation,
    choose_municipalities,
    choose_relations,
    list_municipalities,
    list_relations,
    list_sources,
)
from dagster_project.warehouse.ask.query import Answer, QueryError, open_published
from dagster_project.warehouse.release.releases import name_of

FORMATS: Final = ("parquet", "csv", "xlsx")
DESCRIPTION: Final = "datapackage.json"
CATALOGUE: Final = "dcat.jsonld"
WORKBOOK: Final = "kommunlager.xlsx"


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written of one relation in one format."""

    relation: str
    form: str
    rows: int
    files: int
    size_bytes: int


def export(
    link: Path,
    target: Path,
    *,
    formats: Sequence[str] = FORMATS,
    views: Sequence[str] = (),
    municipalities: Sequence[str] = (),
    exact: bool = False,
) -> list[Exported]:
    """Write the folder ``target`` from the published warehouse.

    Args:
        link: the published file.
        target: a folder that does not exist, is empty, or is an earlier export, which is replaced.
        formats: of ``FORMATS``.
        views: tables and views; none for all of the marts.
        municipalities: codes or names; none for all.
        exact: whether texts in CSV that a spreadsheet would take for formulas stay as they are.

    Raises:
        ExportError: something that was asked for is not there, or does not fit; ``target`` is as it was.
        QueryError: nothing is published.
    """
    _check_target(target)
    unfinished = target.parent / f".{target.name}.unfinished-{os.getpid()}"
    with open_published(link) as connection:
        relations = choose_relations(list_relations(connection), views)
        everybody = list_municipalities(connection)
        chosen = choose_municipalities(everybody, municipalities)
        try:
            unfinished.mkdir(parents=True)
            version = name_of(link.resolve())
            done = _Folder(connection, unfinished, relations, everybody, chosen, version, exact=exact).write(formats)
            _move(unfinished, target)
        except OSError as error:
            raise ExportError(f"{target} cannot be written: {error.strerror or error}") from error
        except QueryError as error:
            raise ExportError(str(error)) from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return done


def _check_target(target: Path) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise ExportError(f"{target} is a file; an export is a folder.")
    if not any(target.iterdir()):
        return
    with suppress(OSError, ValueError, AttributeError):
        if json.loads((target / DESCRIPTION).read_text(encoding="utf-8")).get("name") == "kommunlager":
            return
    raise ExportError(
        f"{target} holds something that is no earlier export; it is left as it is. Choose another folder."
    )


def _move(unfinished: Path, target: Path) -> None:
    """Two renames: whoever looks in between finds no folder, never half of one."""
    old = target.parent / f".{target.name}.old-{os.getpid()}"
    if target.exists():
        target.rename(old)
    try:
        unfinished.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


class _Folder:
    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        path: Path,
        relations: Sequence[Relation],
        everybody: Sequence[Municipality],
        chosen: Sequence[Municipality],
        version: str,
        *,
        exact: bool,
    ) -> None:
        self._connection = connection
        self._path = path
        self._relations = relations
        self._everybody = {one.code: one for one in everybody}
        self._codes = [one.code for one in chosen]
        self._chosen = chosen
        self._version = version
        self._exact = exact
        self._resources: list[dict[str, Any]] = []
        told = connection.execute("select distinct municipality_code from marts.dim_report").fetchall()
        self._reporting = {UNKNOWN, *(str(code) for (code,) in told)}

    def write(self, formats: Sequence[str]) -> list[Exported]:
        done: list[Exported] = []
        for form in formats:
            done += {"parquet": self._parquet, "csv": self._csv, "xlsx": self._xlsx}[form]()
        about = ", ".join(one.name for one in self._chosen) or "all municipalities"
        created = datetime.now(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
        described = package(
            f"kommunlager: {about}",
            created,
            self._version,
            self._resources,
            is_marked="csv" in formats and not self._exact,
        )
        for name, content in ((DESCRIPTION, described), (CATALOGUE, catalogue(described))):
            text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
            (self._path / name).write_text(text, encoding="utf-8")
        return done

    def _ask(self, relation: Relation, only: str | None = None) -> Answer:
        return Answer(self._connection, relation.query(self._codes, only=only))

    def _csv(self) -> list[Exported]:
        folder = self._path / "csv"
        folder.mkdir()
        done = []
        for relation in self._relations:
            file = folder / f"{relation.label}.csv"
            with file.open("w", encoding="utf-8", newline="") as out:
                self._ask(relation).write_csv(out, exact=self._exact)
            done.append(Exported(relation.label, "csv", self._count(relation), 1, file.stat().st_size))
            self._describe(relation, "csv", f"csv/{file.name}", "text/csv", encoding="utf-8")
        return done

    def _parquet(self) -> list[Exported]:
        """One folder for each relation, with one for each municipality where the rows are about some that report."""
        done = []
        for relation in self._relations:
            folder = self._path / "parquet" / relation.label
            folder.mkdir(parents=True)
            codes: list[str] = []
            if relation.municipality and not relation.is_dimension:
                codes = [str(code) for (code,) in self._connection.execute(relation.codes_query()).fetchall()]
            if self._reporting.issuperset(codes):  # else they are facts of other publishers, about all at once
                for code in codes:
                    if not self._codes or code in self._codes:
                        part = folder / f"municipality={self._everybody[code].slug}"
                        part.mkdir()
                        self._ask(relation, only=code).write_parquet(part / "part-0.parquet")
            if not any(folder.iterdir()):  # no municipality, or no rows: the columns are there all the same
                self._ask(relation).write_parquet(folder / "part-0.parquet")
            files = sorted(folder.rglob("*.parquet"))
            size = sum(file.stat().st_size for file in files)
            done.append(Exported(relation.label, "parquet", self._count(relation), len(files), size))
            paths = [file.relative_to(self._path).as_posix() for file in files]
            self._describe(relation, "parquet", paths[0], "application/vnd.apache.parquet", extrapaths=paths[1:])
        return done

    def _xlsx(self) -> list[Exported]:
        file = self._path / WORKBOOK
        source = f"From {self._version}. Times are in UTC."
        rows = {}
        with Workbook(file, self._relations, source) as book:
            for relation in self._relations:
                rows[relation] = book.add(relation, self._ask(relation).rows())
                sheet = {"excel": {"sheet": book.sheet_name(relation)}}
                kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
                self._describe(relation, "xlsx", WORKBOOK, kind, dialect=sheet)
        size = file.stat().st_size
        return [Exported(relation.label, "xlsx", count, 1, size) for relation, count in rows.items()]

    def _count(self, relation: Relation) -> int:
        row = self._connection.execute(f"select count(*) from ({relation.query(self._codes)})").fetchone()
        return int(row[0]) if row else 0

    def _describe(self, relation: Relation, form: str, path: str, media_type: str, **more: Any) -> None:
        sources = list_sources(self._connection, relation)
        self._resources.append(
            {
                "name": resource_name(relation, form),
                "title": f"{relation.schema}.{relation.name}",
                "description": relation.comment,
                "path": path,
                "format": form,
                # Tools for data packages read whole numbers that may be missing from Parquet as floating point.
                **({"type": "file"} if form == "parquet" else {}),
                "mediatype": media_type,
                **{name: value for name, value in more.items() if value},
                **sources_of(sources),
                "schema": schema_of(relation, self._relations, form, sources),
            }
        )
