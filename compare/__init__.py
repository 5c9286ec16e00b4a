"""Two cuts of a study compared: records, queries, results, configuration. Beside the floors: it reads, never derives."""
