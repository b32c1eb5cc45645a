/** Exported models in a browser, on its graphics card or in WebAssembly; the files of the runtime come from the page's own server. */
import * as ort from 'onnxruntime-web/webgpu';
import { type FloatModel, floatModel } from './session/float-model.ts';

/** Where a model runs. */
export type BrowserDevice = 'webgpu' | 'wasm';

/** An ONNX file ready to run in a page. */
export interface BrowserModel extends FloatModel {
  readonly device: BrowserDevice;
  readonly inputs: readonly string[];
}

/**
 * Opens the bytes of an ONNX file: on WebGPU where there is an adapter that takes all its ops, else in WebAssembly, with threads where the
 * page is isolated (SharedArrayBuffer). Call it in a worker: a run blocks the thread that calls it.
 */
export async function openBrowserModel(bytes: Uint8Array, devices: readonly BrowserDevice[]): Promise<BrowserModel> {
  ort.env.logLevel = 'error';
  let failure: unknown = new RangeError('openBrowserModel requires one device or more');
  for (const device of devices) {
    try {
      // 3 is errors: what a session warns of is nothing that whoever looks at images can mend
      const options = { executionProviders: [device], logSeverityLevel: 3 } as const;
      const session = await ort.InferenceSession.create(bytes, options);
      return { device, inputs: session.inputNames, ...floatModel(session, ort.Tensor) };
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
