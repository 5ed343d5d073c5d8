"""What starts a refresh without anybody asking, and what tells when one failed."""
