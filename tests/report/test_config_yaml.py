"""model/config.yaml can be read back and says what decided the model."""

import yaml

from mlwright.report.config_yaml import configuration, render_config


def test_it_reads_back_as_the_configuration(facts):
    assert yaml.safe_load(render_config(facts)) == configuration(facts)


def test_it_holds_what_decided_the_model(facts):
    made = yaml.safe_load(render_config(facts))
    assert made["model"]["threshold"] == 0.41
    assert made["members"][0]["params"] == {"C": "0.5"}
    assert len(made["inputs"]) == 30
    assert (made["split"]["test_rows"], made["metric"], made["seeds"]["brief"]) == (114, "roc_auc", 0)
