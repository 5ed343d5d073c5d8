"""The published warehouse as files: Parquet, CSV, Excel, and a Frictionless data package that describes them.

Belongs here: what is exported (``relations``), the workbook (``excel``), the description (``package``), and the folder
as a whole (``folder``). Does not belong here: options and messages of the command (``commands.export``).
"""
