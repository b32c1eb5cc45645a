/** The bridge to cornerstone3D: frames of our workers as its images, with the metadata that it asks for. */
import { cache, Enums, imageLoader, init, metaData, RenderingEngine, type Types, utilities } from '@cornerstonejs/core';
import { getRenderingCapabilities } from '@cornerstonejs/core/utilities/renderingCapabilities';
import { PRIORITY, type Priority } from '../images/image-pool.ts';
import { type ShownFrame, slabOf } from '../images/lay-out.ts';
import type { StudyImage } from '../images/study-image.ts';

const SCHEME = 'mammoscope';
/** What frames may take; the oldest go. */
const CACHE_BYTES = 288 * 2 ** 20;

/** A frame as a viewport shows it: reduced, or the brightest of its neighbours. */
export interface FrameKey {
  readonly image: StudyImage;
  readonly frame: number;
  readonly reduce: number;
  /** Slices that are shown as one; odd. */
  readonly slab: number;
}

const images: StudyImage[] = [];
const numbers = new Map<StudyImage, number>();
const reading = new Map<string, Promise<void>>();
const arrived = new Map<string, ShownFrame>();

/** The identifier of a frame at cornerstone. It names no patient. */
export function frameId({ image, frame, reduce, slab }: FrameKey): string {
  let number = numbers.get(image);
  if (number === undefined) {
    number = images.push(image) - 1;
    numbers.set(image, number);
  }
  return `${SCHEME}:${number}/${frame}/${reduce}/${slab}`;
}

function keyOf(id: string): FrameKey {
  const [number = 0, frame = 0, reduce = 1, slab = 1] = id
    .slice(SCHEME.length + 1)
    .split('/')
    .map(Number);
  const image = images[number];
  if (!image?.laying) throw new RangeError(`no image ${number} was looked at`);
  return { image, frame, reduce, slab };
}

/**
 * Brings a frame into the cache. Frames are read before cornerstone hears of them: what it is promised and does not get it throws into the
 * page.
 */
export function loadFrame(key: FrameKey, priority: Priority): Promise<Types.IImage> {
  const id = frameId(key);
  const present = cache.isLoaded(id) ? null : (reading.get(id) ?? read(id, key, priority));
  return (present ?? Promise.resolve()).then(() => imageLoader.loadAndCacheImage(id) as Promise<Types.IImage>);
}

function read(id: string, key: FrameKey, priority: Priority): Promise<void> {
  const read = shownFrame(key, priority)
    .then((frame) => {
      arrived.set(id, frame);
    })
    .finally(() => reading.delete(id));
  reading.set(id, read);
  return read;
}

/** Whether a frame is in the cache. */
export const isLoaded = (key: FrameKey): boolean => cache.isLoaded(frameId(key));

async function shownFrame({ image, frame, reduce, slab }: FrameKey, priority: Priority): Promise<ShownFrame> {
  if (slab === 1) {
    const laying = await image.look(priority);
    return image.pool.frame(image.source, { frame, reduce, laying }, priority);
  }
  const half = (slab - 1) / 2;
  const last = image.facts.frames - 1;
  const [from, to] = [Math.max(0, frame - half), Math.min(last, frame + half)];
  const slices = await Promise.all(
    Array.from({ length: to - from + 1 }, (_, i) => loadFrame({ image, frame: from + i, reduce, slab: 1 }, priority)),
  );
  return slabOf(
    slices.map(({ width, height, getPixelData }) => ({
      width,
      height,
      values: getPixelData() as Uint16Array<ArrayBuffer>,
    })),
  );
}

