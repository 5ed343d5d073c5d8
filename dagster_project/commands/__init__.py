"""Commands of the command line that are large enough for a module of their own; ``cli`` registers them.

Belongs here: options and messages. Does not belong here: what the commands do.
"""
