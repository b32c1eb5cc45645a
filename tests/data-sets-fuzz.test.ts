/**
 * Label files of every data set, damaged thousands of times: an import ends with rows and exclusions or with a sentence for the user,
 * never with another error, and what it writes is a manifest.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  DATA_SETS,
  type DataSetName,
  type Exclusion,
  ImagingError,
  importDataSet,
  importMias,
  ManifestError,
  readManifest,
} from '@mammoscope/imaging';
import { RandomStream } from '@mammoscope/random';
import { mammogramBytes } from './mammogram-object.ts';

const READS = 400;
const IMPORTS = 25;

/** A data set in little: its label files, and the images that they name. */
interface Little {
  readonly labels: Readonly<Record<string, string>>;
  readonly images: readonly string[];
}

const PLIST =
  '<?xml version="1.0"?><plist version="1.0"><dict><key>Images</key><array><dict><key>ROIs</key><array><dict><key>Name</key><string>Mass</string><key>Point_px</key><array><string>(10.5, 20.5)</string><string>(30, 40)</string></array></dict></array></dict></array></dict></plist>';

const CBIS = 'Mass-Training_P_00001_LEFT_CC';
const SETS: Readonly<Record<DataSetName, Little>> = {
  'cbis-ddsm': {
    images: [`${CBIS}/1.dcm`, `${CBIS}_1/1.dcm`, 'Mass-Training_P_00002_LEFT_CC/1.dcm'],
    labels: {
      'mass_case_description_train_set.csv': [
        'patient_id,breast_density,left or right breast,image view,abnormality id,abnormality type,mass shape,mass margins,assessment,pathology,subtlety,image file path,cropped image file path,ROI mask file path',
        `P_00001,3,LEFT,CC,1,mass,OVAL,SPICULATED,4,MALIGNANT,4,${CBIS}/1/2/000000.dcm,${CBIS}_1/1/2/0.dcm,"${CBIS}_1/1/2/1.dcm\n"`,
        'P_00002,3,LEFT,CC,1,mass,OVAL,SPICULATED,4,BENIGN,4,Mass-Training_P_00002_LEFT_CC/1/2/000000.dcm,a/b,c/d',
      ].join('\n'),
    },
  },
  inbreast: {
    images: ['AllDICOMs/20586908_6c613a14b80a8591_MG_L_CC_ANON.dcm', 'AllDICOMs/22678622_61b1_MG_L_CC_ANON.dcm'],
    labels: {
      'INbreast.csv': [
        'Patient ID;Patient age;Laterality;View;Acquisition date;File Name;ACR;Bi-Rads',
        'removed;removed;L;CC;201001;20586908;3;4a',
        'removed;removed;L;CC;201001;22678622;3;1',
      ].join('\n'),
      'AllXML/20586908.xml': PLIST,
    },
  },
  'vindr-mammo': {
    images: ['images/s1/i1.dicom', 'images/s2/i2.dicom'],
    labels: {
      'finding_annotations.csv': [
        'study_id,series_id,image_id,laterality,view_position,height,width,breast_birads,breast_density,finding_categories,finding_birads,xmin,ymin,xmax,ymax,split',
        `s1,x,i1,L,CC,96,96,BI-RADS 4,DENSITY C,"['Mass', 'Skin Retraction']",BI-RADS 4,10.5,20.25,30,40,training`,
        `s2,x,i2,L,CC,96,96,BI-RADS 1,DENSITY C,['No Finding'],,,,,,test`,
      ].join('\n'),
    },
  },
  cmmd: {
    images: ['CMMD/D1-0001/a/1.dcm', 'CMMD/D2-0002/a/1.dcm'],
    labels: {
      'CMMD_clinicaldata_revision.csv': [
        'ID1,LeftRight,Age,number,abnormality,classification,subtype',
        'D1-0001,L,44,2,calcification,Benign,',
        'D2-0002,L,64,2,both,Malignant,Luminal B',
      ].join('\n'),
    },
  },
  'rsna-2022': {
    images: ['train_images/1/11.dcm', 'train_images/2/22.dcm'],
    labels: {
      'train.csv': [
        'site_id,patient_id,image_id,laterality,view,age,cancer,biopsy,invasive,BIRADS,implant,density,machine_id,difficult_negative_case',
        '2,1,11,L,CC,61.0,0,0,0,,0,,29,False',
        '2,2,22,L,CC,61.0,1,0,0,,0,,29,False',
      ].join('\n'),
    },
  },
  embed: {
    images: ['images/1/11/a.dcm', 'images/2/22/b.dcm'],
    labels: {
      'EMBED_OpenData_metadata.csv': [
        'empi_anon,acc_anon,anon_dicom_path,ImageLateralityFinal,ViewPosition,FinalImageType,num_roi,ROI_coords,DCM_ROI_coords',
        '1,11,/x/1/11/a.dcm,L,CC,2D,1,"((30, 6, 50, 26),)","[[[30, 6, 50, 26]]]"',
        '2,22,/x/2/22/b.dcm,L,CC,C-view,1,,',
      ].join('\n'),
      'EMBED_OpenData_clinical.csv': [
        'empi_anon,acc_anon,side,asses,path_severity,tissueden,RACE_DESC',
        '1,11,L,S,0,2,x',
        '2,22,,N,,2,x',
      ].join('\n'),
    },
  },
  'bcs-dbt': {
    images: ['r/p1/s1/1-1.dcm', 'r/p2/s2/1-1.dcm'],
    labels: {
      'BCS-DBT-file-paths-train-v2.csv': [
        'PatientID,StudyUID,View,descriptive_path,classic_path',
        'p1,s1,lcc,r/p1/s1/1-1.dcm,c/1.dcm',
        'p2,s2,lcc,r/p2/s2/1-1.dcm,c/2.dcm',
      ].join('\n'),
      'BCS-DBT-labels-train-v2.csv': [
        'PatientID,StudyUID,View,Normal,Actionable,Benign,Cancer',
        'p1,s1,lcc,0,0,0,1',
        'p2,s2,lcc,1,0,0,0',
      ].join('\n'),
      'BCS-DBT-boxes-train-v2.csv': [
        'PatientID,StudyUID,View,Subject,Slice,X,Y,Width,Height,Class,AD,VolumeSlices',
        'p1,s1,lcc,p1,0,10,20,15,5,cancer,0,1',
      ].join('\n'),
    },
  },
  dicom: {
    images: ['one.dcm', 'two.dcm'],
    labels: {
      'labels.csv': [
        'patient,file,label,side,view,x1,y1,x2,y2,slice_first,slice_last,split,modality,scanner,prefer',
        '1,one.dcm,normal,L,CC,,,,,,,train,DM,a,b',
        '2,two.dcm,malignant,left,cc,1,2,3.5,4,0,0,test,dm,"a,b",c',
      ].join('\n'),
    },
  },
};

