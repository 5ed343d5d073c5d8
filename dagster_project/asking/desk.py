"""Asking the contained processes of ``serving`` for a reader: rows of JSON, all of one release, errors with a status.

Belongs here: handing statements over and taking rows. Does not belong here: what is asked (``questions``), and how an
answer goes out (``api``, ``tools``). Nothing is read from the warehouse in this process, and whoever writes a statement
here may be wrong: it is judged like any reader's.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from dagster_project.serving.workers import Answer, Form, StatementError, Workers

Row = dict[str, Any]

TRIES: Final = 3
"""That several statements are asked, so that all are of one release."""

STATUS: Final = {"refused": 400, "failed": 400, "stopped": 422, "crashed": 500}
BUSY: Final = 503


class AskError(Exception):
    """A question has no answer; the message says why."""

    def __init__(self, status: int, reason: str, **more: Any) -> None:
        super().__init__(reason)
        self.status = status
        """As HTTP has it."""
        self.more = more
        """What helps to ask better, by name."""


@dataclass(frozen=True, slots=True)
class Told:
    """Rows of several statements, of one release."""

    release: str
    tables: Sequence[list[Row]]


class Desk:
    """Where questions of all doors come to the workers."""

    def __init__(self, workers: Workers) -> None:
        self.workers = workers

    @property
    def release(self) -> str:
        """Name of the release that is asked now."""
        return self.workers.release[0]

    async def answer(self, account: str, sql: str, form: Form) -> Answer:
        """What a statement comes to, as text; to be closed.

        Raises:
            AskError: it has no answer.
        """
        try:
            return await self.workers.answer(account, sql, form)
        except StatementError as error:
            if error.outcome != "failed":
                await asyncio.sleep(self.workers.shares.pause_after_offence(account))
            status = BUSY if error.may_pass else STATUS[error.outcome]
            reason = f"Refused: {error}" if error.outcome == "refused" else str(error)
            raise AskError(status, reason, outcome=error.outcome) from None

    async def ask(self, account: str, *statements: str) -> Told:
        """The rows that statements of ours come to; few enough to be held here.

        Raises:
            AskError: one has no answer, or releases came while they were asked.
        """
        for _ in range(TRIES):
            releases, tables = set(), []
            for sql in statements:
                with await self.answer(account, sql, Form("json")) as answer:
                    releases.add(answer.release)
                    # Decimals as they are printed: an amount goes out with the digits it came with.
                    tables.append(json.loads(answer.text(), parse_float=Decimal))
            if len(releases) == 1:
                ((release, _identity),) = releases
                return Told(release, tables)
        raise AskError(BUSY, "new releases came while this was answered: try again")
