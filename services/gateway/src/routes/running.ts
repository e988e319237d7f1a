import { READERS } from '../access/access.js';
import { Type } from 'typebox';
import { HttpProblem } from '../http/problems.js';
import type { GatewayMetrics } from '../http/metrics.js';
import { view } from '../model/view.js';
import { about, answers, json, stream, type App, type RouteContext } from './route.js';

const Health = view<{ live: boolean; ready: boolean; reasons: string[] }>('Health')(
  Type.Object(
    {
      live: Type.Boolean(),
      ready: Type.Boolean(),
      reasons: Type.Array(Type.String(), { description: 'What it is waiting for.' }),
    },
    { additionalProperties: false },
  ),
);

/** For those who keep the process running. Says nothing about data. */
export function runningRoutes(app: App, { service }: RouteContext, metrics: () => GatewayMetrics): void {
  app.get(
    '/healthz',
    {
      config: { access: 'open', rateLimit: false },
      schema: {
        ...about('health', 'Running', 'Is the process alive?', 'When not: restart it.'),
        response: answers({ 200: json(Health, 'It is.') }, { 503: 'It is not.' }),
      },
    },
    async (_request, reply) => {
      const health = await service.health();
      reply.header('cache-control', 'no-store');
      if (!health.live) throw new HttpProblem('UNSILO_NOT_READY', { more: { reasons: health.reasons } });
      return health;
    },
  );

  app.get(
    '/readyz',
    {
      config: { access: 'open', rateLimit: false },
      schema: {
        ...about('readiness', 'Running', 'Can it take requests?', 'When not: send them elsewhere.'),
        response: answers({ 200: json(Health, 'It can.') }, { 503: 'Not yet, or not any more.' }),
      },
    },
    async (_request, reply) => {
      const health = await service.health();
      reply.header('cache-control', 'no-store');
      if (!health.live || !health.ready)
        throw new HttpProblem('UNSILO_NOT_READY', { more: { reasons: health.reasons } });
      return health;
    },
  );

  app.get(
    '/metrics',
    {
      config: { access: READERS },
      schema: {
        ...about('metrics', 'Running', 'Figures for Prometheus', 'Labels hold no personal data.'),
        response: answers({ 200: stream('text/plain', 'Prometheus text format 0.0.4.') }),
      },
    },
    async (_request, reply) => {
      const text = await metrics().text(await service.metrics());
      return reply.header('content-type', metrics().contentType).header('cache-control', 'no-store').send(text);
    },
  );
}
