/** Counts and times in Prometheus' text format (version 0.0.4). */

/** Upper bounds of the times of requests, in seconds. */
const BUCKETS = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 60];

type Labels = Readonly<Record<string, string>>;

/** What is told of requests. */
export interface RequestMetrics {
  observe(route: string, status: number, seconds: number): void;
}

/** A value of now, as a line. */
export interface Gauge {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  readonly values: readonly { readonly labels: Labels; readonly value: number }[];
}

const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
const labelled = (labels: Labels): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length > 0 ? `{${pairs.join(',')}}` : '';
};

interface Times {
  readonly counts: number[];
  sum: number;
  total: number;
}

/** Counts of this process; what the database knows is asked when somebody looks. */
export class Metrics implements RequestMetrics {
  readonly #requests = new Map<string, number>();
  readonly #times = new Map<string, Times>();
  readonly #images = new Map<string, number>();

  observe(route: string, status: number, seconds: number): void {
    bump(this.#requests, labelled({ route, status: String(status) }));
    const times = this.#times.get(route) ?? { counts: BUCKETS.map(() => 0), sum: 0, total: 0 };
    this.#times.set(route, times);
    BUCKETS.forEach((bound, i) => {
      if (seconds <= bound) times.counts[i] = (times.counts[i] ?? 0) + 1;
    });
    times.sum += seconds;
    times.total += 1;
  }

  /** An image that came in, by how; `outcome` is stored, known, or the code of its refusal. */
  image(source: string, outcome: string): void {
    bump(this.#images, labelled({ source, outcome }));
  }

  /** All of them as text. */
  text(gauges: readonly Gauge[]): string {
    const head = (name: string, type: string, help: string) => [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
    const counter = (name: string, help: string, values: ReadonlyMap<string, number>) => [
      ...head(name, 'counter', help),
      ...[...values].map(([labels, value]) => `${name}${labels} ${value}`),
    ];
    const seconds = 'mammoscope_request_seconds';
    const times = [...this.#times].flatMap(([route, { counts, sum, total }]) => [
      ...BUCKETS.map((bound, i) => `${seconds}_bucket${labelled({ route, le: String(bound) })} ${counts[i]}`),
      `${seconds}_bucket${labelled({ route, le: '+Inf' })} ${total}`,
      `${seconds}_sum${labelled({ route })} ${sum}`,
      `${seconds}_count${labelled({ route })} ${total}`,
    ]);
    const lines = [
      ...counter('mammoscope_requests_total', 'Requests answered, by address and status.', this.#requests),
      ...head(seconds, 'histogram', 'Time from the first byte of a request to the last of its answer.'),
      ...times,
      ...counter('mammoscope_images_total', 'Files that came in, by way and outcome.', this.#images),
      ...gauges.flatMap(({ name, help, type, values }) => [
        ...head(name, type, help),
        ...values.map(({ labels, value }) => `${name}${labelled(labels)} ${value}`),
      ]),
    ];
    return `${lines.join('\n')}\n`;
  }
}

function bump(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
