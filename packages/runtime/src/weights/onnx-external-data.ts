/**
 * Elements of initialisers that an ONNX model keeps in other files (onnx.proto, TensorProto.external_data). The model says
 * where; a model from elsewhere could say anything. So only files below its own folder are read, and no link is followed.
 */
import { realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { ExternalData } from '@mammoscope/nn';
import { openBytes, readBytes } from './byte-source.ts';
import { WeightsError } from './errors.ts';

/** WeightsError unless every piece lies in a file below the model's folder, and all pieces of a file fit into it side by side. */
export async function requireExternal(model: string, places: ReadonlyMap<string, ExternalData>): Promise<void> {
  const taken = new Map<string, number>();
  for (const [name, place] of places) {
    const path = await insideFolder(model, place);
    const { size } = await stat(path);
    const total = (taken.get(path) ?? 0) + place.length;
    taken.set(path, total);
    if (place.offset + place.length > size || total > size)
      throw new WeightsError(
        'onnx-malformed',
        `${model}: initialiser "${name}" should have ${place.length} bytes from byte ${place.offset} of ${path}, which has ${size} bytes in all; copy both files again`,
      );
  }
}

/** The bytes of a piece, after requireExternal. */
export async function readExternal(model: string, place: ExternalData): Promise<Uint8Array> {
  await using source = await openBytes(await insideFolder(model, place));
  if (place.offset + place.length > source.size)
    throw new WeightsError('onnx-malformed', `${source.name} became shorter while ${model} was read`);
  return readBytes(source, place.offset, place.length);
}

async function insideFolder(model: string, { location }: ExternalData): Promise<string> {
  const refuse = (what: string, options?: ErrorOptions) =>
    new WeightsError(
      'onnx-unsupported',
      `${model} keeps weights in "${location.slice(0, 200)}", ${what}: put the file beside the model, or save the model as one file`,
      options,
    );
  const folder = resolve(dirname(model));
  const path = resolve(folder, location);
  const inside = relative(folder, path);
  if (/[\0\\]/.test(location) || inside === '' || inside.split(sep)[0] === '..' || isAbsolute(inside))
    throw refuse('which is outside its folder');
  try {
    if ((await realpath(path)) !== join(await realpath(folder), inside)) throw refuse('which is a link');
    if (!(await stat(path)).isFile()) throw refuse('which is no file');
    return path;
  } catch (error) {
    if (error instanceof WeightsError) throw error;
    throw refuse('which cannot be read', { cause: error });
  }
}
