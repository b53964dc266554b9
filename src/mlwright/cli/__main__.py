"""`python -m mlwright.cli`."""

from mlwright.cli import main

if __name__ == "__main__":
    main()
