"""Tables as readings that are weighed: hypotheses about stretches of a page, evidence for each, and a choice.

Belongs here: from words that no rule made a table of to tables that the evidence bears out. A reading is one way
to see a stretch of lines as a table: its bounds, its columns, its header, its rows. ``generators`` make readings,
``evidence`` says what speaks for and against each, ``choice`` takes the best set that does not overlap, and
``acceptance`` refuses what is not certain. Does not belong here: rules that read a table without a rival (``tables``),
and what a cell means (dbt).

The order is fixed: ``lines`` (facts, made once), generators, evidence, choice, arithmetic, acceptance.
"""

from dagster_project.extract.pdf.readings.acceptance import Accepted, may_hold_rest, read_rest
from dagster_project.extract.pdf.readings.doubts import doubt_about

__all__ = ["Accepted", "doubt_about", "may_hold_rest", "read_rest"]
