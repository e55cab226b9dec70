"""The learning curve: F1 over how much was learned from, and what more would bring."""