const MIAS: Little = {
  images: [],
  labels: { 'Info.txt': 'mdb001 G CIRC B 535 425 197\nmdb002 G CALC M *NOTE 3*\nmdb003 D NORM\n' },
};

const PIECES = [
  ...',;\t"\n\r\'()[]<>/=',
  '-1',
  '1e9',
  '99999999',
  'NaN',
  '\u0000',
  '\u00e9',
  '<dict>',
  '__proto__',
  ' ',
];

/** A text with one to four changes: a byte, a piece put in, a stretch lost, doubled, or moved. */
function damaged(text: string, random: RandomStream): Buffer {
  let bytes = Buffer.from(text);
  for (let changes = random.integer(1, 4); changes > 0 && bytes.length > 0; changes--) {
    const [at, length] = [random.integer(0, bytes.length - 1), random.integer(1, 40)];
    const [head, stretch, tail] = [bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at + length)];
    const kind = random.integer(0, 4);
    const put = kind === 0 ? [random.integer(0, 255)] : Buffer.from(PIECES[random.integer(0, PIECES.length - 1)] ?? '');
    if (kind <= 1) bytes = Buffer.concat([head, Buffer.from(put), bytes.subarray(at + (kind === 0 ? 1 : 0))]);
    else if (kind === 2) bytes = Buffer.concat([head, tail]);
    else if (kind === 3) bytes = Buffer.concat([head, stretch, stretch, tail]);
    else bytes = Buffer.concat([stretch, head, tail]);
  }
  return bytes;
}

