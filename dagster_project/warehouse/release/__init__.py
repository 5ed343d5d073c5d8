"""What goes out: releases that never change, what differs between them, and the link that readers follow.

Belongs here: publishing, hashes of content, compaction, rollback. Does not belong here: questions to a release
(``ask``).
"""
