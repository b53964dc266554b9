"""Nothing gets past the gate: not by `..`, not by a link, not by a link of a link."""

from pathlib import Path

import pytest

from mlwright.base.errors import ContractError
from mlwright.contract.gate import Gate
from mlwright.contract.schema import Contract, load_contract


@pytest.fixture
def room(tmp_path: Path) -> Path:
    for name in ("run/vault", "run/artifacts", "data", "outside"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "data" / "a.csv").write_text("x\n1\n")
    (tmp_path / "outside" / "secret").write_text("s")
    (tmp_path / "run" / "vault" / "y").write_text("1")
    return tmp_path


@pytest.fixture
def contract(room: Path) -> Contract:
    filled = load_contract().filled({"{data}": [str(room / "data" / "*.csv")]}, room)
    return filled.within(room / "run")


def test_what_the_contract_names_may_be_read(room: Path, contract: Contract) -> None:
    assert Gate(contract).read(room / "data" / "a.csv") == room / "data" / "a.csv"
    assert Gate(contract).read(room / "outside" / ".." / "data" / "a.csv") == room / "data" / "a.csv"
    assert Gate(contract).write(room / "run" / "new" / "file")
    assert Gate(contract).read(room / "run")


@pytest.mark.parametrize(
    "path", ["outside/secret", "data/../outside/secret", "data/sub/a.csv", "data/a.txt", "running/x"]
)
def test_anything_else_is_refused(room: Path, contract: Contract, path: str) -> None:
    with pytest.raises(ContractError, match="does not allow to read") as caught:
        Gate(contract).read(room / path)
    assert "`reads`" in caught.value.hint


def test_data_may_not_be_written(room: Path, contract: Contract) -> None:
    with pytest.raises(ContractError, match="does not allow to write"):
        Gate(contract).write(room / "data" / "a.csv")


@pytest.mark.parametrize("link", ["data/link.csv", "run/link"])
def test_a_link_out_is_refused_and_its_end_named(room: Path, contract: Contract, link: str) -> None:
    (room / link).symlink_to(room / "outside" / "secret")
    with pytest.raises(ContractError, match=r"leads to .*outside/secret"):
        Gate(contract).read(room / link)


def test_a_chain_of_links_and_a_linked_folder_are_refused(room: Path, contract: Contract) -> None:
    (room / "run" / "folder").symlink_to(room / "outside")
    (room / "run" / "second").symlink_to(room / "run" / "folder")
    with pytest.raises(ContractError):
        Gate(contract).read(room / "run" / "second" / "secret")
    with pytest.raises(ContractError):
        Gate(contract).write(room / "run" / "folder" / "new")


def test_a_loop_of_links_is_a_clear_error(room: Path, contract: Contract) -> None:
    (room / "run" / "a").symlink_to(room / "run" / "b")
    (room / "run" / "b").symlink_to(room / "run" / "a")
    with pytest.raises(ContractError):
        Gate(contract).open(room / "run" / "a")


def test_a_link_exchanged_after_the_check_is_not_followed(room: Path, contract: Contract) -> None:
    gate, target = Gate(contract), room / "data" / "a.csv"
    allowed = gate.read(target)
    target.unlink()
    target.symlink_to(room / "outside" / "secret")
    with pytest.raises(ContractError):
        gate.open(allowed)


def test_open_reads_and_writes_what_is_allowed(room: Path, contract: Contract) -> None:
    with Gate(contract).open(room / "run" / "out.txt", "w") as stream:
        stream.write("text")
    with Gate(contract).open(room / "run" / "out.txt", "r") as stream:
        assert stream.read() == "text"
    with pytest.raises(ContractError):
        Gate(contract).open(room / "data" / "a.csv", "r+")


def test_the_vault_is_open_to_the_scorer_alone(room: Path, contract: Contract) -> None:
    assert Gate(contract, "evaluate").read(room / "run" / "vault" / "y")
    assert Gate(contract, "split").write(room / "run" / "vault" / "y")
    for tool in ("train", "split"):
        with pytest.raises(ContractError, match="sealed"):
            Gate(contract, tool).read(room / "run" / "vault" / "y")


def test_signs_of_a_pattern_in_a_folders_name_mean_nothing(tmp_path: Path) -> None:
    odd = tmp_path / "a[b]*{run}"
    odd.mkdir()
    (tmp_path / "ab").mkdir()
    contract = load_contract().within(odd)
    assert Gate(contract).write(odd / "x")
    with pytest.raises(ContractError):
        Gate(contract).write(tmp_path / "ab" / "x")


def test_tools_and_hosts_are_checked(contract: Contract) -> None:
    gate = Gate(contract.model_copy(update={"tools": ("read", "eval*"), "network": ("*.example.org",)}))
    gate.tool("evaluate")
    gate.network("API.example.org")
    with pytest.raises(ContractError, match="'train'"):
        gate.tool("train")
    with pytest.raises(ContractError, match=r"'example\.com'"):
        gate.network("example.com")


def test_a_byte_that_no_path_has_is_a_clear_error(contract: Contract) -> None:
    with pytest.raises(ContractError):
        Gate(contract).read("a\0b")


def test_relative_paths_start_where_the_process_is(
    room: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(room / "data")
    assert Gate(contract).read("a.csv") == room / "data" / "a.csv"
