"""Views: the only code that writes to the terminal, for people and for machines."""
