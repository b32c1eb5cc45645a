/** The WebAssembly builds as files of their packages, for Node. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Factory, LoadLibrary, WasmLibrary } from './wasm-decoder.ts';

const require = createRequire(import.meta.url);

interface Build {
  readonly make: () => Factory;
  readonly wasm: string;
}

const BUILDS: Readonly<Record<WasmLibrary, Build>> = {
  'jpeg-2000': {
    make: () => require('@cornerstonejs/codec-openjpeg/decodewasmjs'),
    wasm: '@cornerstonejs/codec-openjpeg/decodewasm',
  },
  htj2k: {
    make: () => require('@cornerstonejs/codec-openjph/wasmjs'),
    wasm: '@cornerstonejs/codec-openjph/wasm',
  },
  'jpeg-ls': {
    make: () => require('@cornerstonejs/codec-charls/decodewasmjs'),
    wasm: '@cornerstonejs/codec-charls/decodewasm',
  },
  jpeg: {
    make: () => require('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs'),
    wasm: '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasm',
  },
};

/** Loads and compiles a library from the packages installed. */
export const loadFromDisk: LoadLibrary = async (library) => {
  const { make, wasm } = BUILDS[library];
  return { make: make(), module: new WebAssembly.Module(readFileSync(require.resolve(wasm))) };
};