let root: string;
const folderOf = (name: string) => join(root, name);
async function put(name: string, file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(folderOf(name), file)), { recursive: true });
  await writeFile(join(folderOf(name), file), content);
}

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'data-sets-fuzz-'));
  for (const [name, { images }] of Object.entries({ ...SETS, mias: MIAS })) {
    await mkdir(join(root, `${name}-out`));
    for (const [i, image] of images.entries())
      await put(name, image, mammogramBytes({ brighter: 5 * i }, { laterality: 'L', view: 'CC' }));
  }
});
after(() => rm(root, { recursive: true }));

/** An error with a sentence of this package is an end; any other is a crash. */
function refused(error: unknown): undefined {
  if (!(error instanceof ImagingError)) throw error;
  assert.ok(error.message.length > 20, error.message);
  return undefined;
}

/** What may be wrong with a manifest of which an import left out rows: its classes. */
const CLASSES = /two classes need rows|which class is negative/;

async function importWhole(name: DataSetName): Promise<boolean> {
  const out = join(folderOf(`${name}-out`), 'manifest.csv');
  const result = await importDataSet(name, folderOf(name), out, { publishedSplit: true }).catch(refused);
  if (!result) return false;
  await readManifest(out).catch((error) => {
    assert.ok(
      error instanceof ManifestError && error.problems.every(({ message }) => CLASSES.test(message)),
      String(error),
    );
  });
  return true;
}

for (const [name, { labels, images }] of Object.entries(SETS) as [DataSetName, Little][]) {
  test(`${name}: undamaged it gives its images, damaged it never crashes`, async () => {
    for (const [file, text] of Object.entries(labels)) await put(name, file, text);
    const whole = await importDataSet(name, folderOf(name), join(folderOf(`${name}-out`), 'whole.csv'));
    const films = images.filter((image) => !image.includes('_CC_1/')).length;
    assert.deepEqual([whole.images, whole.exclusions.filter(({ leftOut }) => leftOut === 'row').length], [films, 0]);
    let ended = 0;
    const set = DATA_SETS[name];
    const paths = [...images, ...Object.keys(labels)];
    for (let i = 0; i < READS; i++) {
      const random = new RandomStream(i, 'damage', name);
      const [file, text] = random.shuffle(Object.entries(labels))[0] as [string, string];
      const kept = i % 2 === 0 ? text.indexOf('\n') + 1 : 0; // the header stays whole every other time
      await put(name, file, Buffer.concat([Buffer.from(text.slice(0, kept)), damaged(text.slice(kept), random)]));
      const exclusions: Exclusion[] = [];
      const rows = await set
        .read({
          folder: folderOf(name),
          files: filesOf(name, paths),
          label: set.labels[i % set.labels.length] as string,
          exclude: (from, reason) => exclusions.push({ ...from, reason, leftOut: 'row' }),
        })
        .catch(refused);
      assert.ok(exclusions.every(({ file: where, reason }) => where !== '' && reason.length > 5));
      if (rows) ended++;
      if (i < IMPORTS) await importWhole(name);
      await put(name, file, text);
    }
    assert.ok(ended > READS / 4, `${ended} of ${READS} were read`);
  });
}

/** An index of known files, since the folder does not change. */
function filesOf(name: string, paths: readonly string[]) {
  const nameOf = (path: string) => path.split('/').at(-1) ?? '';
  const lower = (text: string) => text.toLowerCase();
  return {
    paths,
    endingIn: (wanted: string) => paths.filter((path) => `/${lower(path)}`.endsWith(`/${lower(wanted)}`)),
    called: (stem: string) => paths.filter((path) => lower(nameOf(path).replace(/\.[^.]*$/, '')) === lower(stem)),
    below: (folder: string) => paths.filter((path) => lower(path).split('/').slice(0, -1).includes(lower(folder))),
    absolute: (path: string) => join(folderOf(name), path),
  };
}

test('mias: damaged it never crashes', async () => {
  const [[file, text] = ['', '']] = Object.entries(MIAS.labels);
  for (const film of ['mdb001', 'mdb002', 'mdb003']) await put('mias', `${film}.png`, 'not read');
  for (let i = 0; i < READS; i++) {
    await put('mias', file, damaged(text, new RandomStream(i, 'damage', 'mias')));
    await importMias(folderOf('mias'), join(folderOf('mias-out'), 'manifest.csv')).catch(refused);
  }
});
