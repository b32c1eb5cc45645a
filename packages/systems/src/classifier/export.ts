import { classifiers, encodeModel, functions as f, Graph, Scope, type Tensor } from '@mammoscope/nn';
import type { StateDict } from '@mammoscope/runtime';
import type { Preprocessing } from '../data/image-source.ts';
import { BATCH, withFreeBatch } from '../export/free-batch.ts';
import { normaliseImages } from '../export/normalisation.ts';
import { type ClassifierSpec, inputShape, PORTS } from './graphs.ts';

/** A trained network. */
export interface TrainedClassifier {
  readonly spec: ClassifierSpec;
  readonly weights: StateDict;
}

/** Where images are normalised and repeated for three channels: by whoever calls the model, or in the model. */
export type PreprocessingPlace = 'metadata' | 'graph';
export const PREPROCESSING_PLACES: readonly PreprocessingPlace[] = ['metadata', 'graph'];

/** What a user of the ONNX file must know of its inputs and outputs. */
export interface ExportMetadata {
  readonly system?: string;
  /** Negative first. */
  readonly classes: readonly string[];
  readonly normalisation: Preprocessing['normalisation'];
  readonly preprocessing?: PreprocessingPlace;
  /** In words, what the image or volume shows of a study; all of it unless given. */
  readonly content?: string;
  /** Side of the square of stored pixels around a lesion that an image shows; 0 of whole images. */
  readonly roiPx?: number;
  /** An image is called positive when its score is at least this; Infinity, null in the file, where no cut-off beats chance. */
  readonly cutoff: number;
  readonly versions: Readonly<Record<string, string>>;
  /** Of the weights. */
  readonly licence?: string;
}

/** Said of weights whose licence nobody gave. */
export const NO_LICENCE = 'not stated: ask whoever trained the weights';

/** The probability of every class but the first, [N]: the sum of their columns. */
export const SCORE = 'score';

/**
 * Trained networks as the bytes of one ONNX file of standard ops, weights inside, for any number of images. `image` is
 * [N, C, H, W] ([N, C, D, H, W] of volumes), `probabilities` [N, K] and `score` [N], averaged over the networks; `logits` [N, K] where there is one.
 * Networks for one and for three channels share an image of one, and so does everything with preprocessing in the graph. Where
 * networks see images of several sizes, there is an input a size: `image_224`, `image_299`.
 */
export function exportClassifiers(members: readonly TrainedClassifier[], metadata: ExportMetadata): Uint8Array {
  const inGraph = metadata.preprocessing === 'graph';
  const channels = inGraph ? 1 : Math.min(...members.map(({ spec }) => spec.channels));
  const normalisation = inGraph ? metadata.normalisation : null;
  const model = withFreeBatch((batch) => averagedGraph(members, batch, channels, normalisation));
  const weights = new Map(
    members.flatMap(({ spec, weights: tensors }) =>
      [...tensors].map(([name, tensor]) => [`${prefixOf(spec, members)}${name}`, tensor] as const),
    ),
  );
  const parameters = model.parameters.map(({ name, dtype, shape }) => {
    const tensor = weights.get(name);
    if (!tensor) throw new RangeError(`export requires the weight "${name}"`);
    return { name, dtype, shape, data: tensor.data as Float32Array };
  });
  return encodeModel({
    ...model,
    initializers: [...model.initializers, ...parameters],
    metadata: describe(members, channels, metadata),
  });
}

/** Names of one network are its own; those of several begin with the network's. */
const prefixOf = ({ network }: ClassifierSpec, members: readonly TrainedClassifier[]) =>
  members.length === 1 ? '' : `${network}.`;

/** Name of the input of each size that networks see. */
export function imageInputs(members: readonly Pick<TrainedClassifier, 'spec'>[]): ReadonlyMap<number, string> {
  const sizes = [...new Set(members.map(({ spec }) => spec.sizePx))];
  return new Map(sizes.map((sizePx) => [sizePx, sizes.length === 1 ? PORTS.image : `${PORTS.image}_${sizePx}`]));
}

