"""Lines through points by least squares: writes stats/line.json. scikit-learn 1.9.1, in references (see ../README.md)."""
import json
import numpy as np
from sklearn.linear_model import LinearRegression

SETS = dict(
    slices=([4, 8, 16], [657.7, 724.7, 908.3]),
    scattered=([0.5, -1.25, 3, 3, 7.75, 2], [1, 4.5, -2, 0.25, -6, 3]),
    level=([1, 2, 3, 4], [2.5, 2.5, 2.5, 2.5]))

record = {}
for name, (x, y) in SETS.items():
    fit = LinearRegression().fit(np.array(x, float)[:, None], np.array(y, float))
    record[name] = dict(x=x, y=y, intercept=float(fit.intercept_), slope=float(fit.coef_[0]))
with open('stats/line.json', 'w') as file:
    json.dump(record, file, indent=1)
    file.write('\n')
