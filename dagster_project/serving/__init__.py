"""The published warehouse for many readers at once, over DuckDB's Quack protocol, to be read only.

Belongs here: what a reader may ask (``policy``), answering within limits (``engine``), who may ask (``tokens``), and
the server (``server``). Does not belong here: options and messages of the command (``commands.serve``).
"""
