"""CLI: the command line, one file per command; the only place that imports click."""
