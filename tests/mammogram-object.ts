/** Small mammograms as DICOM files, for tests of what reads manifests and data sets: a half disc of tissue at one side. */
import { dicomBytes, element, imageElements } from './dicom-object.ts';

/** What a mammogram is drawn with. */
export interface DrawnMammogram {
  readonly width?: number;
  readonly height?: number;
  /** The side of the image at which the chest wall is; left unless told. */
  readonly chestWall?: 'left' | 'right';
  /** A bright square [x1, y1, x2, y2] in the tissue. */
  readonly lesion?: readonly [number, number, number, number];
  /** Added to the tissue, so that no two images are alike. */
  readonly brighter?: number;
  readonly frames?: number;
}

/** What its header says; an absent key is an absent attribute. */
export interface MammogramTags {
  readonly uid?: string;
  readonly patientId?: string;
  readonly sex?: string;
  readonly laterality?: string;
  readonly view?: string;
  readonly orientation?: string;
  readonly series?: string;
  readonly instance?: number;
  readonly photometric?: 'MONOCHROME1' | 'MONOCHROME2';
}

/** Stored values of 12 bits, [frames * height * width]; the tissue of frame k is a little brighter than that of k - 1. */
export function mammogramValues({
  width = 96,
  height = 96,
  chestWall = 'left',
  lesion,
  brighter = 0,
  frames = 1,
}: DrawnMammogram): number[] {
  return Array.from({ length: frames * height * width }, (_, i) => {
    const [frame, x, y] = [Math.floor(i / (width * height)), i % width, Math.floor(i / width) % height];
    const fromWall = chestWall === 'left' ? x : width - 1 - x;
    if (lesion && x >= lesion[0] && x < lesion[2] && y >= lesion[1] && y < lesion[3]) return 3500;
    const radius = Math.hypot(fromWall, y - height / 2) / (0.42 * height);
    return radius < 1 ? 2400 - Math.round(1200 * radius) + brighter + 3 * frame : 40 + (i % 3);
  });
}

/** The bytes of a file. */
export function mammogramBytes(drawn: DrawnMammogram, tags: MammogramTags): Buffer {
  const { width = 96, height = 96, frames = 1 } = drawn;
  const { photometric = 'MONOCHROME2' } = tags;
  const values = mammogramValues(drawn).map((value) => (photometric === 'MONOCHROME1' ? 4095 - value : value));
  const text = (tag: number, vr: string, value: string | undefined) =>
    value === undefined ? [] : [element(tag, vr, value)];
  return dicomBytes(
    imageElements([
      ...text(0x00080018, 'UI', tags.uid),
      ...text(0x00100020, 'LO', tags.patientId),
      ...text(0x00100040, 'CS', tags.sex),
      ...text(0x00185101, 'CS', tags.view),
      ...text(0x0020000e, 'UI', tags.series),
      ...text(0x00200013, 'IS', tags.instance?.toString()),
      ...text(0x00200020, 'CS', tags.orientation),
      ...text(0x00200062, 'CS', tags.laterality),
      ...text(0x00280008, 'IS', frames > 1 ? String(frames) : undefined),
      element(0x00280004, 'CS', photometric),
      element(0x00280010, 'US', [height]),
      element(0x00280011, 'US', [width]),
      element(0x7fe00010, 'OW', values),
    ]),
  );
}
