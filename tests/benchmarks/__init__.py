"""Measurements beside other tools, run by hand or by `make bench`; no tests."""
