"""What a reader calls a thing, and its key: concepts, measures, municipalities, scenarios.

Belongs here: finding one thing by key or name, without its accents too, and what it may have been. Does not belong
here: asking for the things (``questions``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from dagster_project.asking.desk import AskError, Row

NEAR: Final = 5
_KIND_OF_MUNICIPALITY: Final = re.compile(r"s? (kommun|stad)$")


def folded(text: str) -> str:
    """For finding: small letters without accents, å as a."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(letter for letter in plain if not unicodedata.combining(letter)).split())


@dataclass(slots=True)
class Names:
    """Things of one kind by key, with their names."""

    kind: str
    """In the words of a message."""
    names: dict[str, str] = field(default_factory=dict)
    """By key."""
    _exact: dict[str, list[str]] = field(default_factory=dict)
    _folded: dict[str, list[str]] = field(default_factory=dict)
    """Keys by name without accents: Håbo and Habo are two municipalities."""

    @classmethod
    def of(cls, kind: str, rows: Iterable[Row]) -> Names:
        """Those of rows with ``key`` and ``name``."""
        made = cls(kind)
        for row in rows:
            made.names[row["key"]] = row["name"]
            made._exact.setdefault(row["name"].casefold(), []).append(row["key"])
            made._folded.setdefault(folded(row["name"]), []).append(row["key"])
        return made

    def key(self, given: str) -> str:
        """The key of what is meant.

        Raises:
            AskError: nothing has such a key or name, or several have.
        """
        text = " ".join(given.split())
        if text in self.names:
            return text
        for name in (text.casefold(), _KIND_OF_MUNICIPALITY.sub("", text.casefold())):
            keys = self._exact.get(name) or self._folded.get(folded(name)) or []
            if len(keys) == 1:
                return keys[0]
            if keys:
                raise AskError(400, f"{given!r} is the name of several: give the key", did_you_mean=self._told(keys))
        asked = folded(text)
        near = get_close_matches(asked, self._folded, n=NEAR, cutoff=0.6)
        holding = sorted(name for name in self._folded if asked and asked in name)
        keys = list(dict.fromkeys(key for name in [*near, *holding] for key in self._folded[name]))[:NEAR]
        if not keys:
            raise AskError(400, f"there is no {self.kind} {given!r}: look for it with search")
        raise AskError(400, f"there is no {self.kind} {given!r}", did_you_mean=self._told(keys))

    def _told(self, keys: Iterable[str]) -> list[str]:
        return [f"{key} ({self.names[key]})" for key in keys]
