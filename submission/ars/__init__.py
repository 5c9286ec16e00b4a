"""Analyses and results as CDISC Analysis Results Standard 1.0: one reporting event in JSON."""
