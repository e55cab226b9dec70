"""Tests of the team's page."""
