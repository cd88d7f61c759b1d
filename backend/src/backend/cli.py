"""The command `docchat`: what a person or a service manager starts."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

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
@click.option("--repair", is_flag=True, help="Mend what can be mended.")
def doctor(repair: bool) -> None:
    """Compare database, files and index; exit 0 only if nothing differs."""
    from backend.logging_config import configure_logging
    from backend.maintenance.commands import run_doctor

    def action(config: Config) -> None:
        configure_logging(config, process="maintenance")
        if not run_doctor(config, repair=repair, tell=click.echo):
            sys.exit(1)

    _run(action)


@main.command()
def reindex() -> None:
    """Build the search index anew from the database, without embedding anything again."""
    from backend.logging_config import configure_logging
    from backend.maintenance.commands import run_reindex

    def action(config: Config) -> None:
        configure_logging(config, process="maintenance")
        if not run_reindex(config, click.echo):
            sys.exit(1)

    _run(action)


@main.group()
def keys() -> None:
    """The file that encrypts provider keys (SECRET_KEY_FILE)."""


@keys.command()
def rotate() -> None:
    """Encrypt all stored provider keys with a new key; the old one is dropped."""
    from backend.logging_config import configure_logging
    from backend.maintenance.keys import run_rotate

    def action(config: Config) -> None:
        configure_logging(config, process="maintenance")
        run_rotate(config, click.echo)

    _run(action)


@keys.command()
def check() -> None:
    """Tell which stored provider keys cannot be read; exit 0 only if all can."""
    from backend.logging_config import configure_logging
    from backend.maintenance.keys import run_check

    def action(config: Config) -> None:
        configure_logging(config, process="maintenance")
        if not run_check(config, click.echo):
            sys.exit(1)

    _run(action)


@main.command("eval")
@click.argument("datasets", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a set.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Override a setting.")
@click.option("--halves", is_flag=True, help="Also measure keywords and embeddings alone.")
@click.option(
    "--memory/--documents",
    "as_memory",
    default=None,
    help="Take sets as conversations or as documents; left out, each set's form tells.",
)
@click.option(
    "--work-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep corpora and vectors here for the next time.",
)
def evaluate(
    datasets: tuple[Path, ...],
    *,
    as_json: bool,
    settings: tuple[str, ...],
    halves: bool,
    as_memory: bool | None,
    work_dir: Path | None,
) -> None:
    """Measure retrieval on question sets: folders with corpus.jsonl, queries.jsonl, qrels.tsv."""
    from backend.evaluation.command import parse_settings, run_eval
    from backend.evaluation.report import to_json, to_table

    def action(_config: Config) -> None:
        results = run_eval(
            datasets,
            parse_settings(settings),
            halves=halves,
            work_dir=work_dir,
            tell=partial(click.echo, err=True),
            as_memory=as_memory,
        )
        if as_json:
            for result in results:
                click.echo(to_json(result))
        else:
            click.echo(to_table(list(results)))

    _run(action)


@main.command()
@click.argument("folders", nargs=-1, type=click.Path(path_type=bytes))
@click.option("--user", default="", help="Whose documents the files become.")
@click.option("--list", "is_list", is_flag=True, help="Show what is known of each folder and end.")
@click.option("--quiet", is_flag=True, help="Tell the log only.")
def watch(folders: tuple[bytes, ...], user: str, is_list: bool, quiet: bool) -> None:
    """Keep documents in step with FOLDERS, or those of WATCH_FOLDERS, until stopped."""
    from backend.logging_config import configure_logging
    from backend.maintenance.watching import list_watched, run_watch

    def action(config: Config) -> None:
        if is_list:
            configure_logging(config, process="maintenance")
            list_watched(config, click.echo)
            return
        configure_logging(config, process="watcher" if quiet else "maintenance")
        run_watch(config, folders, user, click.echo if not quiet else lambda _sentence: None)

    _run(action)


@main.command()
@click.argument("folder", type=click.Path(path_type=bytes))
@click.option("--user", default="", help="Whose watching ends; without it, everybody's.")
@click.option("--remove-documents", is_flag=True, help="Delete its documents too.")
def unwatch(folder: bytes, user: str, remove_documents: bool) -> None:
    """Forget a watched FOLDER; its documents stay unless told otherwise."""
    from backend.logging_config import configure_logging
    from backend.maintenance.watching import run_unwatch

    def action(config: Config) -> None:
        configure_logging(config, process="maintenance")
        run_unwatch(config, folder, user, remove_documents=remove_documents, tell=click.echo)

    _run(action)


@main.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--user", default="", help="Whose; without it, the first administrator's.")
@click.option("--conversation", metavar="ID", help="One conversation: .pdf, .json, or Markdown.")
def export_command(file: Path, user: str, conversation: str | None) -> None:
    """Write all that is a user's to FILE, a ZIP archive that `docchat import` reads."""
    from backend.logging_config import configure_logging
    from backend.maintenance.transferring import run_export

    def action(config: Config) -> None:
        configure_logging(config, process="maintenance")
        run_export(config, file, user, conversation, click.echo)

    _run(action)


@main.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--user", default="", help="Whose it becomes; without it, the first administrator's.")
def import_command(file: Path, user: str) -> None:
    """Take in FILE: an archive of `docchat export`, or an export of ChatGPT or Claude."""
    from backend.logging_config import configure_logging
    from backend.maintenance.transferring import run_import

    def action(config: Config) -> None:
        configure_logging(config, process="maintenance")
        run_import(config, file, user, click.echo)

    _run(action)


@main.command()
def worker() -> None:
    """Run an ingest worker; ends when its standard input is closed or on SIGTERM."""
    from backend.ingest.worker import run_worker
    from backend.logging_config import configure_logging

    def action(config: Config) -> None:
        configure_logging(config, process="worker")
        run_worker(config)

    _run(action)


@main.group()
def memory() -> None:
    """What is remembered of a user's conversations."""


def _maintain(action: Callable[[Config], None]) -> None:
    from backend.logging_config import configure_logging

    def run(config: Config) -> None:
        configure_logging(config, process="maintenance")
        action(config)

    _run(run)


_of_user = click.option("--user", required=True, help="Whose memory.")


@memory.command()
@_of_user
def stats(user: str) -> None:
    """Show how much is remembered."""
    from backend.maintenance.memory import run_stats

    _maintain(lambda config: run_stats(config, user, click.echo))


@memory.command()
@click.argument("query")
@_of_user
@click.option("--limit", default=10, type=click.IntRange(1, 200), show_default=True)
def search(query: str, user: str, limit: int) -> None:
    """Show what would be recalled for QUERY, best first."""
    from backend.maintenance.memory import run_search

    _maintain(lambda config: run_search(config, user, query, limit, click.echo))


@memory.command()
@_of_user
def export(user: str) -> None:
    """Print everything that is remembered as JSON."""
    from backend.maintenance.memory import run_export

    _maintain(lambda config: run_export(config, user, click.echo))


@memory.command()
@_of_user
@click.option("--message", help="The id of one message.")
@click.option("--conversation", help="The id of a conversation.")
@click.option("--before", metavar="DATE", help="All that was said before then (UTC).")
@click.option("--all", "everything", is_flag=True, help="Everything.")
def forget(
    user: str,
    *,
    message: str | None,
    conversation: str | None,
    before: str | None,
    everything: bool,
) -> None:
    """Forget what was said; the messages stay in their conversations."""
    from backend.maintenance.memory import run_forget

    _maintain(
        lambda config: run_forget(
            config,
            user,
            message=message,
            conversation=conversation,
            before=before,
            everything=everything,
            tell=click.echo,
        )
    )
