"""Models learned from annotations, and what they are measured against."""
