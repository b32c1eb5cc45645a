/** The WebAssembly builds of OpenJPEG, OpenJPH, CharLS and libjpeg-turbo by cornerstone, called directly. */
import { CodestreamError } from './codestream-error.ts';

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

/** A running library. */
export interface Instance {
  readonly HEAPU8: Uint8Array;
  readonly [decoder: string]: unknown;
}
/** What the builds export: makes an instance with the imports and outputs that it is given. */
export type Factory = (options: object) => Promise<Instance>;

/** The object that each library exports. */
const DECODERS = {
  'jpeg-2000': 'J2KDecoder',
  htj2k: 'HTJ2KDecoder',
  'jpeg-ls': 'JpegLSDecoder',
  jpeg: 'JPEGDecoder',
} as const;

/** A library that was built to WebAssembly. */
export type WasmLibrary = keyof typeof DECODERS;

/** Brings a library: the function that makes instances, and its compiled code. Node reads files, a browser asks its page's server. */
export type LoadLibrary = (
  library: WasmLibrary,
) => Promise<{ readonly make: Factory; readonly module: WebAssembly.Module }>;

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

interface Running {
  readonly instance: Instance;
  readonly complaints: string[];
}

const loaded = new Map<WasmLibrary, ReturnType<LoadLibrary>>();
const instances = new Map<WasmLibrary, Promise<Running>>();

/** Each library is loaded once a thread; an instance is made anew after every error, since its heap may be damaged. */
function instanceOf(library: WasmLibrary, load: LoadLibrary): Promise<Running> {
  const present = instances.get(library);
  if (present) return present;
  const code = loaded.get(library) ?? load(library);
  loaded.set(library, code);
  const made = code.then(async ({ make, module }) => {
    const complaints: string[] = [];
    const instance = await make({
      instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void): object {
        const instance = new WebAssembly.Instance(module, imports);
        done(instance);
        return instance.exports;
      },
      print: () => undefined,
      printErr: (line: string) => complaints.push(line),
    });
    return { instance, complaints };
  });
  instances.set(library, made);
  return made;
}

/** Decodes a codestream. CodestreamError when the library refuses it, complains, or aborts. */
export async function decodeWasm(library: WasmLibrary, bytes: Uint8Array, load: LoadLibrary): Promise<WasmImage> {
  const { instance, complaints } = await instanceOf(library, load);
  complaints.length = 0;
  try {
    const decoder = new (instance[DECODERS[library]] as new () => Decoder)();
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
