/** The breasts that figure 6 is drawn of: right and wrong ones, each in one view by all modalities. */
import type { SaliencyExample } from '@mammoscope/report';
import sharp from 'sharp';
import type { Evaluation } from './evaluation.ts';
import { rowsByImage } from './evaluation.ts';
import { saliencyExample } from './figure-6.ts';
import { PARK_MODALITIES, type ScoredImage, type ScoredUnit } from './scored-cases.ts';

/** A breast to be shown, and why. */
interface Chosen {
  readonly title: string;
  readonly unit: ScoredUnit;
  readonly score: number;
}

/** The surest malignant breast, the malignant one with the lowest score, and the other one with the highest. */
function chosenBreasts({ judged: { units, positive, headline } }: Evaluation): Chosen[] {
  const scored = units.map((unit, i) => ({
    unit,
    score: headline.scores[i] as number,
    isMalignant: positive[i] as boolean,
  }));
  const descending = scored.toSorted((a, b) => b.score - a.score);
  const malignant = descending.filter(({ isMalignant }) => isMalignant);
  const others = descending.filter(({ isMalignant }) => !isMalignant);
  const wanted: (readonly [title: string, found: (typeof scored)[number] | undefined])[] = [
    ['The surest malignant breast', malignant[0]],
    ['The malignant breast with the lowest score', malignant.length > 1 ? malignant.at(-1) : undefined],
    ['The breast without malignant findings with the highest score', others[0]],
  ];
  return wanted.flatMap(([title, found]) => (found ? [{ title, unit: found.unit, score: found.score }] : []));
}

/** One view of a breast: the one that most modalities show, lesions in it before others. */
function shownView({ images }: ScoredUnit): ScoredImage[] {
  const views = [...Map.groupBy(images, ({ view }) => view).values()];
  const worth = (own: readonly ScoredImage[]) =>
    new Set(own.map(({ modality }) => modality)).size + (own.some(({ lesions }) => lesions.length > 0) ? 0.5 : 0);
  const [best = []] = views.sort((a, b) => worth(b) - worth(a));
  return PARK_MODALITIES.flatMap((modality) => best.filter((image) => image.modality === modality).slice(0, 1));
}

const truthWords = ({ labels: { benign, malignant } }: ScoredUnit): string =>
  malignant && benign
    ? 'malignant and benign findings'
    : malignant
      ? 'malignant findings'
      : benign
        ? 'benign findings'
        : 'no findings';

/** Figure 6 of each chosen breast, and of the first as one picture, a row a modality; none where no saliency was written. */
export async function saliencyExamples(
  evaluation: Evaluation,
): Promise<{ readonly examples: readonly SaliencyExample[]; readonly figure: Buffer | undefined }> {
  const rowOf = rowsByImage(evaluation.manifest);
  const examples: SaliencyExample[] = [];
  let figure: Buffer | undefined;
  for (const { title, unit, score } of chosenBreasts(evaluation)) {
    const images = shownView(unit);
    const [{ view = '' } = {}] = images;
    const { patientId, laterality } = unit;
    const text = `Patient ${patientId}, ${laterality} ${view}: ${truthWords(unit)}; ${evaluation.judged.headline.model}: ${score.toFixed(3)}. Saliency is the mean of the ensemble, patches are those of its best network.`;
    const drawn = await saliencyExample(title, text, images, rowOf);
    if (!drawn) continue;
    examples.push(drawn.example);
    figure ??= await stacked([...drawn.figures.values()]);
  }
  return { examples, figure };
}

/** Pictures one above the other on black, as PNG. */
async function stacked(pictures: readonly Buffer[]): Promise<Buffer> {
  const sizes = await Promise.all(pictures.map((picture) => sharp(picture).metadata()));
  const width = Math.max(...sizes.map((size) => size.width));
  const height = sizes.reduce((sum, size) => sum + size.height, 0);
  let top = 0;
  const layers = pictures.map((input, i) => {
    const layer = { input, left: 0, top };
    top += sizes[i]?.height ?? 0;
    return layer;
  });
  return sharp({ create: { width, height, channels: 3, background: '#000' } })
    .composite(layers)
    .png({ compressionLevel: 9 })
    .toBuffer();
}
