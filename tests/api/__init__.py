"""Tests of `src/goldwire/api`."""
