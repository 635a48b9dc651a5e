"""Frozen values all parts speak in; no I/O, no clock."""
