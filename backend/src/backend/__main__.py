"""`python -m backend` is the command `docchat`."""

from backend.cli import main

main()
