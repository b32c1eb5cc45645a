import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brief, dataSetFolder } from './data-set-folder.ts';

// Header of INbreast.csv, and names of files, as the release has them; the property list has the keys that OsiriX writes.
const HEADER = 'Patient ID;Patient age;Laterality;View;Acquisition date;File Name;ACR;Bi-Rads';

const region = (name: string, points: readonly string[]) => `<dict>
  <key>Area</key><real>1.0e0</real>
  <key>Name</key><string>${name}</string>
  <key>NumberOfPoints</key><integer>${points.length}</integer>
  <key>Point_mm</key><array><string>(0.0, 0.0, 0.0)</string></array>
  <key>Point_px</key><array>${points.map((point) => `<string>${point}</string>`).join('')}</array>
  <key>Type</key><integer>15</integer>
</dict>`;

const list = (...regions: readonly string[]) => `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict><key>Images</key><array><dict>
  <key>ImageIndex</key><integer>0</integer>
  <key>NumberOfROIs</key><integer>${regions.length}</integer>
  <key>ROIs</key><array>${regions.join('\n')}</array>
</dict></array></dict></plist>`;

test('images get their BI-RADS class, regions become boxes, the patient comes from the file name', async () => {
  const set = await dataSetFolder('inbreast');
  const film = (name: string, side: 'L' | 'R', view: string) =>
    set.film(`AllDICOMs/${name}`, { laterality: side, view }, { chestWall: side === 'L' ? 'left' : 'right' });
  await film('20586908_6c613a14b80a8591_MG_R_CC_ANON.dcm', 'R', 'CC');
  await film('20586934_6c613a14b80a8591_MG_L_ML_ANON.dcm', 'L', 'ML');
  await film('22678622_61b13c59bcba149d_MG_R_CC_ANON.dcm', 'R', 'CC');
  await film('22678646_61b13c59bcba149d_MG_L_CC_ANON.dcm', 'L', 'CC');
  await film('22678694_61b13c59bcba149d_MG_L_ML_ANON.dcm', 'L', 'ML');
  await set.write(
    'AllXML/20586908.xml',
    list(
      region('Mass', ['(60.25, 30.75)', '(71.5, 29.1)', '(66.0, 44.9)']),
      region('Calcification', ['(80.5, 50.5)']),
      region('Point 1', []),
      region('PectoralMuscle', ['(1, 1)', '(2, 2)']),
    ),
  );
  await set.write('AllXML/22678694.xml', '<plist version="1.0"><dict>');
  await set.write(
    'INbreast.csv',
    [
      HEADER,
      'removed;removed;R;CC;201001;20586908;3;4a',
      'removed;removed;L;MLO;201001;20586934;3;1',
      'removed;removed;R;CC;201001;22678622;     ;2',
      'removed;removed;L;MLO;201001;22678646;4;2',
      'removed;removed;L;MLO;201001;22678694;4;5',
      'removed;removed;L;CC;201001;99999999;4;5',
      'removed;removed;L;CC;201001;22678646;4;7',
      ';;;;;;;',
    ].join('\n'),
  );
  const { manifest, reasons, problems } = await set.import();
  assert.deepEqual(manifest.map(brief), [
    ['6c613a14b80a8591', 'suspicious', 'R', 'CC', '60 29 72 45'],
    ['6c613a14b80a8591', 'suspicious', 'R', 'CC', '80 50 81 51'],
    ['6c613a14b80a8591', 'normal', 'L', 'MLO', undefined],
    ['61b13c59bcba149d', 'benign', 'R', 'CC', undefined],
  ]);
  assert.deepEqual([manifest[0]?.birads, manifest[0]?.other.finding, manifest[3]?.other.density], ['4A', 'Mass', '']);
  assert.equal(manifest[2]?.prefer?.view, 'user'); // ML by the tag, which the set writes for MLO
  assert.equal(problems, '');
  const said = reasons.join('\n');
  assert.match(said, /^AllXML\/20586908\.xml: row region 3 \(Point 1\): it has no points/m);
  assert.match(said, /:5 row the file is named L CC and the table says L MLO/);
  assert.match(
    said,
    /:6 row AllXML\/22678694\.xml is not a property list \(it ends too early|:6 row .*a key is expected/,
  );
  assert.match(said, /:7 row no image 99999999 is in the folder/);
  assert.match(said, /:8 row Bi-Rads must be 0 to 6, got 7/);
  assert.match(said, /:9 row Laterality must be L or R, got nothing/);
  assert.equal(reasons.length, 6);
});

test('a property list of another shape is a reason, and one without regions leaves the image as it is', async () => {
  const set = await dataSetFolder('inbreast');
  const shapes = [
    '<string>x</string>',
    '<dict><key>ROIs</key><array><string>x</string></array></dict>',
    '<dict><key>ROIs</key><string>x</string></dict>',
  ];
  const lines = ['10000000;1', '10000001;2', '10000002;1', '10000003;2'];
  for (const [i, line] of lines.entries()) {
    const [image] = line.split(';');
    await set.film(`AllDICOMs/${image}_ab${i}_MG_L_CC_ANON.dcm`, { laterality: 'L', view: 'CC' });
    const xml = `<plist version="1.0"><dict><key>Images</key><array>${shapes[i] ?? ''}</array></dict></plist>`;
    await set.write(`AllXML/${image}.xml`, xml);
  }
  const rows = lines.map((line) => `removed;removed;L;CC;201001;${line.replace(';', ';3;')}`);
  await set.write('INbreast.csv', [HEADER, ...rows].join('\n'));
  const { manifest, reasons } = await set.import();
  assert.deepEqual(
    manifest.map(({ label, box }) => [label, box]),
    [
      ['normal', undefined],
      ['benign', undefined],
    ],
  );
  assert.match(reasons.join('\n'), /:2 row AllXML\/10000000\.xml holds no regions: Images must be a list/);
  assert.match(reasons.join('\n'), /:3 row AllXML\/10000001\.xml holds no regions: ROIs must be a list/);
});
