"""What every page shares: templates, charts, spans drawn in text."""
