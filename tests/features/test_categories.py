"""Ordinal codes and one column a level."""

import numpy as np

from mlwright.features.categories import OneHot, Ordinal, fit_one_hot, fit_ordinal


def objects(*values):
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def test_codes_follow_the_frequency_and_ties_the_name():
    encoder = fit_ordinal("c", objects("z", "z", "b", "a", ""))
    assert encoder.levels == ("z", "a", "b")
    codes = encoder.transform({"c": objects("b", "z", "new", "")})
    np.testing.assert_array_equal(codes, [[2], [0], [-1], [np.nan]])


def test_rare_levels_are_unknown():
    encoder = fit_ordinal("c", objects("a", "a", "b"), min_count=2)
    assert encoder.transform({"c": objects("b")})[0, 0] == -1


def test_most_frequent_levels_are_kept_when_there_are_too_many():
    assert fit_ordinal("c", objects("a", "b", "b"), max_levels=1).levels == ("b",)


def test_one_hot_agrees_with_scikit_learn():
    from sklearn.preprocessing import OneHotEncoder

    values = np.random.default_rng(0).choice(objects("a", "b", "c", "d"), 200, p=[0.5, 0.4, 0.08, 0.02])
    ours = fit_one_hot("c", values, min_count=30)
    theirs = OneHotEncoder(min_frequency=30, sparse_output=False, handle_unknown="infrequent_if_exist")
    theirs.fit(values[:, np.newaxis])
    new = objects("a", "b", "c", "new")
    assert ours.levels == ("a", "b")
    np.testing.assert_array_equal(ours.transform({"c": new}), theirs.transform(new[:, np.newaxis]))


def test_missing_cells_have_a_column_where_seen():
    encoder = fit_one_hot("c", objects("a", "", "b"))
    assert encoder.names == ("c=a", "c=b", "c=(missing)")
    np.testing.assert_array_equal(encoder.transform({"c": objects("", "new")}), [[0, 0, 1], [0, 0, 0]])


def test_missing_cells_are_all_zero_where_never_seen():
    encoder = fit_one_hot("c", objects("a", "b"))
    np.testing.assert_array_equal(encoder.transform({"c": objects("")}), [[0, 0]])


def test_column_of_missing_cells_alone_works():
    nothing = objects("", "")
    np.testing.assert_array_equal(fit_ordinal("c", nothing).transform({"c": objects("", "a")}), [[np.nan], [-1]])
    np.testing.assert_array_equal(fit_one_hot("c", nothing).transform({"c": objects("", "a")}), [[1], [0]])


def test_state_round_trips():
    ordinal, one_hot = Ordinal("c", ("é", "\0")), OneHot("c", ("a",), other=True)
    assert Ordinal.from_state(ordinal.state()) == ordinal
    assert OneHot.from_state(one_hot.state()) == one_hot
