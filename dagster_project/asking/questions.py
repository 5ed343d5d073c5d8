"""The questions that programs ask, each as a function of what was passed: the same for every door.

Belongs here: from names to keys, which statements, and what an answer holds. Does not belong here: SQL
(``statements``), HTTP (``api``), MCP (``tools``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Final

from dagster_project.asking import statements
from dagster_project.asking.desk import AskError, Desk, Row, Told
from dagster_project.asking.names import NEAR, Names
from dagster_project.asking.statements import CANDIDATES, Wanted
from dagster_project.warehouse.ask.search import words_of
from dagster_project.warehouse.ask.trace import REASONS
from dagster_project.warehouse.sql import literal

MOST_ABSENT: Final = 5_000
"""Figures that can be missing by name in one question."""

MOST_REPLACED: Final = 20
"""Times that a figure was replaced, at most, before it is given up where it is now."""

_KEY: Final = re.compile(r"[0-9a-f]{1,64}")

BASES: Final = {
    "unit": "unit_basis",
    "scenario": "scenario_basis",
    "amount_sek_normalised": "sign_basis",
}
"""What of a figure was decided, and the column that says by what."""


@dataclass(slots=True)
class Known:
    """What can be named, in one release."""

    release: str
    concepts: Names
    measures: Names
    municipalities: Names
    scenarios: Names
    accounts: Names
    reports: Names


class Questions:
    """All questions, asked at one desk."""

    def __init__(self, desk: Desk, site: str = "") -> None:
        """Begin.

        Args:
            desk: where statements are asked.
            site: address of the site; empty for links that are relative to it.
        """
        self.desk = desk
        self.site = site if not site or site.endswith("/") else f"{site}/"
        self._known: Known | None = None

    async def known(self, account: str) -> Known:
        """What can be named in the release of now."""
        if self._known is None or self._known.release != self.desk.release:
            told = await self.desk.ask(account, *statements.NAMES)
            kinds = ("concept", "measure", "municipality", "scenario", "line of account", "report")
            names = [Names.of(kind, rows) for kind, rows in zip(kinds, told.tables, strict=True)]
            self._known = Known(told.release, *names)
        return self._known

    async def wanted(self, account: str, passed: dict[str, Any]) -> Wanted:
        """Which figures are meant.

        Raises:
            AskError: a name is not known, or too much is named.
        """
        known = await self.known(account)
        concepts = [known.concepts.key(one) for one in passed.get("concept", [])]
        municipalities = [known.municipalities.key(one) for one in passed.get("municipality", [])]
        made = Wanted(
            concepts=[(key, known.concepts.names[key]) for key in dict.fromkeys(concepts)],
            accounts=[known.accounts.key(one) for one in passed.get("account", [])],
            municipalities=[(code, known.municipalities.names[code]) for code in dict.fromkeys(municipalities)],
            years=passed.get("year", []),
            scenarios=[known.scenarios.key(one) for one in passed.get("scenario", [])],
            reports=[known.reports.key(one) for one in passed.get("report", [])],
            committee=passed.get("committee") or "",
            words=passed.get("q") or "",
            is_current=passed.get("current", True),
        )
        return _bounded(made)

    async def comparison(self, account: str, passed: dict[str, Any]) -> str:
        """The statement that compares a concept or a measure.

        Raises:
            AskError: a name is not known, both or none is named.
        """
        if bool(passed.get("concept")) == bool(passed.get("measure")):
            raise AskError(400, "name either a concept or a measure to compare", accepted=["concept", "measure"])
        wanted = replace(await self.wanted(account, passed), is_current=False)
        if not passed.get("measure"):
            return statements.compared_concepts(wanted, self.site)
        known = (await self.known(account)).measures
        keys = dict.fromkeys(known.key(one) for one in passed["measure"])
        measures = _bounded(replace(wanted, concepts=[(key, known.names[key]) for key in keys]))
        return statements.compared_measures(measures, self.site)

    async def figure(self, account: str, key: str) -> dict[str, Any]:
        """All that is known of one figure.

        Args:
            account: who asks.
            key: its fact_key, or the beginning of one that no other figure has.

        Raises:
            AskError: 404 there is none, 410 it is gone (with what stands for it), 400 several begin so.
        """
        asked = key.strip().lower()
        if not _KEY.fullmatch(asked):
            raise AskError(404, f"{key[:80]!r} is no key of a figure: keys are up to 64 of 0-9 and a-f (fact_key)")
        told = await self.desk.ask(account, statements.figure(asked, self.site))
        ((found,),) = told.tables
        figure, candidates = found["figure"], found.pop("candidates") or []
        if figure is None:
            raise await self._no_figure(account, asked)
        if len(candidates) > 1 and figure["fact_key"] != asked:
            raise AskError(
                400, f"{asked!r} is the beginning of several keys: add characters", candidates=candidates[:CANDIDATES]
            )
        decided: list[Row] = [
            {"decides": name, "value": figure.get(name), "basis": figure.get(basis)}
            for name, basis in BASES.items()
            if figure.get(basis) is not None
        ]
        indicator = found.pop("indicator") or {}
        for name, value in (
            ("concept_key", figure.get("concept_key")),
            ("kolada_kpi_id", indicator.get("kolada_kpi_id")),
        ):
            if basis := indicator.get(f"{name.split('_')[0]}_basis"):
                decided.append({"decides": name, "value": value, "basis": basis})
        return {
            "release": told.release,
            "fact_key": figure["fact_key"],
            "page_link": found.pop("page_link"),
            "report_link": found.pop("report_link"),
            "figure": figure,
            **{name: found[name] for name in ("cell", "table", "headings", "column_header", "row_cells", "same_cell")},
            "chain": {"decided": decided, "report_known_by": found["report_known_by"] or []},
            "proof": {
                "proven_by": figure.get("proof"),  # a release made before figures were proven has neither
                "is_doubtful": figure.get("is_doubtful"),
                "sums": found["sums"] or [],
                "stated_otherwise": found["stated_otherwise"] or [],
            },
            "report": found["report"],
            "file": found["file"],
        }

    async def _no_figure(self, account: str, key: str) -> AskError:
        """Why there is none: it never was, or it is gone, and what stands for it now."""
        ((*gone,),) = (await self.desk.ask(account, statements.gone(key))).tables
        if not gone or (len(gone) > 1 and gone[0]["fact_key"] != key):
            return AskError(404, f"no figure has the key {key!r}; keys stand in the column fact_key of any answer")
        first = gone[0]
        now, seen = first["replaced_by"], {first["fact_key"]}
        while now is not None and now not in seen and len(seen) < MOST_REPLACED:
            there, later = (
                await self.desk.ask(account, f"from marts.report_values select 1 where fact_key = {literal(now)}",
                                    f"from marts.figure_history where fact_key = {literal(now)}")
            ).tables  # fmt: skip
            if there:
                break
            seen.add(now)
            now = later[0]["replaced_by"] if later else None
        reason = f"the figure {first['fact_key']} is gone: {REASONS.get(first['reason'], first['reason'])}; "
        reason += f"it is now {now}" if now else "no figure is certain to stand for it now"
        link = {"figure_link": f"/api/figure/{now}"} if now else {}
        return AskError(410, reason, was=first, replaced_by=now, **link)

    async def search(self, account: str, words: str, municipality: Sequence[str], limit: int) -> dict[str, Any]:
        """Concepts, figures and paragraphs that have the words.

        Raises:
            AskError: there is no word, or a municipality is not known.
        """
        split = words_of(words)
        if not split:
            raise AskError(400, f"there is no word in {words[:80]!r}")
        known = await self.known(account)
        codes = [known.municipalities.key(one) for one in municipality]
        asked = [
            statements.named(words, limit=limit),
            statements.labelled(words, codes, self.site, limit=limit),
            statements.paragraphs(split, codes, self.site, every=True, limit=limit),
        ]
        note = None
        try:
            told = await self.desk.ask(account, *asked)
        except AskError as error:
            if error.more.get("outcome") != "refused":  # the macro of the index is not published
                raise
            told = await self.desk.ask(account, *asked[:2])
            told = Told(told.release, [*told.tables, []])
            note = "this release has no index of the texts: paragraphs were not searched"
        concepts, figures, texts = told.tables
        is_any = False
        if not texts and note is None and len(split) > 1:
            any_word = statements.paragraphs(split, codes, self.site, every=False, limit=limit)
            (texts,) = (await self.desk.ask(account, any_word)).tables
            is_any = bool(texts)
        answer = {
            "release": told.release,
            "concepts": concepts,
            "figures_found": figures[0]["found"] if figures else 0,
            "figures": _without(figures, "found"),
            "texts_found": texts[0]["found"] if texts else 0,
            "texts_have_any_word": is_any,
            "texts": _without(texts, "found"),
        }
        return answer | ({"note": note} if note else {})

    async def relation(self, account: str, name: str) -> dict[str, Any]:
        """A table or view with its columns.

        Raises:
            AskError: 404, there is none of that name.
        """
        schema, _, table = name.strip().lower().rpartition(".")
        listed = statements.RELATIONS.format(conditions="true")
        columns = statements.COLUMNS.format(schema=literal(schema or "marts"), name=literal(table))
        told = await self.desk.ask(account, listed, columns)
        there = {f"{one['schema']}.{one['name']}": one for one in told.tables[0]}
        full = f"{schema or 'marts'}.{table}"
        if full not in there:
            near = get_close_matches(full, there, n=NEAR, cutoff=0.7)
            raise AskError(404, f"there is no table or view {name[:80]!r}", **({"did_you_mean": near} if near else {}))
        fields = [{key: column[key] for key in ("column", "type", "description")} for column in told.tables[1]]
        return {"release": told.release, **there[full], "columns": fields}


def _bounded(wanted: Wanted) -> Wanted:
    if wanted.names_absent > MOST_ABSENT:
        raise AskError(
            400,
            f"{wanted.names_absent:,} figures are named by municipality, concept and year: {MOST_ABSENT:,} at most",
        )
    return wanted


def _without(rows: Sequence[Row], name: str) -> list[Row]:
    return [{key: value for key, value in row.items() if key != name} for row in rows]
