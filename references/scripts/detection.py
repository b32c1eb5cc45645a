"""Detections on made-up volumes, judged by pycocotools, scikit-learn and plain loops: python scripts/detection.py in references/stats."""
import contextlib
import io
import json
import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from sklearn.metrics import average_precision_score

rng = np.random.default_rng(17)


def scene(volumes, size, lesion_px, marks, jitter, ties):
    vols, lesions, preds = [], [], []
    for v in range(volumes):
        slices = int(rng.integers(20, 80))
        vols.append(dict(id=f"v{v}", slices=slices))
        for _ in range(rng.choice([0, 0, 1, 1, 2, 3])):
            w, h = rng.integers(lesion_px // 3, lesion_px, 2)
            x, y = rng.integers(0, size - w), rng.integers(0, size - h)
            z = int(rng.integers(0, slices))
            lesions.append(dict(volume=f"v{v}", box=[int(x), int(y), int(x + w), int(y + h)], slices=[z, z]))
            for _ in range(rng.choice([0, 1, 1, 2])):
                dx, dy, dw, dh = rng.integers(-jitter, jitter + 1, 4)
                x1, y1 = max(0, x + dx), max(0, y + dy)
                preds.append(dict(volume=f"v{v}", box=[int(x1), int(y1), int(x1 + max(3, w + dw)), int(y1 + max(3, h + dh))],
                    slice=float(z + rng.integers(-12, 13)), score=float(rng.beta(4, 2))))
        for _ in range(rng.integers(0, marks + 1)):
            w, h = rng.integers(lesion_px // 3, lesion_px, 2)
            x, y = rng.integers(0, size - w), rng.integers(0, size - h)
            preds.append(dict(volume=f"v{v}", box=[int(x), int(y), int(x + w), int(y + h)], slice=float(rng.integers(0, slices)),
                score=float(rng.beta(2, 4))))
    if ties:
        for p in preds:
            p["score"] = round(p["score"], 1)
    return dict(volumes=vols, lesions=lesions, detections=preds)


def coco(s, iou):
    ids = {v["id"]: i + 1 for i, v in enumerate(s["volumes"])}
    xywh = lambda b: [b[0], b[1], b[2] - b[0], b[3] - b[1]]
    gt = dict(images=[dict(id=i) for i in ids.values()], categories=[dict(id=1)], annotations=[
        dict(id=i + 1, image_id=ids[l["volume"]], category_id=1, bbox=xywh(l["box"]), area=xywh(l["box"])[2] * xywh(l["box"])[3], iscrowd=0)
        for i, l in enumerate(s["lesions"])])
    with contextlib.redirect_stdout(io.StringIO()):
        c = COCO()
        c.dataset = gt
        c.createIndex()
        r = c.loadRes([dict(image_id=ids[p["volume"]], category_id=1, bbox=xywh(p["box"]), score=p["score"]) for p in s["detections"]])
        e = COCOeval(c, r, "bbox")
        e.params.iouThrs = np.array([iou])
        e.evaluate()
        e.accumulate()
    return float(e.eval["precision"][0, :, 0, 0, 2].mean())


def voc(s, iou):
    area = lambda b: (b[2] - b[0]) * (b[3] - b[1])
    def overlap(a, b):
        w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
        return 0 if w <= 0 or h <= 0 else w * h / (area(a) + area(b) - w * h)
    taken, hits = set(), []
    for p in sorted(s["detections"], key=lambda p: -p["score"]):
        own = [(overlap(p["box"], l["box"]), -i) for i, l in enumerate(s["lesions"]) if l["volume"] == p["volume"]]
        best = max(own, default=(0, 1))
        hits.append(best[0] >= iou and best[1] not in taken)
        if hits[-1]:
            taken.add(best[1])
    tp, n = np.cumsum(hits), len(s["lesions"])
    rec, prec = np.concatenate([[0], tp / n, [1]]), np.concatenate([[0], tp / np.arange(1, len(tp) + 1), [0]])
    for i in range(len(prec) - 2, -1, -1):
        prec[i] = max(prec[i], prec[i + 1])
    i = np.where(rec[1:] != rec[:-1])[0]
    return float(((rec[i + 1] - rec[i]) * prec[i + 1]).sum())


def centre(p):
    return (p["box"][0] + p["box"][2]) / 2, (p["box"][1] + p["box"][3]) / 2


def found(s):
    """The DBTex rule in plain loops: the index of the lesion that each detection finds, or None."""
    depth = {v["id"]: v["slices"] for v in s["volumes"]}
    result = []
    for p in s["detections"]:
        near = []
        for i, l in enumerate(s["lesions"]):
            (x, y), (lx, ly) = centre(p), centre(l)
            dist, dz = np.hypot(x - lx, y - ly), abs(p["slice"] - sum(l["slices"]) / 2)
            radius = max(np.hypot(l["box"][2] - l["box"][0], l["box"][3] - l["box"][1]) / 2, 100)
            if l["volume"] == p["volume"] and dist <= radius and dz <= depth[l["volume"]] / 4:
                near.append((np.sqrt(dist**2 + dz**2), i))
        result.append(min(near)[1] if near else None)
    return result


def sensitivities(s, rates, positive):
    hits, scores = found(s), [p["score"] for p in s["detections"]]
    diseased = {l["volume"] for l in s["lesions"]}
    keep = [i for i, p in enumerate(s["detections"]) if not positive or p["volume"] in diseased]
    n = len(diseased) if positive else len(s["volumes"])
    x, y = [], []
    for t in sorted([max(scores) + 1, min(scores) - 1] + [scores[i] for i in range(len(hits)) if hits[i] is not None], reverse=True):
        y.append(len({hits[i] for i in keep if scores[i] >= t and hits[i] is not None}) / len(s["lesions"]))
        x.append(sum(1 for i in keep if scores[i] >= t and hits[i] is None) / n)
    return [float(np.interp(r, x, y)) for r in rates]


def afroc(s):
    hits = found(s)
    diseased = {l["volume"] for l in s["lesions"]}
    normal = [v["id"] for v in s["volumes"] if v["id"] not in diseased]
    highest = [max([p["score"] for p in s["detections"] if p["volume"] == v], default=-np.inf) for v in normal]
    best = [max([p["score"] for p, h in zip(s["detections"], hits) if h == i], default=-np.inf) for i in range(len(s["lesions"]))]
    return float(np.mean([[1.0 if b > h else 0.5 if b == h else 0.0 for h in highest] for b in best]))


out = {"scenes": [], "pixels": []}
for args in [(12, 600, 240, 4, 30, False), (30, 1500, 300, 8, 60, False), (25, 900, 260, 9, 50, True)]:
    s = scene(*args)
    s["dbtexPositive"], s["dbtexAll"], s["afrocArea"] = sensitivities(s, [1, 2, 3, 4], True), sensitivities(s, [2], False)[0], afroc(s)
    if not args[5]:  # at ties the reference's order over images is its own
        s["coco"] = {str(i): coco(s, i) for i in (0.3, 0.5, 0.75)}
    s["voc"] = {str(i): voc(s, i) for i in (0.3, 0.5, 0.75)}
    out["scenes"].append(s)
for n, digits in [(200, 12), (300, 1)]:
    mask = (rng.random(n) < 0.2).astype(int)
    saliency = np.round(np.clip(0.3 * mask + 0.7 * rng.random(n), 0, 1), digits)
    out["pixels"].append(dict(mask=mask.tolist(), map=saliency.tolist(), pxap=float(average_precision_score(mask, saliency)),
        dice=float(2 * (mask * saliency).sum() / ((mask**2).sum() + (saliency**2).sum()))))
json.dump(out, open("detection.json", "w"))
