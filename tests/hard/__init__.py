"""Documents as municipalities write them, with what is printed in them: the measure of the readers beside PDF.

Belongs here: cases with their truth, one module a format. Does not belong here: broken and hostile files.
"""
