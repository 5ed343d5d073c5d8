"""What a refresh knows of itself, between its steps and afterwards.

Belongs here: the working file, the lock, the journal, health and how it is told. Does not belong here: the files that
readers open (``release``).
"""
