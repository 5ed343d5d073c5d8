"""What is made of the raw tables: dbt in this process, with the functions and bounds that it runs under.

Belongs here: the build and what it needs of Python. Does not belong here: the rules (``dbt/``), and giving the result
to readers (``release``).
"""
