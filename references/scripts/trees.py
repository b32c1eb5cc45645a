"""Writes references/stats/trees.json: trees and forests of scikit-learn on made-up tables. Run in references/stats with
scikit-learn 1.9. The tables are functions of a seed (Park and Miller's minimal standard), so that the tests make the same ones."""
import json

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier


def table(seed, cases, features, noise):
    state = seed

    def uniform():
        nonlocal state
        state = state * 48271 % 2147483647
        return state / 2147483647

    x, y = np.zeros((cases, features)), np.zeros(cases, int)
    for i in range(cases):
        # scikit-learn keeps features in float32
        x[i] = np.array([uniform() for _ in range(features)], np.float32)
        y[i] = (x[i, 0] + 0.7 * x[i, 1] > 0.85) ^ (x[i, 2] > 0.7)
        if uniform() < noise:
            y[i] = 1 - y[i]
    return x, y


def node(tree, at):
    if tree.children_left[at] < 0:
        return {"probability": float(tree.value[at][0][1] / tree.value[at][0].sum())}
    return {
        "feature": int(tree.feature[at]),
        "threshold": float(tree.threshold[at]),
        "low": node(tree, tree.children_left[at]),
        "high": node(tree, tree.children_right[at]),
    }


trees = []
for seed, cases, features, depth, leaf in ((3, 200, 6, 4, 8), (22, 120, 10, 3, 10), (41, 400, 5, 6, 25)):
    x, y = table(seed, cases, features, 0.1)
    # With ties the order in which features are tried would decide; then the trees would differ.
    grown = [
        node(DecisionTreeClassifier(max_depth=depth, min_samples_leaf=leaf, random_state=state).fit(x, y).tree_, 0)
        for state in range(20)
    ]
    assert all(tree == grown[0] for tree in grown), seed
    trees.append({"seed": seed, "cases": cases, "features": features, "depth": depth, "leafCases": leaf, "tree": grown[0]})

x, y = table(7, 300, 12, 0.1)
other, truth = table(8, 1000, 12, 0.1)
runs = []
for state in range(20):
    forest = RandomForestClassifier(500, max_features="sqrt", oob_score=True, random_state=state).fit(x, y)
    runs.append((forest.oob_score_, forest.score(other, truth), forest.predict_proba(other)[:, 1]))
probabilities = np.array([run[2] for run in runs])
summary = lambda values: {"mean": float(np.mean(values)), "deviation": float(np.std(values, ddof=1))}
with open("trees.json", "w") as file:
    json.dump(
        {
            "trees": trees,
            "forest": {
                "outOfBag": summary([run[0] for run in runs]),
                "accuracy": summary([run[1] for run in runs]),
                "probabilities": probabilities.mean(0).round(6).tolist(),
                "probabilityDeviation": float(np.sqrt((probabilities.var(0, ddof=1)).mean())),
            },
        },
        file,
    )
    file.write("\n")
