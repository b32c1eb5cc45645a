/** A worker of the page: holds an exported model and runs it on planes. */
import { minMaxNormalise, zScoreNormalise } from '@mammoscope/imaging/browser';
import { onnxMetadata } from '@mammoscope/nn/onnx-metadata';
import { type BrowserModel, openBrowserModel } from '@mammoscope/runtime/browser';
import { type ExportedModelInfo, exportedModelInfo } from './exported-model.ts';

/** What is asked of the worker. */
export type ModelOrder =
  | { readonly id: number; readonly type: 'open'; readonly file: Blob; readonly hasGpu: boolean }
  | { readonly id: number; readonly type: 'run'; readonly planes: readonly Float32Array[] };

/** What it answers. */
export type ModelReply =
  | { readonly id: number; readonly type: 'opened'; readonly info: ExportedModelInfo; readonly device: string }
  | { readonly id: number; readonly type: 'scores'; readonly scores: readonly number[] }
  | { readonly id: number; readonly type: 'fault'; readonly fault: string };

interface WorkerScope {
  onmessage: ((event: MessageEvent<ModelOrder>) => void) | null;
  postMessage(reply: ModelReply): void;
}
const scope = self as unknown as WorkerScope;

/** Planes that are run at once. */
const BATCH = 8;

let open: { readonly model: BrowserModel; readonly info: ExportedModelInfo } | null = null;

scope.onmessage = async ({ data: order }) => {
  try {
    scope.postMessage(order.type === 'open' ? await opened(order) : await scored(order));
  } catch (error) {
    scope.postMessage({ id: order.id, type: 'fault', fault: error instanceof Error ? error.message : String(error) });
  }
};

async function opened({ id, file, hasGpu }: Extract<ModelOrder, { type: 'open' }>): Promise<ModelReply> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const info = exportedModelInfo(onnxMetadata(bytes));
  await open?.model.release();
  const model = await openBrowserModel(bytes, hasGpu ? ['webgpu', 'wasm'] : ['wasm']);
  open = { model, info };
  return { id, type: 'opened', info, device: model.device };
}

async function scored({ id, planes }: Extract<ModelOrder, { type: 'run' }>): Promise<ModelReply> {
  if (!open) throw new RangeError('no model is open');
  const { model, info } = open;
  const pixels = info.sizePx ** 2;
  const scores: number[] = [];
  for (let start = 0; start < planes.length; start += BATCH) {
    const batch = planes.slice(start, start + BATCH);
    const data = new Float32Array(batch.length * info.channels * pixels);
    for (const [i, plane] of batch.entries()) {
      const seen = normalised(plane, info);
      for (let channel = 0; channel < info.channels; channel++) data.set(seen, (i * info.channels + channel) * pixels);
    }
    const shape = [batch.length, info.channels, info.sizePx, info.sizePx];
    const results = await model.run({ [info.input]: { shape, data } });
    scores.push(...(results.get('score') ?? []));
  }
  return { id, type: 'scores', scores };
}

function normalised(plane: Float32Array, { normalisation }: ExportedModelInfo): Float32Array {
  if (normalisation === null) return plane;
  return normalisation === 'zScore' ? zScoreNormalise(plane) : minMaxNormalise(plane);
}