async function cornerstoneImage(id: string): Promise<Types.IImage> {
  const key = keyOf(id);
  const { width, height, values } = arrived.get(id) ?? (await shownFrame(key, PRIORITY.seen));
  arrived.delete(id);
  const { image, reduce } = key;
  const { window, rowMm = 1, columnMm = 1 } = image.laying ?? { window: { low: 0, high: 65535 } };
  const voxelManager = utilities.VoxelManager.createImageVoxelManager({
    width,
    height,
    numberOfComponents: 1,
    scalarData: values,
  });
  return {
    imageId: id,
    minPixelValue: 0,
    maxPixelValue: 65535,
    slope: 1,
    intercept: 0,
    windowCenter: (window.low + window.high) / 2,
    windowWidth: window.high - window.low,
    voiLUTFunction: Enums.VOILUTFunctionType.LINEAR_EXACT,
    getPixelData: () => values,
    getCanvas: () => document.createElement('canvas'),
    rows: height,
    columns: width,
    height,
    width,
    color: false,
    rgba: false,
    numberOfComponents: 1,
    columnPixelSpacing: columnMm * reduce,
    rowPixelSpacing: rowMm * reduce,
    invert: false,
    photometricInterpretation: 'MONOCHROME2',
    sizeInBytes: values.byteLength,
    dataType: 'Uint16Array',
    voxelManager,
  } as Types.IImage;
}

/** World coordinates are mm from the top left corner of the hung image, so that reduced frames lie where whole ones do. */
function metadataOf(type: string, id: string): object | undefined {
  if (typeof id !== 'string' || !id.startsWith(`${SCHEME}:`)) return undefined;
  const { image, reduce } = keyOf(id);
  const { widthPx = 1, heightPx = 1, rowMm = 1, columnMm = 1, window } = image.laying ?? {};
  const [rows, columns] = [Math.ceil(heightPx / reduce), Math.ceil(widthPx / reduce)];
  switch (type) {
    case 'imagePlaneModule': {
      const origin = isCpu ? 0 : reduce / 2;
      return {
        frameOfReferenceUID: frameId({ image, frame: 0, reduce: 1, slab: 1 }),
        rows,
        columns,
        imageOrientationPatient: [1, 0, 0, 0, 1, 0],
        rowCosines: [1, 0, 0],
        columnCosines: [0, 1, 0],
        imagePositionPatient: [origin * columnMm, origin * rowMm, 0],
        columnPixelSpacing: columnMm * reduce,
        rowPixelSpacing: rowMm * reduce,
        pixelSpacing: [rowMm * reduce, columnMm * reduce],
        usingDefaultValues: false,
      };
    }
    case 'imagePixelModule':
      return {
        samplesPerPixel: 1,
        photometricInterpretation: 'MONOCHROME2',
        rows,
        columns,
        bitsAllocated: 16,
        bitsStored: 16,
        highBit: 15,
        pixelRepresentation: 0,
      };
    case 'generalSeriesModule':
      return { modality: 'MG', seriesInstanceUID: `${SCHEME}` };
    case 'voiLutModule':
      return window
        ? { windowCenter: [(window.low + window.high) / 2], windowWidth: [window.high - window.low] }
        : undefined;
    case 'modalityLutModule':
      return { rescaleSlope: 1, rescaleIntercept: 0, modality: 'MG' };
    default:
      return undefined;
  }
}

let engine: RenderingEngine | null = null;
let isCpu = false;

/** Whether images are drawn without a graphics card. */
export const drawsOnCpu = (): boolean => isCpu;

/** Starts cornerstone3D once: on the graphics card, or on a 2D canvas where WebGL would be a program too. */
export function renderingEngine(): RenderingEngine {
  if (engine) return engine;
  const { webgl, softwareRasterizer } = getRenderingCapabilities();
  isCpu = !webgl || softwareRasterizer;
  init({ rendering: { useCPURendering: isCpu } } as Parameters<typeof init>[0]);
  cache.setMaxCacheSize(CACHE_BYTES);
  imageLoader.registerImageLoader(SCHEME, (id) => ({ promise: cornerstoneImage(id) }));
  metaData.addProvider(metadataOf, 10_000);
  engine = new RenderingEngine('room');
  return engine;
}
