"""What comes in: files found, fetched, explained by people and read, and their rows in the raw tables.

Belongs here: the folder, the inbox, ``reports.yml``, the vocabulary as people edit it, the load. Does not belong
here: how a document is read (``extract``), and what becomes of its rows (``build``).
"""
