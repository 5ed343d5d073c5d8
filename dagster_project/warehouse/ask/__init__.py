"""What readers ask of the published file.

Belongs here: a query, a search, the way back from a figure to its cell, counts and lists. Does not belong here: how
answers are shown (``console``, ``commands``) and served (``serving``, ``asking``).
"""
