"""Raw tables to star schemas: the dbt project as assets, its tests as checks."""
