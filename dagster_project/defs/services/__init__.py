"""Services of publishers to editions of outside facts, apart from the refresh of reports."""