function averagedGraph(
  members: readonly TrainedClassifier[],
  batch: number,
  channels: number,
  normalisation: Preprocessing['normalisation'] | null,
): Graph {
  const graph = new Graph();
  const [{ spec: first }] = members as readonly [TrainedClassifier];
  const seenOf = new Map(
    [...imageInputs(members)].map(([sizePx, name]) => {
      const image = graph.input(name, inputShape({ ...first, sizePx, channels: channels === 1 ? 1 : 3 }, batch));
      if (normalisation === null) return [sizePx, image] as const;
      const scope = name.replace(PORTS.image, 'normalise');
      return [sizePx, graph.inScope(scope, () => normaliseImages(image, normalisation))] as const;
    }),
  );
  const each = members.map(({ spec }) => {
    const scope = new Scope(graph, false, prefixOf(spec, members).slice(0, -1));
    const seen = seenOf.get(spec.sizePx) as Tensor;
    const repeated = spec.channels === channels ? seen : f.concat([seen, seen, seen], 1); // [N, 3, H, W]
    return classifiers[spec.network](scope, repeated, spec).logits;
  });
  if (members.length === 1) graph.output(PORTS.logits, each[0] as Tensor);
  const sum = each.map((logits) => f.softmax(logits, 1)).reduce((a, b) => f.add(a, b));
  const probabilities = members.length === 1 ? sum : f.mul(sum, 1 / members.length); // [N, K]
  const positive = f.slice(probabilities, { axes: [1], starts: [1], ends: [sum.shape[1] as number], steps: [1] });
  graph.output(PORTS.probabilities, probabilities);
  graph.output(SCORE, f.reduceSum(positive, [1])); // [N]
  return graph;
}

function describe(
  members: readonly TrainedClassifier[],
  channels: number,
  {
    system,
    classes,
    normalisation,
    preprocessing = 'metadata',
    content,
    roiPx,
    cutoff,
    versions,
    licence,
  }: ExportMetadata,
): Record<string, string> {
  const { slices } = (members[0] as TrainedClassifier).spec;
  const grey = slices === undefined ? 'a grey image' : `${slices} slices of a grey volume`;
  const perImage =
    normalisation === 'zScore' ? '(x - mean) / standard deviation' : '(x - smallest) / (largest - smallest)';
  const inGraph = preprocessing === 'graph';
  const inputs = imageInputs(members);
  const inputOf = (sizePx: number) => ({
    shape: [BATCH, channels, ...(slices === undefined ? [] : [slices]), sizePx, sizePx],
    values: inGraph ? `stored values of ${grey}` : `${grey}, normalised, in every channel`,
    ...(content === undefined ? {} : { content }),
    ...(roiPx === undefined ? {} : { roiPx }),
    resampling: `before the model, to ${sizePx} x ${sizePx}: bilinear, antialiased`,
    normalisation: `${inGraph ? 'in the model' : 'before the model'}, each image by itself: ${perImage}; zeros for a constant image`,
  });
  return {
    ...(system === undefined ? {} : { system }),
    networks: JSON.stringify(members.map(({ spec }) => spec.network)),
    classes: JSON.stringify(classes),
    ...(inputs.size === 1
      ? { input: JSON.stringify(inputOf(members[0]?.spec.sizePx as number)) }
      : { inputs: JSON.stringify(Object.fromEntries([...inputs].map(([sizePx, name]) => [name, inputOf(sizePx)]))) }),
    output: JSON.stringify({
      probabilities: `of the classes in their order${members.length > 1 ? `, averaged over ${members.length} networks` : ''}`,
      score: `probability of ${classes.slice(1).join(' or ')}`,
    }),
    cutoff: JSON.stringify(cutoff),
    cutoffRule: `${classes.slice(1).join(' or ')} where score >= cutoff, the largest Youden index on the validation images`,
    versions: JSON.stringify(versions),
    model_license: licence ?? NO_LICENCE,
    notice: 'Not a medical device. For research only.',
  };
}
