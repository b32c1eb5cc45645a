/** What an exported model says of its input and output, as packages/systems writes it. */

/** An exported model that the page can feed. */
export interface ExportedModelInfo {
  readonly system: string;
  readonly classes: readonly string[];
  readonly input: string;
  readonly sizePx: number;
  readonly channels: number;
  /** Before the model; null where the model does it. */
  readonly normalisation: 'zScore' | 'minMax' | null;
  /** null where none beats chance. */
  readonly cutoff: number | null;
  /** Side of the square of stored pixels around a lesion that it was trained on; null where it was whole images. */
  readonly placePx: number | null;
  readonly licence: string;
}

interface InputText {
  readonly shape: readonly (string | number)[];
  readonly normalisation: string;
  readonly roiPx?: number;
}

/** What Kang et al. 2021 and Xiao et al. 2021 cut out, for files that do not say. */
const PLACE_PX = 512;
/** Systems whose networks see the surroundings of a lesion: a whole mammogram means nothing to them. */
const SYSTEMS_OF_PLACES: ReadonlySet<string> = new Set(['kang2021', 'xiao2021']);

/** Reads the metadata. RangeError that says why the page cannot run the model. */
export function exportedModelInfo(metadata: Readonly<Record<string, string>>): ExportedModelInfo {
  const { system = '', classes, input, cutoff = 'null', model_license: licence = 'not stated' } = metadata;
  if (!classes || (!input && !metadata.inputs))
    throw new RangeError('the model says nothing of its classes and input: export it with "mammoscope export"');
  if (system === '')
    throw new RangeError(
      'the model names no system, so what it is to be given is unknown, as of a model.onnx in the folder of a run: export the run with "mammoscope export"',
    );
  if (!input) throw new RangeError('the model takes images of several sizes: export one network with --network');
  const { shape, normalisation, roiPx = SYSTEMS_OF_PLACES.has(system) ? PLACE_PX : 0 } = JSON.parse(input) as InputText;
  const [, channels, height, width] = shape;
  if (shape.length !== 4 || height !== width || typeof width !== 'number')
    throw new RangeError(`the model takes ${shape.join(' x ')}: the page runs models of square images`);
  const limit = JSON.parse(cutoff) as number | null;
  return {
    system,
    classes: JSON.parse(classes) as string[],
    input: 'image',
    sizePx: width,
    channels: Number(channels),
    normalisation: normalisation.startsWith('in the model')
      ? null
      : normalisation.includes('(x - mean)')
        ? 'zScore'
        : 'minMax',
    cutoff: limit,
    placePx: roiPx > 0 ? roiPx : null,
    licence,
  };
}
