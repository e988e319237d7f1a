import type { Metric } from '@unsilo/hub';
import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Figures about the process, and those that parts of it give, in Prometheus' text format. */
export class ProcessMetrics {
  protected readonly registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** Ours and the others. */
  async text(given: readonly Metric[]): Promise<string> {
    const scrape = new Registry();
    for (const metric of given) scrape.registerMetric(adapted(metric));
    const [own, others] = await Promise.all([this.registry.metrics(), scrape.metrics()]);
    return `${own.trimEnd()}\n${others.trimEnd()}\n`;
  }
}

/** Figures about the gateway itself as well. Labels are patterns of routes, never addresses. */
export class GatewayMetrics extends ProcessMetrics {
  constructor(app: FastifyInstance, openStreams: () => number) {
    super();
    const registers = [this.registry];
    const requests = new Histogram({
      name: 'unsilo_http_request_seconds',
      help: 'Time from the first byte of a request to the last of its answer, seconds.',
      labelNames: ['method', 'route', 'status'] as const,
      buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    });
    new Gauge({
      name: 'unsilo_http_live_streams',
      help: 'Live streams that are open.',
      registers,
      collect() {
        this.set(openStreams());
      },
    });
    app.addHook('onResponse', async (request, reply) => {
      const route = request.routeOptions.url ?? 'none';
      if (route !== '/v1/live')
        requests.observe({ method: request.method, route, status: String(reply.statusCode) }, reply.elapsedTime / 1000);
    });
  }
}

/**
 * A metric that was counted elsewhere, in the form in which the library writes it down. Samples of a histogram are told apart by their
 * labels: `le` marks a bucket, `stat` the `sum` and the `count`.
 */
function adapted(metric: Metric): Gauge {
  const values = metric.samples.map(({ labels, value }) => {
    if (metric.type !== 'histogram') return { labels, value };
    const { stat, ...rest } = labels;
    const suffix = stat ?? ('le' in labels ? 'bucket' : 'count');
    return { labels: rest, value, metricName: `${metric.name}_${suffix}` };
  });
  const collected = { name: metric.name, help: metric.help, type: metric.type, values, aggregator: 'sum' };
  return { name: metric.name, get: async () => collected } as unknown as Gauge;
}
