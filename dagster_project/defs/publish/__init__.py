"""The working file to the file that readers open."""
