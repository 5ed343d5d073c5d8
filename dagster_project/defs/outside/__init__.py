"""Editions of outside facts to tables of the working file."""
