"""mlwright: an AI/ML engineer as a program."""

__version__ = "0.1.0"
