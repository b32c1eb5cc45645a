/** A frame as a picture (PS3.18 10.4.1.1.5): grey levels as the image says or as a window is given, in the orientation that is stored. */
import { openManifestImage, stretchedTo8Bits, windowed } from '@mammoscope/imaging';
import sharp from 'sharp';
import { ServerError } from '../errors.ts';
import type { RawAnswer } from '../http/handlers.ts';
import { CACHED } from './frames.ts';

/** What may be asked of a picture. */
export interface PictureOptions {
  readonly window?: string | undefined;
  readonly viewport?: string | undefined;
  readonly quality?: number | undefined;
}

const FUNCTIONS = { linear: 'LINEAR', 'linear-exact': 'LINEAR_EXACT', sigmoid: 'SIGMOID' } as const;
const VIEWPORT_LIMIT = 8192;

/** PNG, or JPEG where Accept prefers it. `frame` is counted from 0; the middle one where it is not given. ServerError 'not-found', 'request-invalid'. */
export async function renderedAnswer(
  path: string,
  frame: number | undefined,
  options: PictureOptions,
  accept: string,
): Promise<RawAnswer> {
  // as a PATCH: nothing is turned, cropped or decided by pixels
  const image = await openManifestImage({
    path,
    absolutePath: path,
    modality: 'PATCH',
    line: 0,
    patientId: '',
    label: '',
    other: {},
  });
  try {
    const shown = frame ?? Math.floor(image.depth / 2);
    if (shown >= image.depth)
      throw new ServerError(
        'not-found',
        `the image has the frames 1 to ${image.depth}, and ${shown + 1} was asked for`,
      );
    const { width, height } = image;
    const greys =
      options.window === undefined
        ? stretchedTo8Bits((await image.seen(shown)).data)
        : throughWindow((await image.stored(shown)).data, options.window, image.facts(shown));
    const picture = sharp(greys, { raw: { width, height, channels: 1 } }).toColourspace('b-w');
    const fitted =
      options.viewport === undefined
        ? picture
        : picture.resize({ ...viewportOf(options.viewport), fit: 'inside', withoutEnlargement: true });
    const isJpeg = /image\/jpeg/.test(accept) && !/image\/png/.test(accept);
    const { quality } = options;
    const bytes = await (isJpeg
      ? fitted.jpeg(quality === undefined ? {} : { quality })
      : fitted.png({ compressionLevel: 3 })
    ).toBuffer();
    return { headers: { 'Content-Type': isJpeg ? 'image/jpeg' : 'image/png', ...CACHED }, body: bytes };
  } finally {
    await image.close();
  }
}

function viewportOf(text: string): { readonly width: number; readonly height: number } {
  const [width = 0, height = 0] = text.split(',').map(Number);
  if (width >= 1 && height >= 1 && Math.max(width, height) <= VIEWPORT_LIMIT) return { width, height };
  throw new ServerError('request-invalid', `viewport must be two numbers from 1 to ${VIEWPORT_LIMIT}, such as 512,512`);
}

interface GreyFacts {
  readonly RescaleSlope?: number;
  readonly RescaleIntercept?: number;
  readonly PhotometricInterpretation?: string;
}

/** Through a window of modality values; of MONOCHROME1 the high values are dark. */
function throughWindow(data: ArrayLike<number>, window: string, facts: GreyFacts): Uint8Array {
  const [centreText, widthText, kind = 'linear'] = window.split(',');
  const [centre, width] = [Number(centreText), Number(widthText)];
  const shape = FUNCTIONS[kind as keyof typeof FUNCTIONS];
  if (!(width >= 1) || !Number.isFinite(centre))
    throw new ServerError('request-invalid', `window is a centre and a width of 1 or more, got ${window}`);
  const { RescaleSlope: slope = 1, RescaleIntercept: intercept = 0, PhotometricInterpretation } = facts;
  const isInverted = PhotometricInterpretation === 'MONOCHROME1';
  const greys = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const grey = windowed((data[i] as number) * slope + intercept, centre, width, shape);
    greys[i] = Math.round(255 * (isInverted ? 1 - grey : grey));
  }
  return greys;
}
