import { imagesAmong } from '../formats/image-files.ts';
import { openImage } from '../formats/open-image.ts';
import { isBadImage } from '../manifest-check.ts';
import type { BoxPx } from '../manifest-row.ts';
import { viewText } from '../orientation/mammography-view.ts';
import type { Plane } from '../plane.ts';
import type { DataSet, ImportContext, ImportedRow, InspectedImage } from './data-set.ts';
import { type LabelLine, readLabelFiles } from './label-table.ts';
import { filled, sideOf } from './label-values.ts';
import { oneFile } from './one-file.ts';

/*
 * CBIS-DDSM (Lee et al. 2017, Scientific Data 4, 170177; TCIA 10.7937/K9/TCIA.2016.7O02S9CY): {mass,calc}_case_description_
 * {train,test}_set.csv, a row an abnormality. The paths in them are those of the first release; retrievers of later ones name folders
 * otherwise, but for the first: Mass-Training_P_00001_LEFT_CC has the film, Mass-Training_P_00001_LEFT_CC_1 the crop and the mask of its
 * first abnormality, in either order. The mask is the one of the film's size. Pathology is proven.
 */

const COLUMNS = [
  ...['patient_id', 'breast density', 'left or right breast', 'image view', 'abnormality id', 'abnormality type'],
  ...['assessment', 'pathology', 'subtlety', 'image file path', 'cropped image file path', 'ROI mask file path'],
];

const PATHOLOGY = { MALIGNANT: 'malignant', BENIGN: 'benign', BENIGN_WITHOUT_CALLBACK: 'benign' } as const;

export const CBIS_DDSM: DataSet = {
  title: 'CBIS-DDSM',
  labels: ['pathology'],
  read: async (context) => {
    const pattern = /^(mass|calc)_case_description_(train|test)_set.*\.csv$/i;
    const lines = await readLabelFiles(context, pattern, COLUMNS, 'mass_case_description_train_set.csv or its like');
    return lines.flatMap((line) => rowOf(line, context) ?? []);
  },
};

function rowOf({ from, cell }: LabelLine, context: ImportContext): ImportedRow | undefined {
  const [patientId, image] = [cell('patient_id'), firstFolder(cell('image file path'))];
  const refuse = (reason: string) => {
    context.exclude(from, reason, { patientId, image });
    return undefined;
  };
  const [laterality, view] = [sideOf(cell('left or right breast')), viewText(cell('image view'))];
  if (!/^P_\d{5}$/.test(patientId))
    return refuse(`patient_id must be P_ and five digits, got ${patientId || 'nothing'}`);
  if (!laterality) return refuse(`left or right breast must be LEFT or RIGHT, got ${cell('left or right breast')}`);
  if (view !== 'CC' && view !== 'MLO') return refuse(`image view must be CC or MLO, got ${cell('image view')}`);
  const pathology = cell('pathology').toUpperCase();
  const label = PATHOLOGY[pathology as keyof typeof PATHOLOGY] as string | undefined;
  if (!label)
    return refuse(`pathology must be one of ${Object.keys(PATHOLOGY).join(', ')}, got ${pathology || 'nothing'}`);
  const named = `_${patientId}_${laterality === 'L' ? 'LEFT' : 'RIGHT'}_${view}`;
  if (!image.endsWith(named))
    return refuse(`the film is called ${image || 'nothing'} and its row says ${named.slice(1)}`);
  const film = oneFile(context.files.below(image), image, context);
  if (typeof film === 'string') return refuse(film);
  const lesion = firstFolder(cell('ROI mask file path')) || `${image}_${cell('abnormality id')}`;
  return {
    from,
    image,
    patientId,
    absolutePath: film.path,
    modality: 'FILM',
    label,
    laterality,
    view,
    lesionId: lesion,
    birads: cell('assessment'),
    pathology: pathology.toLowerCase(),
    publishedSplit: from.file.toLowerCase().includes('_test_') ? 'test' : 'train',
    findBox: (film) => boxOfMask(lesion, film, context),
    other: filled({
      density: cell('breast density'),
      abnormality: cell('abnormality type'),
      mass_shape: cell('mass shape'),
      mass_margins: cell('mass margins'),
      calc_type: cell('calc type'),
      calc_distribution: cell('calc distribution'),
      subtlety: cell('subtlety'),
    }),
  };
}

/** The first part of a path, which all releases keep. */
const firstFolder = (path: string): string => path.split('/')[0]?.trim() ?? '';

/** The box around the non-zero pixels of an abnormality's mask, or why there is none. */
async function boxOfMask(lesion: string, film: InspectedImage, { files }: ImportContext): Promise<BoxPx | string> {
  const paths = imagesAmong(files.below(lesion));
  const sizes: string[] = [];
  for (const path of paths) {
    try {
      const stack = await openImage(files.absolute(path));
      try {
        sizes.push(`${stack.width} x ${stack.height}`);
        if (stack.width !== film.width || stack.height !== film.height) continue;
        return boxOfSet(await stack.slice(0)) ?? `mask ${path} marks no pixel`;
      } finally {
        await stack.close();
      }
    } catch (error) {
      if (isBadImage(error)) return error.message;
      throw error;
    }
  }
  if (paths.length === 0) return `no mask ${lesion} is in the folder`;
  return `no mask of ${lesion} has the film's size ${film.width} x ${film.height}, but ${sizes.join(', ')}`;
}

/** The box around what is not zero. */
function boxOfSet({ data, width, height }: Plane): BoxPx | undefined {
  let [x1, y1, x2, y2] = [width, height, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[y * width + x] === 0) continue;
      [x1, y1, x2, y2] = [Math.min(x1, x), Math.min(y1, y), Math.max(x2, x + 1), Math.max(y2, y + 1)];
    }
  }
  return x1 < x2 ? [x1, y1, x2, y2] : undefined;
}
