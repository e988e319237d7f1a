import { over, type EventLog } from '@unsilo/event-log';
import type { Metric } from '@unsilo/hub';

type Labels = Record<string, string>;

/** Counts how often a value fell below each of some bounds, for each set of labels. */
export class Histogram {
  readonly #name: string;
  readonly #help: string;
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, { labels: Labels; counts: number[]; sum: number; count: number }>();

  /** @param bounds Upper bounds in rising order; one without bound is added. */
  constructor(name: string, help: string, bounds: readonly number[]) {
    this.#name = name;
    this.#help = help;
    this.#bounds = bounds;
  }

  observe(labels: Labels, value: number): void {
    const key = JSON.stringify(labels);
    let series = this.#series.get(key);
    if (series === undefined)
      this.#series.set(key, (series = { labels, counts: this.#bounds.map(() => 0), sum: 0, count: 0 }));
    const at = this.#bounds.findIndex((bound) => value <= bound);
    if (at >= 0) series.counts[at]! += 1;
    series.sum += value;
    series.count += 1;
  }

  /** `le` marks a bucket, `stat` the sum and the count, as the gateway writes them down. */
  metric(): Metric {
    const samples = [...this.#series.values()].flatMap(({ labels, counts, sum, count }) => {
      let below = 0;
      const buckets = counts.map((number, index) => {
        below += number;
        return { labels: { ...labels, le: String(this.#bounds[index]) }, value: below };
      });
      return [
        ...buckets,
        { labels: { ...labels, le: '+Inf' }, value: count },
        { labels: { ...labels, stat: 'sum' }, value: sum },
        { labels: { ...labels, stat: 'count' }, value: count },
      ];
    });
    return { name: this.#name, help: this.#help, type: 'histogram', samples };
  }
}

/** How long the hub takes. */
export interface HubMeters {
  /** The log as it is, but for batches handed to subscribers being measured. Meant for the hub alone. */
  log: EventLog;
  metrics(): Metric[];
}

/** @param now Epoch milliseconds, with fractions. */
export function meterHub(
  log: EventLog,
  now: () => number = () => performance.timeOrigin + performance.now(),
): HubMeters {
  const processing = new Histogram(
    'unsilo_hub_batch_seconds',
    'Time from when a batch of events is handed to the hub until its effects are durable, or until it failed.',
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  );
  const delay = new Histogram(
    'unsilo_hub_event_delay_seconds',
    'Time from when the log took an event until its effects are durable. Events that waited while nothing ran count with that time.',
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
  );
  return {
    metrics: () => [processing.metric(), delay.metric()],
    log: over(log, {
      subscribe: (options) =>
        log.subscribe({
          ...options,
          async onBatch(batch, signal) {
            const begun = now();
            let result = 'failed';
            try {
              await options.onBatch(batch, signal);
              result = 'done';
            } finally {
              const ended = now();
              processing.observe({ result }, (ended - begun) / 1000);
              if (result === 'done')
                for (const { topic, timestamp } of batch.messages)
                  delay.observe({ topic }, Math.max(0, ended - timestamp) / 1000);
            }
          },
        }),
    }),
  };
}
