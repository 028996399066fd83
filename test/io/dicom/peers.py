"""What pydicom, dicompyler-core and plastimatch make of a written study: one JSON object on stdout.

peers.py FOLDER NAMES: a study as respine writes it, with RS.dcm, RD_*.dcm, CT/ and the masks of plastimatch in masks/; DVHs of the structures named. Places are LPS, mm,
by the formulas of DICOM PS3.3 C.7.6.2.1.1 and C.8.8.3.2 alone.
"""
import contextlib
import glob
import io
import json
import os
import sys
import warnings

warnings.filterwarnings("ignore")
import numpy as np
import pydicom
from dicompylercore import dvhcalc

folder = sys.argv[1]
path = lambda name: os.path.join(folder, name)


def dose(name):
    ds = pydicom.dcmread(path(name))
    values = ds.pixel_array.astype(np.float64).reshape(-1, ds.Rows, ds.Columns) * float(ds.DoseGridScaling)
    row, column = np.array(ds.ImageOrientationPatient[:3], float), np.array(ds.ImageOrientationPatient[3:], float)
    normal = np.cross(row, column)
    offsets = [float(z) for z in np.atleast_1d(ds.GridFrameOffsetVector)]
    points = []
    for f in (0, len(offsets) // 2, len(offsets) - 1):
        for r in (0, ds.Rows // 3, ds.Rows - 1):
            for c in (0, ds.Columns // 3, ds.Columns - 1):
                place = np.array(ds.ImagePositionPatient, float) + normal * offsets[f]
                place = place + column * r * float(ds.PixelSpacing[0]) + row * c * float(ds.PixelSpacing[1])
                points.append([*place, float(values[f, r, c])])
    said = [str(ds.DoseType), str(ds.DoseUnits), str(ds.DoseSummationType), str(ds.DoseComment)]
    values.astype("<f8").tofile(path(name + ".f8"))
    return {"said": said, "points": points, "shape": list(values.shape)}


def polygons(name):
    """Shoelace areas, each ring within another one taken off, times the distance of slices."""
    ds = pydicom.dcmread(path(name))
    alone = float(pydicom.dcmread(path("CT/CT_001.dcm"), stop_before_pixels=True).SliceThickness)
    names = {r.ROINumber: str(r.ROIName) for r in ds.StructureSetROISequence}
    out = {}
    for roi in ds.ROIContourSequence:
        planes = {}
        for contour in roi.get("ContourSequence", []):
            p = np.array(contour.ContourData, float).reshape(-1, 3)
            assert len(p) == contour.NumberOfContourPoints
            planes.setdefault(round(p[0, 2], 3), []).append(p)
        z = sorted(planes)
        thick = min(b - a for a, b in zip(z, z[1:])) if len(z) > 1 else alone
        area = lambda p: 0.5 * np.sum(p[:, 0] * np.roll(p[:, 1], -1) - np.roll(p[:, 0], -1) * p[:, 1])
        # Marching squares turns holes the other way round.
        total = sum(abs(sum(area(p) for p in rings)) for rings in planes.values())
        out[names[roi.ReferencedROINumber]] = total * thick / 1000
    return out


def dicompyler(structures, name):
    ds = pydicom.dcmread(path(structures))
    out = {}
    for roi in ds.StructureSetROISequence:
        if str(roi.ROIName) not in sys.argv[2:]:
            continue
        with contextlib.redirect_stdout(io.StringIO()):
            dvh = dvhcalc.get_dvh(path(structures), path(name), int(roi.ROINumber))
        of = {"volume": dvh.volume, "mean": dvh.mean, "max": dvh.max, "D50": dvh.D50.value, "D95": dvh.D95.value}
        out[str(roi.ROIName)] = {key: float(value) for key, value in of.items()}
    return out


def nrrd(name):
    raw = open(name, "rb").read()
    head, body = raw.split(b"\n\n", 1)
    fields = dict(line.split(": ", 1) for line in head.decode().splitlines() if ": " in line)
    if fields["encoding"] == "gzip":
        import gzip

        body = gzip.decompress(body)
    kind = {"float": "<f4", "unsigned char": "u1", "uchar": "u1"}[fields["type"]]
    vectors = [tuple(float(x) for x in v.strip("()").split(",")) for v in fields["space directions"].split()]
    spacing = [v[i] for i, v in enumerate(vectors)]
    sizes = [int(n) for n in fields["sizes"].split()]
    return np.frombuffer(body, kind).reshape(sizes[::-1]), spacing


def plastimatch():
    out = {}
    doses, _ = nrrd(path("RD.nrrd")) if os.path.exists(path("RD.nrrd")) else (None, None)
    for name in glob.glob(path("masks/*.nrrd")):
        mask, spacing = nrrd(name)
        of = {"volume": float(np.count_nonzero(mask)) * spacing[0] * spacing[1] * spacing[2] / 1000}
        out[os.path.basename(name)[:-5]] = of
    if doses is not None:
        doses.astype("<f8").tofile(path("RD.nrrd.f8"))
    return out


def plastimatch_dvh():
    """Of masks and dose on the CT's voxels; the curve falls through a dose between two of its bins."""
    rows = [line.split(",") for line in open(path("dvh.csv")).read().split("\n") if line]
    bins = np.array([float(row[0]) for row in rows[1:]])
    out = {}
    for s, name in enumerate(rows[0][1:], 1):
        curve = np.array([float(row[s]) for row in rows[1:]])
        at = lambda part: float(np.interp(-part, -curve, bins))
        out[name] = {"mean": float(np.trapz(curve, bins)), "D50": at(0.5), "D95": at(0.95)}
    return out


names = sorted(os.path.basename(name) for name in glob.glob(path("RD*.dcm")))
result = {"doses": {name: dose(name) for name in names}}
if os.path.exists(path("RS.dcm")):
    result["polygons"] = {name: polygons(name) for name in ("RS.dcm", "RS_long.dcm")}
    result["dicompyler"] = dicompyler("RS.dcm", "RD_imrt.dcm")
    result["plastimatch"] = plastimatch()
    for name, of in plastimatch_dvh().items():
        result["plastimatch"][name].update(of)
json.dump(result, sys.stdout)
