"""Checks of our own, beside dbt's tests.

Belongs here: counting them where ``status`` looks too. Does not belong here: what is checked (the assets).
"""

import dagster as dg

from dagster_project.warehouse.state import journal


def recorded(result: dg.AssetCheckResult) -> dg.AssetCheckResult:
    """The result of a check, counted in the record of the refresh as Dagster counts it."""
    name = [str(result.check_name)]
    if result.passed:
        journal.checked(passed=1)
    elif result.severity is dg.AssetCheckSeverity.WARN:
        journal.checked(warned=name)
    else:
        journal.checked(failed=name)
    return result
