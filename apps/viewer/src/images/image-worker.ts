/** A worker of the page: opens images, decodes frames one at a time, and lays them as they are hung. */
import { type DicomFile, openDicomBlob, type StoredValues } from '@mammoscope/dicom/browser';
import { loadFromServer } from './codecs.ts';
import { type GreyMapping, greyMapping } from './grey-mapping.ts';
import { imageFacts } from './image-facts.ts';
import { layOut } from './lay-out.ts';
import { type Laying, layImage } from './laying.ts';
import type { Answers, ImageSource, Order, Reply, Request } from './protocol.ts';
import { regionPlane } from './region-plane.ts';
import { openAtServer } from './server-image.ts';

/** The scope of a dedicated worker, which lib.dom does not have. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<Request>) => void) | null;
  postMessage(reply: Reply, transfer: Transferable[]): void;
}
const scope = self as unknown as WorkerScope;

const OPEN_IMAGES = 24;
/** Frames as stored that are kept, so that a closer look decodes nothing again. */
const KEPT_FRAMES = 2;

const opened = new Map<string, Promise<DicomFile>>();
const kept = new Map<string, Promise<StoredValues>>();
const mappings = new Map<string, GreyMapping>();

scope.onmessage = async ({ data: { id, order } }) => {
  try {
    const answer = await obey(order);
    scope.postMessage({ id, answer }, 'values' in answer ? [answer.values.buffer] : []);
  } catch (error) {
    scope.postMessage({ id, fault: error instanceof Error ? error.message : String(error) }, []);
  }
};

async function obey(order: Order): Promise<Answers[keyof Answers]> {
  const file = await open(order.source, order.type === 'laying');
  const { key } = order.source;
  if (order.type === 'facts') return imageFacts(file.frameMeta(0), file.image, await whose(file)); // a tomosynthesis names its side frame by frame
  if (order.type === 'laying') {
    const middle = middleOf(file.frameCount);
    const data = await stored(file, key, middle);
    return layImage({ ...sizeOf(file), data }, file.frameMeta(middle));
  }
  const wanted = order.type === 'frame' ? order : order.region;
  const data = await stored(file, key, wanted.frame);
  const frame = { ...sizeOf(file), data };
  const mapping = mappingOf(file, wanted.frame, wanted.laying);
  if (order.type === 'region') return regionPlane(frame, mapping, order.region);
  return layOut(frame, mapping, order.laying.orientation, order.reduce);
}

const sizeOf = ({ image }: DicomFile) => ({ columns: image.columns, rows: image.rows });

/** Of a patient in a character set that is not read nothing is shown. */
const whose = (file: DicomFile) => file.identity().catch(() => ({}));

/** The slice by which an image is looked at first. */
const middleOf = (frames: number): number => Math.floor((frames - 1) / 2);

function open(source: ImageSource, isLooked: boolean): Promise<DicomFile> {
  const present = opened.get(source.key);
  if (present) return present;
  const file =
    source.kind === 'file'
      ? openDicomBlob(source.blob, source.name, loadFromServer)
      : openAtServer(source, loadFromServer, isLooked ? middleOf(source.frames) : null);
  remember(opened, source.key, file, OPEN_IMAGES);
  file.catch(() => opened.delete(source.key));
  return file;
}

function stored(file: DicomFile, key: string, frame: number): Promise<StoredValues> {
  const name = `${key} ${frame}`;
  const present = kept.get(name);
  if (present) return present;
  const values = file.frame(frame).then(({ data, samplesPerPixel }) => {
    if (samplesPerPixel !== 1) throw new Error(`${file.path} is in colour: it is a screenshot, open the grey image`);
    return data;
  });
  remember(kept, name, values, KEPT_FRAMES);
  values.catch(() => kept.delete(name));
  return values;
}

function mappingOf(file: DicomFile, frame: number, { leastIsWhite }: Laying): GreyMapping {
  const meta = file.frameMeta(frame);
  const { RescaleSlope, RescaleIntercept, WindowCenter, WindowWidth, VOILUTFunction } = meta;
  const key = JSON.stringify([file.path, RescaleSlope, RescaleIntercept, WindowCenter, WindowWidth, VOILUTFunction]);
  const present = mappings.get(key);
  if (present) return present;
  const mapping = greyMapping(meta, leastIsWhite);
  remember(mappings, key, mapping, OPEN_IMAGES);
  return mapping;
}

/** Adds to a map; what was added first goes when there is no room. */
function remember<V>(map: Map<string, V>, key: string, value: V, room: number): void {
  for (const oldest of map.keys()) {
    if (map.size < room) break;
    map.delete(oldest);
  }
  map.set(key, value);
}
