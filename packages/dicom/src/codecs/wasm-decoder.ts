/** The WebAssembly builds of OpenJPEG, OpenJPH, CharLS and libjpeg-turbo by cornerstone, called directly. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { CodestreamError } from './codestream-error.ts';

const require = createRequire(import.meta.url);

/** What a decoder said of the image that it decoded. */
interface FrameInfo {
  readonly width: number;
  readonly height: number;
  readonly bitsPerSample: number;
  readonly componentCount: number;
}

/** The object that each of the builds exports, under a name of its own. */
interface Decoder {
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getDecodedBuffer(): Uint8Array;
  getFrameInfo(): FrameInfo;
  getInterleaveMode?(): number;
  delete(): void;
}

interface Instance {
  readonly HEAPU8: Uint8Array;
  readonly [decoder: string]: unknown;
}
type Factory = (options: object) => Promise<Instance>;

interface Build {
  readonly load: () => Factory;
  readonly wasm: string;
  readonly decoder: string;
}

const BUILDS = {
  'jpeg-2000': {
    load: () => require('@cornerstonejs/codec-openjpeg/decodewasmjs'),
    wasm: '@cornerstonejs/codec-openjpeg/decodewasm',
    decoder: 'J2KDecoder',
  },
  htj2k: {
    load: () => require('@cornerstonejs/codec-openjph/wasmjs'),
    wasm: '@cornerstonejs/codec-openjph/wasm',
    decoder: 'HTJ2KDecoder',
  },
  'jpeg-ls': {
    load: () => require('@cornerstonejs/codec-charls/decodewasmjs'),
    wasm: '@cornerstonejs/codec-charls/decodewasm',
    decoder: 'JpegLSDecoder',
  },
  jpeg: {
    load: () => require('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs'),
    wasm: '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasm',
    decoder: 'JPEGDecoder',
  },
} as const satisfies Readonly<Record<string, Build>>;

/** A library that was built to WebAssembly. */
export type WasmLibrary = keyof typeof BUILDS;

/** What a library gave. */
export interface WasmImage {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly rows: number;
  readonly columns: number;
  readonly components: number;
  readonly bits: number;
  /** JPEG-LS: 0 means planes one after the other. */
  readonly interleaveMode: number;
}

const compiled = new Map<WasmLibrary, WebAssembly.Module>();
const instances = new Map<WasmLibrary, Promise<{ readonly instance: Instance; readonly complaints: string[] }>>();

/** Each library is compiled once a thread; an instance is made anew after every error, since its heap may be damaged. */
function instanceOf(library: WasmLibrary) {
  const present = instances.get(library);
  if (present) return present;
  const { load, wasm } = BUILDS[library];
  const module = compiled.get(library) ?? new WebAssembly.Module(readFileSync(require.resolve(wasm)));
  compiled.set(library, module);
  const complaints: string[] = [];
  const made = (load() as Factory)({
    instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void): object {
      const instance = new WebAssembly.Instance(module, imports);
      done(instance);
      return instance.exports;
    },
    print: () => undefined,
    printErr: (line: string) => complaints.push(line),
  }).then((instance) => ({ instance, complaints }));
  instances.set(library, made);
  return made;
}

/** Decodes a codestream. CodestreamError when the library refuses it, complains, or aborts. */
export async function decodeWasm(library: WasmLibrary, bytes: Uint8Array): Promise<WasmImage> {
  const { instance, complaints } = await instanceOf(library);
  complaints.length = 0;
  try {
    const decoder = new (instance[BUILDS[library].decoder] as new () => Decoder)();
    decoder.getEncodedBuffer(bytes.length).set(bytes);
    decoder.decode();
    if (complaints.length > 0) throw new Error(complaints[0]);
    const { width, height, bitsPerSample, componentCount } = decoder.getFrameInfo();
    const result = {
      bytes: ownBytes(decoder.getDecodedBuffer(), instance),
      rows: height,
      columns: width,
      components: componentCount,
      bits: bitsPerSample,
      interleaveMode: decoder.getInterleaveMode?.() ?? 2,
    };
    decoder.delete();
    return result;
  } catch (error) {
    instances.delete(library);
    // C++ exceptions come as addresses, which say nothing
    const reason = error instanceof Error ? error.message : (complaints[0] ?? 'the codestream is damaged');
    throw new CodestreamError(`its decoder refused it: ${reason.split('\n', 1)[0]?.slice(0, 200)}`);
  }
}

/** Some builds give a copy and some a view of their heap, which the next frame overwrites. */
function ownBytes(bytes: Uint8Array, { HEAPU8 }: Instance): Uint8Array<ArrayBuffer> {
  const whole = bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength;
  return whole && bytes.buffer !== HEAPU8.buffer ? (bytes as Uint8Array<ArrayBuffer>) : bytes.slice();
}
