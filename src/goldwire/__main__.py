"""`python -m goldwire`."""

from goldwire.cli.main import main

main()
