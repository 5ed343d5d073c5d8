"""The web page of a published warehouse: one folder of plain files that a browser opens from disk.

Belongs here: reading the marts for pages, pages, charts and their files. Does not belong here: what a figure means; a
page shows what the marts say and computes nothing that they do not.
"""

from dagster_project.site.build import SiteError, SiteResult, build_site

__all__ = ["SiteError", "SiteResult", "build_site"]
