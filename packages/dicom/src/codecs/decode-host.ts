/** The worker thread of the pool: decodes one frame after the other. */
import { parentPort } from 'node:worker_threads';
import { CodestreamError } from './codestream-error.ts';
import { decodeFrame } from './decode-frame.ts';
import type { DecodeReply, DecodeRequest } from './protocol.ts';
import { loadFromDisk } from './wasm-files.ts';

parentPort?.on('message', async ({ encoding, bytes, image }: DecodeRequest) => {
  try {
    const frame = await decodeFrame(encoding, bytes, image, loadFromDisk);
    bytes.buffer.transfer(0); // frees them now: a collection may be many frames away
    const reply: DecodeReply = { frame };
    parentPort?.postMessage(reply, [frame.data.buffer]);
  } catch (error) {
    const fault = error instanceof CodestreamError ? error.message : `decoding failed: ${String(error).slice(0, 200)}`;
    parentPort?.postMessage({ fault } satisfies DecodeReply);
  }
});
