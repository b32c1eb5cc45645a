/** What scoring a trained run gives, as plain data: images, the breasts that they show, and modalities averaged. */
import type { BoxPx, Laterality, Split, View } from '@mammoscope/imaging';

/** What is trained on its own: full-field digital mammograms (modality DM of a manifest), synthetic 2D views, tomosyntheses. */
export const PARK_MODALITIES = ['DM', 'SYNTHETIC2D', 'DBT'] as const;
export type ParkModality = (typeof PARK_MODALITIES)[number];

/** The two labels of the paper's task (section IV), in the order of the networks' outputs. */
export const FINDINGS = ['benign', 'malignant'] as const;
export type Finding = (typeof FINDINGS)[number];

/** A number, or anything else, of each label. */
export type PerFinding<T> = Readonly<Record<Finding, T>>;

/** p_final, p_global and p_local of equation 7's sentence: the full architecture, the global module alone, the local one alone. */
export const ARCHITECTURES = ['full', 'global', 'local'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];
export type ArchitectureScores = Readonly<Record<Architecture, PerFinding<number>>>;

/** A patch that a member looked at. */
export interface ScoredPatch {
  /** Counted from 0; 0 of a mammogram. */
  readonly slice: number;
  /** On the stored image, pixels; it may reach beyond. */
  readonly box: BoxPx;
  /** alpha_k of equation 4. */
  readonly attention: number;
}

/** What one member, or the mean of several, makes of an image. */
export interface MemberScores {
  /** A trial's name, or 'ensemble'. */
  readonly member: string;
  /** Mean over the test-time augmentations. */
  readonly scores: ArchitectureScores;
  /** Of the image as it is, without augmentation; in the order in which they were chosen. None of an ensemble. */
  readonly patches: readonly ScoredPatch[];
  /** NIfTI, float32, of dimensions columns x rows x slices, of each label's saliency map, without augmentation; absent where none was written. */
  readonly saliency?: PerFinding<string>;
}

/** A lesion that the manifest has of an image. */
export interface ScoredLesion {
  readonly finding: Finding;
  /** On the stored image. */
  readonly box?: BoxPx;
  /** Absolute path of a binary picture of the lesion on the stored image, projected over slices: the manifest's column `mask`. */
  readonly mask?: string;
  readonly sliceFirst?: number;
  readonly sliceLast?: number;
}

/** How saliency maps lie: their cells divide this part of the stored image evenly, and the saliency files are turned as it is stored. */
export interface SaliencyGrid {
  /** Pixels of the stored image; it may reach beyond, where the window was filled up. */
  readonly box: BoxPx;
  readonly rows: number;
  readonly columns: number;
  readonly slices: number;
}

/** An image, scored. */
export interface ScoredImage {
  readonly patientId: string;
  readonly studyId?: string;
  readonly laterality: Laterality;
  readonly view: View;
  readonly modality: ParkModality;
  /** As the manifest has it. */
  readonly path: string;
  readonly absolutePath: string;
  /** Absent of images of another manifest than the run's. */
  readonly split?: Split;
  /** Of the stored image. */
  readonly widthPx: number;
  readonly heightPx: number;
  readonly labels: PerFinding<boolean>;
  /** Lesions that can be seen on it; a label may be true without any, as a biopsy's is that no box was drawn for. */
  readonly lesions: readonly ScoredLesion[];
  readonly grid: SaliencyGrid;
  /** Of the ensemble, best validation AUC first. */
  readonly members: readonly MemberScores[];
  /** The mean of the members: the prediction of the run. */
  readonly ensemble: MemberScores;
}

/** What scoring a run gives. */
export interface ScoredCases {
  /** In words: 'test split', or 'another manifest'. */
  readonly dataset: string;
  /** The order of the manifest. */
  readonly images: readonly ScoredImage[];
  /** Left out, and why. */
  readonly exclusions: readonly { readonly path: string; readonly patientId: string; readonly reason: string }[];
}

