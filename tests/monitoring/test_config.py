import pytest

from mlwright.base.errors import DataError
from mlwright.monitoring.config import Limits, MonitorConfig, load_config, write_default_config


def test_the_default_file_is_the_default(tmp_path):
    write_default_config(tmp_path / "monitor.toml")
    assert load_config(tmp_path / "monitor.toml") == MonitorConfig()


def test_a_part_of_the_settings_is_enough(tmp_path):
    path = tmp_path / "monitor.toml"
    path.write_text('alpha = 0.01\n[drift]\nwarning = 0.05\nalarm = 0.2\n[freshness]\nat = "36h"\n')
    config = load_config(path)
    assert config.drift == Limits(warning=0.05, alarm=0.2)
    assert config.age_seconds("at") == 36 * 3600
    assert config.age_seconds("other") is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("alfa = 0.1", "did you mean 'alpha'"),
        ("[drift]\nwarning = 0.1\nalarm = 0.2\nalert = 1", "drift.alert"),
        ("[drift]\nwarning = 0.5\nalarm = 0.2", "above alarm"),
        ("alpha = 2", "alpha"),
        ('[freshness]\nat = "soon"', "expected a number and s, m, h, d or w"),
        ("alpha = ", "cannot be read"),
    ],
)
def test_faults_are_named(tmp_path, text, says):
    (tmp_path / "monitor.toml").write_text(text)
    with pytest.raises(DataError, match=says):
        load_config(tmp_path / "monitor.toml")
