"""Writes references/dicom-codes.json: codes of context groups and of concepts as pydicom has them, which takes them
from the tables of PS3.16.

    pip install pydicom==3.0.2
    python3 references/scripts/dicom-codes.py references/dicom-codes.json

`groups` has the codes of each context group, [scheme, value, meaning]; `concepts` the meanings of single codes, by scheme
and value. Zero-width spaces, which the tables have after slashes, are left out.
"""
import json
import sys

import pydicom
from pydicom.sr._cid_dict import cid_concepts
from pydicom.sr._concepts_dict import concepts

GROUPS = [29, 244, 270, 4013, 4014, 6014, 6016, 6022, 6034, 6035, 6036, 6042, 6043, 6047, 6048, 6058, 7005, 7150,
          7159, 7162, 7202, 7203, 7460]
DCM = ['110910', '110911', '111001', '111002', '111003', '111004', '111007', '111010', '111011', '111012', '111013',
       '111015', '111016', '111017', '111018', '111019', '111022', '111024', '111025', '111026', '111027', '111028',
       '111030', '111031', '111032', '111033', '111034', '111036', '111038', '111041', '111043', '111044', '111047',
       '111056', '111057', '111059', '111060', '111061', '111062', '111063', '111064', '111065', '111066', '111071',
       '111072', '111081', '111092', '111093', '112039', '112040', '121005', '121012', '121013', '121014', '121015',
       '121016', '121049', '121058', '121071', '122698', '122699', '125007', '126000', '126010', '126200']
SCT = ['272741003', '363698007']


def found():
    for scheme, names in concepts.items():
        for name, values in names.items():
            for value, (meaning, groups) in values.items():
                yield scheme, name, value, meaning.replace('\u200b', ''), groups


groups = {str(group): [] for group in GROUPS}
single = {'DCM': {}, 'SCT': {}}
for scheme, name, value, meaning, of in found():
    for group in GROUPS:
        if group in of and name in cid_concepts[group].get(scheme, []):
            groups[str(group)].append([scheme, value, meaning])
    if scheme == 'DCM' and value in DCM or scheme == 'SCT' and value in SCT:
        single[scheme][value] = meaning

def line(value):
    return json.dumps(value, ensure_ascii=False)


with open(sys.argv[1], 'w') as file:
    rows = ',\n  '.join(f'"{group}": {line(codes)}' for group, codes in groups.items())
    file.write(f'{{"pydicom": "{pydicom.__version__}",\n "groups": {{\n  {rows}}},\n "concepts": {line(single)}}}\n')
