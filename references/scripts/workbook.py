"""Workbooks as spreadsheet programs save them, for the reading of label files. openpyxl 3.1.5.

    python workbook.py ../workbooks
"""
import sys
from datetime import date, datetime, time
from pathlib import Path

from openpyxl import Workbook

HEADER = ["ID1", "LeftRight", "Age", "number", "abnormality", "classification", "subtype"]

out = Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)

# Columns and sheet as CMMD_clinicaldata_revision.xlsx has them.
cmmd = Workbook()
sheet = cmmd.active
sheet.title = "Sheet1"
sheet.append(HEADER)
sheet.append(["D1-0001", "R", 44, 2, "calcification", "Benign", None])
sheet.append(["D2-0001", "L", 64.0, 2, "both", "Malignant", "Luminal B"])
cmmd.create_sheet("Sheet2")
cmmd.save(out / "cmmd.xlsx")

# Two tables; every kind of cell, an empty row, a wide row.
kinds = Workbook()
first = kinds.active
first.title = "labels"
first.append(["kind", "value"])
first.append(["whole", 7])
first.append(["whole as float", 7.0])
first.append(["sum", 0.1 + 0.2])
first.append(["small", 0.00025])
first.append([])
first.append(["text of digits", "0042"])
first.append(["date", date(2019, 2, 28)])
first.append(["date and time", datetime(2020, 2, 29, 13, 5, 30)])
first.append(["time", time(8, 30)])
first.append(["truth", True])
first.append(["formula without result", "=1+1"])
first.append(["accents", "Mikrokalk, \u00fcber 5 mm\u00b2 <&>"])
first.append(["wide", "x", "beyond the header"])
first.column_dimensions["C"].width = 40
second = kinds.create_sheet("read me")
second.append(["made by hand"])
kinds.save(out / "kinds.xlsx")
