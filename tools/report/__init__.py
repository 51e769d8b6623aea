"""What the program does and how right it is, as PDF and HTML: ``python -m tools.report``."""
