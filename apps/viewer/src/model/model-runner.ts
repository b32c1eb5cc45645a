/** A model that the user opened, run in a worker of this page; images leave neither page nor machine. */
import type { ExportedModelInfo } from './exported-model.ts';
import type { ModelOrder, ModelReply } from './model-worker.ts';

type Asked = ModelOrder extends infer Order ? (Order extends ModelOrder ? Omit<Order, 'id'> : never) : never;

type Ask = (asked: Asked) => Promise<ModelReply>;

export class ModelRunner {
  readonly name: string;
  readonly info: ExportedModelInfo;
  /** webgpu or wasm. */
  readonly device: string;
  readonly #ask: Ask;
  readonly #end: () => void;

  private constructor(name: string, opened: Extract<ModelReply, { type: 'opened' }>, ask: Ask, end: () => void) {
    this.name = name;
    this.info = opened.info;
    this.device = opened.device;
    this.#ask = ask;
    this.#end = end;
  }

  /** Opens a file. Error with the reason where it is no model that the page can run. */
  static async open(file: File): Promise<ModelRunner> {
    const worker = new Worker(new URL('./model-worker.ts', import.meta.url), { type: 'module' });
    const waiting = new Map<number, (reply: ModelReply) => void>();
    let last = 0;
    worker.onmessage = ({ data }: MessageEvent<ModelReply>) => {
      waiting.get(data.id)?.(data);
      waiting.delete(data.id);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      for (const [id, settle] of waiting) settle({ id, type: 'fault', fault: event.message || 'the model ended' });
      waiting.clear();
    };
    const ask = async (asked: Asked): Promise<ModelReply> => {
      const id = ++last;
      const reply = new Promise<ModelReply>((resolve) => waiting.set(id, resolve));
      worker.postMessage({ id, ...asked });
      const answer = await reply;
      if (answer.type === 'fault') throw new Error(answer.fault);
      return answer;
    };
    try {
      const hasGpu = Boolean(
        await (navigator as { gpu?: { requestAdapter(): Promise<object | null> } }).gpu
          ?.requestAdapter()
          .catch(() => null),
      );
      const opened = await ask({ type: 'open', file, hasGpu });
      if (opened.type !== 'opened') throw new Error('the model did not open');
      return new ModelRunner(file.name, opened, ask, () => worker.terminate());
    } catch (error) {
      worker.terminate();
      throw new Error(`${file.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** The score of each plane, [sizePx * sizePx] in display levels. */
  async scores(planes: readonly Float32Array[]): Promise<readonly number[]> {
    const reply = await this.#ask({ type: 'run', planes });
    return reply.type === 'scores' ? reply.scores : [];
  }

  close(): void {
    this.#end();
  }
}
