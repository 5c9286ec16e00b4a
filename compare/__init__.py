"""Two cuts of a study compared: records, queries, results, configuration. It only reads."""
