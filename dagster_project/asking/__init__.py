"""Questions about figures, and the doors through which programs ask them: MCP, and JSON over HTTP.

Belongs here: the questions (``questions``, ``statements``, ``names``), asking them of the contained processes
(``desk``), what may be passed (``parameters``) and the two doors (``api`` with ``openapi``, ``tools``) with the web
server before them (``web``). Does not belong here: running a statement, limits, tokens (``serving``), options and
messages of the commands (``commands.serve``, ``commands.mcp``).
"""
