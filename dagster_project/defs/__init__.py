"""Dagster's view of the project, by topic; each topic is thin and calls functions that know nothing of Dagster."""
