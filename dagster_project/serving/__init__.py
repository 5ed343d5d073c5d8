"""The published warehouse for many readers at once, over DuckDB's Quack protocol, to be read only.

Belongs here: what a reader may ask (``policy``), running it in processes that may be killed (``workers``, for any
protocol; ``runner``, ``forkserver``, ``frames``), who is next (``shares``), who may ask (``tokens``), connections
within bounds (``web``), and the server of Quack (``server``, ``quack``, ``encoders``, ``encoder``). Does not belong
here: options and messages of the command (``commands.serve``).
"""
