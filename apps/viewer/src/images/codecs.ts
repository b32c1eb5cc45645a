/** The WebAssembly builds of the codecs, from the page's own server, loaded when the first frame needs one. */

import charls from '@cornerstonejs/codec-charls/decodewasm?url';
import jpeg from '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasm?url';
import openjpeg from '@cornerstonejs/codec-openjpeg/decodewasm?url';
import openjph from '@cornerstonejs/codec-openjph/wasm?url';
import type { Factory, LoadLibrary, WasmLibrary } from '@mammoscope/dicom/browser';
import { ask } from '../own-origin.ts';

interface Build {
  readonly wasm: string;
  readonly make: () => Promise<{ readonly default: Factory }>;
}

const BUILDS: Readonly<Record<WasmLibrary, Build>> = {
  'jpeg-2000': { wasm: openjpeg, make: () => import('@cornerstonejs/codec-openjpeg/decodewasmjs') },
  htj2k: { wasm: openjph, make: () => import('@cornerstonejs/codec-openjph/wasmjs') },
  'jpeg-ls': { wasm: charls, make: () => import('@cornerstonejs/codec-charls/decodewasmjs') },
  jpeg: { wasm: jpeg, make: () => import('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs') },
};

/** Brings a library to this thread. */
export const loadFromServer: LoadLibrary = async (library) => {
  const { wasm, make } = BUILDS[library];
  const [answer, { default: factory }] = await Promise.all([ask(wasm), make()]);
  return { make: factory, module: await WebAssembly.compile(await answer.arrayBuffer()) };
};
