"""`mlwright contract check`."""

from pathlib import Path

from mlwright.cli.screen import console


def check_file(file: Path) -> int:
    """Check a contract; raises the fault list as an error."""
    from mlwright.contract.schema import check_contract

    contract = check_contract(file)
    console().print(f"{file} is a valid contract: role {contract.role!r}.")
    return 0
