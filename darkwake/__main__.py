"""`python -m darkwake` is the `darkwake` command."""

from darkwake.cli import main

if __name__ == "__main__":
    main()
