"""The commands of `mlwright`."""

from pathlib import Path
from typing import Annotated

import typer

from mlwright import __version__

app = typer.Typer(
    name="mlwright",
    help="An AI/ML engineer as a program: from a brief to a verified, served, monitored delivery.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: it takes less than half the time
)
contract_app = typer.Typer(help="The contract a run works under.", no_args_is_help=True)
app.add_typer(contract_app, name="contract")

RunsRoot = Annotated[Path, typer.Option("--root", help="Folder in which runs are kept.")]
DeliveryFolder = Annotated[Path, typer.Argument(metavar="DELIVERY", help="A folder that a run delivered.")]


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mlwright {__version__}")
        raise typer.Exit


def _need_training(command: str) -> None:
    from mlwright.base.registry import require
    from mlwright.base.traits import TRAINING

    require(TRAINING, f"`{command}`")


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """An AI/ML engineer as a program: from a brief to a verified, served, monitored delivery."""


@app.command()
def new(
    source: Annotated[str, typer.Argument(help="A table: a file, sample://NAME or sqlite:///FILE.")],
    target: Annotated[str | None, typer.Option(help="The column to predict.")] = None,
    out: Annotated[Path, typer.Option("-o", "--out", help="Where to write the brief.")] = Path("brief.yaml"),
) -> None:
    """Write a first brief from a table."""
    _need_training("mlwright new")
    from mlwright.cli.new import write_first_brief

    write_first_brief(source, target, out)


@app.command()
def run(
    brief: Annotated[Path, typer.Argument(metavar="BRIEF", help="The brief, YAML or JSON.")],
    time: Annotated[str | None, typer.Option(help="Time for the whole run, such as 5m; replaces the brief's.")] = None,
    trials: Annotated[int | None, typer.Option(min=1, help="Number of trials in place of a time.")] = None,
    out: Annotated[Path | None, typer.Option(help="Put the delivery here as well.")] = None,
    contract: Annotated[Path | None, typer.Option(help="A contract in place of the default one.")] = None,
    root: RunsRoot = Path("runs"),
) -> None:
    """Carry out a brief. Plan, train, evaluate, export, serve, test and document what it asks for."""
    _need_training("mlwright run")
    from mlwright.cli.run import RunOptions, run_brief

    raise typer.Exit(run_brief(brief, RunOptions(time=time, trials=trials, out=out, contract=contract, root=root)))


@app.command()
def resume(
    run_folder: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder, or its name under --root.")],
    out: Annotated[Path | None, typer.Option(help="Put the delivery here as well.")] = None,
    root: RunsRoot = Path("runs"),
) -> None:
    """Go on with a run that was stopped. No finished work is done again."""
    _need_training("mlwright resume")
    from mlwright.cli.run import resume_run

    raise typer.Exit(resume_run(run_folder, root, out))


@app.command()
def runs(root: RunsRoot = Path("runs")) -> None:
    """List the runs."""
    from mlwright.cli.history import list_runs

    list_runs(root)


@app.command()
def show(
    run_folder: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder, or its name under --root.")],
    root: RunsRoot = Path("runs"),
) -> None:
    """Show what happened in a run and why each decision was taken."""
    from mlwright.cli.history import show_run

    show_run(run_folder, root)


@app.command()
def verify(
    delivery: DeliveryFolder,
    service: Annotated[bool, typer.Option(help="Boot the service and ask it.")] = True,
) -> None:
    """Re-derive a delivery's claims from its files. Exit code 1 when it is refused."""
    from mlwright.cli.deliveries import verify_delivery

    raise typer.Exit(verify_delivery(delivery, service=service))


@app.command()
def predict(
    delivery: DeliveryFolder,
    source: Annotated[Path, typer.Argument(help="Rows to score.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Where to write the predictions.")],
    batch_rows: Annotated[int, typer.Option(min=1, help="Rows held in memory at a time.")] = 10_000,
    skip_bad_rows: Annotated[bool, typer.Option(help="Leave out rows that cannot be scored, and count them.")] = False,
) -> None:
    """Score a file of any length in batches."""
    from mlwright.cli.deliveries import predict_file

    predict_file(delivery, source, out, batch_rows=batch_rows, skip_bad_rows=skip_bad_rows)


@app.command()
def serve(
    delivery: DeliveryFolder,
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    host: Annotated[str, typer.Option(help="Other than loopback only with --key-file.")] = "127.0.0.1",
    key_file: Annotated[Path | None, typer.Option(help="A file of SHA-256 hashes of API keys, one a line.")] = None,
) -> None:
    """Serve a delivery over HTTP."""
    from mlwright.cli.deliveries import serve_delivery

    serve_delivery(delivery, host, port, key_file)


@app.command()
def monitor(
    delivery: DeliveryFolder,
    current: Annotated[Path, typer.Argument(help="Rows seen in production.")],
    html: Annotated[Path | None, typer.Option(help="Write the report as HTML.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the report as JSON.")] = None,
) -> None:
    """Compare new rows with those of training: drift and quality. The exit code tells the severity."""
    from mlwright.cli.deliveries import monitor_file

    raise typer.Exit(monitor_file(delivery, current, html, json))


@app.command(name="list")
def list_capabilities(
    kind: Annotated[str | None, typer.Argument(help="One kind only, such as 'model'.")] = None,
) -> None:
    """List what is here: models, readers, metrics, tools."""
    from mlwright.cli.capabilities import print_capabilities

    print_capabilities(kind)


@app.command()
def doctor() -> None:
    """Say what is ready here and what to install for the rest."""
    from mlwright.cli.capabilities import print_doctor

    raise typer.Exit(print_doctor())


@contract_app.command()
def check(file: Annotated[Path, typer.Argument(help="A contract, Markdown with front matter.")]) -> None:
    """Check a contract and list every fault."""
    _need_training("mlwright contract check")
    from mlwright.cli.contracts import check_file

    raise typer.Exit(check_file(file))
