"""Tests of training: what is learned, from what, and how it is scored."""
