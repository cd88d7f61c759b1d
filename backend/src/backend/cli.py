"""The command `docchat`: what a person or a service manager starts."""

import sys
from collections.abc import Callable

import click

from backend import __version__
from backend.config import Config, load_config
from backend.errors import DocChatError


def _run(action: Callable[[Config], None]) -> None:
    """Run `action`; an error of ours becomes one sentence on stderr and exit status 1."""
    try:
        action(load_config())
    except DocChatError as error:
        click.echo(f"Doc Chat: {error.message}", err=True)
        sys.exit(1)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="docchat")
def main() -> None:
    """Doc Chat, a private document chat. Settings: config.sh and the environment."""


@main.command()
def serve() -> None:
    """Run the server and its ingest worker until stopped."""
    from backend.server import serve as run_server

    _run(run_server)


@main.command()
def worker() -> None:
    """Run an ingest worker; ends when its standard input is closed or on SIGTERM."""
    from backend.ingest.worker import run_worker
    from backend.logging_config import configure_logging

    def action(config: Config) -> None:
        configure_logging(config, process="worker")
        run_worker(config)

    _run(action)
