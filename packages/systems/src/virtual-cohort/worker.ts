/** A worker thread that draws breasts as it is asked; one message a breast, answered by its record or an error's text. */
import { parentPort } from 'node:worker_threads';
import { writePhantomBreast } from './breast.ts';
import type { PhantomBreastTask } from './making.ts';

parentPort?.on('message', async (task: PhantomBreastTask) => {
  try {
    parentPort?.postMessage({ record: await writePhantomBreast(task) });
  } catch (error) {
    parentPort?.postMessage({ error: error instanceof Error ? error.message : String(error) });
  }
});
