"""Reports written in office formats by real writers, for the tests of the readers.

Belongs here: writers of one format each, and the comparison of two documents. Does not belong here: PDF writers.
"""
