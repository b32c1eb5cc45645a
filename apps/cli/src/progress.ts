/** Progress on stderr: one line rewritten on a terminal, a line an epoch where stderr is a file or a pipe. */
import type { PartEvent, TrainEvents } from '@mammoscope/systems';

const BAR_WIDTH = 24;
/** Between two lines on the same part, or on the timing of ways where stderr is no terminal. */
const TOLD_EVERY_MS = 15_000;

/** Seconds as people read them: 42 s, 3 min 05 s, 2 h 10 min. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`;
}

/** '1 epoch', '2 epochs'. */
const counted = (count: number, one: string, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

/** The events of a training run as progress lines. */
export function trainingProgress(stream: NodeJS.WriteStream): TrainEvents {
  const terminal = stream.isTTY === true;
  let batchSize = 0;
  let total = 0;
  let done = 0;
  let started = 0;
  let epochs = 0;
  let told = 0;
  const clear = () => (terminal ? '\r\u001b[K' : '');
  const line = (text: string) => stream.write(`${clear()}${text}\n`);
  return {
    onNote: line,
    onTiming: (step, count) => {
      if (terminal)
        stream.write(`${clear()}timing ways to compute on this machine, operation ${step + 1} of ${count} (once)`);
      else if (step === 0) line(`timing ${count} ways to compute on this machine (once)`);
      else if (performance.now() - told > TOLD_EVERY_MS) line(`timed ${step} of ${count}`);
      else return;
      told = performance.now();
    },
    onMember: (network, info) => {
      line(
        `${network}: ${info.train} training, ${info.val} validation, ${info.test} test images; at most ${counted(info.epochs, 'epoch')} of ${counted(info.batches, 'batch', 'batches')} of ${info.batch}`,
      );
      [batchSize, total, epochs, done, started] = [
        info.batch,
        info.batches * info.epochs,
        info.epochs,
        0,
        performance.now(),
      ];
    },
    fit: {
      onBatch: ({ epoch, batch, batches, loss }) => {
        done += 1;
        if (!terminal) return;
        const seconds = (performance.now() - started) / 1000;
        const filled = Math.round((BAR_WIDTH * (batch + 1)) / batches);
        const bar = `${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}`;
        const left = (seconds / done) * (total - (epoch * batches + batch + 1));
        stream.write(
          `${clear()}epoch ${epoch + 1}/${epochs} [${bar}] loss ${loss.toFixed(4)}  ${((done * batchSize) / seconds).toFixed(0)} images/s  ${formatDuration(left)} left at most`,
        );
      },
      onEpoch: ({ epoch, trainLoss, valLoss, valAuc }) => {
        const seconds = (performance.now() - started) / 1000;
        line(
          `epoch ${epoch}: loss ${trainLoss.toFixed(4)}, validation loss ${valLoss.toFixed(4)}, validation AUC ${valAuc.toFixed(3)}, ${((done * batchSize) / seconds).toFixed(0)} images/s`,
        );
      },
    },
  };
}

/** A prediction's parts: a line rewritten on a terminal, elsewhere one now and then; `end` takes it away. */
export function predictionProgress(stream: NodeJS.WriteStream) {
  const terminal = stream.isTTY === true;
  const started = performance.now();
  let told = started;
  return {
    onProgress: (done: number, total: number) => {
      const now = performance.now();
      const left = ((now - started) / 1000 / done) * (total - done);
      const text = `${done} of ${counted(total, 'part')}, ${formatDuration(left)} left`;
      if (terminal) stream.write(`\r\u001b[K${text}`);
      else if (now - told > TOLD_EVERY_MS) {
        told = now;
        stream.write(`${text}\n`);
      }
    },
    end: () => {
      if (terminal) stream.write('\r\u001b[K');
    },
  };
}

/** The parts that several processes work on: a line as one begins and ends, what it notes, and now and then how far it is. */
export function partsProgress(stream: NodeJS.WriteStream) {
  const begun = new Map<string, number>();
  const told = new Map<string, number>();
  return (part: string, event: PartEvent) => {
    const now = performance.now();
    const line = (text: string) => stream.write(`${part}: ${text}\n`);
    if (event.kind === 'begun') begun.set(part, now);
    else if (event.kind === 'done') line(`done in ${formatDuration((now - (begun.get(part) ?? now)) / 1000)}`);
    else if (event.kind === 'note') line(event.text);
    else if (now - (told.get(part) ?? begun.get(part) ?? 0) > TOLD_EVERY_MS) {
      told.set(part, now);
      line(`${event.done} of ${event.total} ${event.what}`);
    }
  };
}
