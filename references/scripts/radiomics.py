"""Writes references/radiomics.json: the bands of one undecimated coiflet-1 level by scipy's convolutions with PyWavelets'
filters, mirrored at the borders, and percentiles by numpy. Run in references with PyWavelets 1.5, scipy 1.12, numpy 1.26."""
import json

import numpy as np
import pywt
from scipy.ndimage import convolve1d


def probe(n):
    """Numbers that look random and that the other side computes too: (7919 i mod 1009) / 504.5 - 1 in float32."""
    return (np.arange(n) * 7919 % 1009 / 504.5 - 1).astype(np.float32).astype(np.float64)


wavelet = pywt.Wavelet("coif1")
filters = {"L": wavelet.dec_lo, "H": wavelet.dec_hi}


def band(image, name):
    # y[n] = sum_k f[k] x[n + 3 - k]: scipy's centre of six taps is k = 3
    for letter, axis in zip(name, reversed(range(image.ndim))):
        image = convolve1d(image, filters[letter], axis=axis, mode="reflect")
    return image


records = []
for shape, names in (((1, 7, 9), ["LL", "HL", "LH", "HH"]), ((4, 5, 8), ["LLL", "HLL", "LHL", "LLH", "HHH"])):
    image = probe(int(np.prod(shape))).reshape(shape)
    image = image[0] if shape[0] == 1 else image
    records.append({"shape": shape, "bands": {name: band(image, name).ravel().round(7).tolist() for name in names}})

# Far from its ends a line has the values of PyWavelets' stationary transform, at the same positions.
line = probe(32)
approximation, detail = pywt.swt(line, wavelet, level=1)[0]
for got, name in ((approximation, "L"), (detail, "H")):
    assert np.allclose(got[6:-6], convolve1d(line, filters[name], mode="reflect")[6:-6])

values = probe(1001)
quantiles = [0, 0.1, 0.25, 0.333, 0.5, 0.75, 0.9, 1]
with open("radiomics.json", "w") as file:
    json.dump(
        {
            "wavelet": records,
            "percentiles": {"at": quantiles, "values": np.quantile(values, quantiles).tolist()},
        },
        file,
    )
    file.write("\n")