/** Scores of one modality, or of several averaged, of what is judged as one: a breast, or an image. */
export interface ScoredUnit {
  readonly patientId: string;
  readonly studyId?: string;
  readonly laterality: Laterality;
  /** Absent of a breast. */
  readonly view?: View;
  readonly labels: PerFinding<boolean>;
  /** By member, the ensemble last; only the ensemble where modalities were averaged. */
  readonly scores: readonly { readonly member: string; readonly scores: ArchitectureScores }[];
  /** The images that it is the mean of. */
  readonly images: readonly ScoredImage[];
}

/** "Image-wise AUC, where the performance of the model is evaluated using the predictions for each image." */
export const imageUnits = (images: readonly ScoredImage[]): ScoredUnit[] =>
  images.map((image) => ({ ...unitOf([image]), view: image.view }));

/**
 * "Breast-wise AUC, where the performance of the model is evaluated using the averaged prediction between CC and MLO views of each
 * breast." Of images of one modality; breasts in the order in which they are first met, one a study where the manifest names studies.
 */
export function breastUnits(images: readonly ScoredImage[]): ScoredUnit[] {
  return [...Map.groupBy(images, breastKey).values()].map(unitOf);
}

/** Every combination of modalities, the single ones first, as tables II to IV have them. */
export function modalityCombinations(modalities: readonly ParkModality[]): (readonly ParkModality[])[] {
  const subsets = Array.from({ length: 2 ** modalities.length - 1 }, (_, i) =>
    modalities.filter((__, bit) => ((i + 1) >> bit) % 2 === 1),
  );
  return subsets.sort((a, b) => a.length - b.length);
}

/**
 * The breasts, or images, that every one of the modalities shows, each with the mean of the modalities' ensembles. `units` are those of
 * each modality, made by one of the functions above.
 */
export function averagedModalities(units: readonly (readonly ScoredUnit[])[]): ScoredUnit[] {
  const [first = [], ...others] = units;
  if (others.length === 0) return [...first];
  const rest = others.map((some) => new Map(some.map((unit) => [unitKey(unit), unit])));
  return first.flatMap((unit) => {
    const all = [unit, ...rest.flatMap((some) => some.get(unitKey(unit)) ?? [])];
    if (all.length < units.length) return [];
    const ensembles = all.map(({ scores }) => (scores.at(-1) as ScoredUnit['scores'][number]).scores);
    const images = all.flatMap((each) => each.images);
    return [
      { ...unit, labels: labelsOf(images), images, scores: [{ member: 'ensemble', scores: meanScores(ensembles) }] },
    ];
  });
}

/** The mean of several predictions, number by number. */
export function meanScores(all: readonly ArchitectureScores[]): ArchitectureScores {
  const mean = (architecture: Architecture): PerFinding<number> => {
    const of = (finding: Finding) => all.reduce((sum, each) => sum + each[architecture][finding], 0) / all.length;
    return { benign: of('benign'), malignant: of('malignant') };
  };
  return { full: mean('full'), global: mean('global'), local: mean('local') };
}

const breastKey = ({ patientId, studyId = '', laterality }: Pick<ScoredUnit, 'patientId' | 'studyId' | 'laterality'>) =>
  JSON.stringify([patientId, studyId, laterality]);

const unitKey = (unit: ScoredUnit): string => `${breastKey(unit)}${unit.view ?? ''}`;

const labelsOf = (images: readonly ScoredImage[]): PerFinding<boolean> => ({
  benign: images.some(({ labels }) => labels.benign),
  malignant: images.some(({ labels }) => labels.malignant),
});

function unitOf(images: readonly ScoredImage[]): ScoredUnit {
  const [{ patientId, studyId, laterality, members }] = images as [ScoredImage];
  const meanOf = (scoresOf: (image: ScoredImage) => ArchitectureScores) => meanScores(images.map(scoresOf));
  return {
    patientId,
    ...(studyId === undefined ? {} : { studyId }),
    laterality,
    labels: labelsOf(images),
    images,
    scores: [
      ...members.map(({ member }, i) => ({
        member,
        scores: meanOf((image) => (image.members[i] as MemberScores).scores),
      })),
      { member: 'ensemble', scores: meanOf(({ ensemble }) => ensemble.scores) },
    ],
  };
}
