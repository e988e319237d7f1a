import type { IncomingHttpHeaders } from 'node:http';
import type { IngestResult } from '@unsilo/hub';
import type { FastifyRequest } from 'fastify';
import { counted } from '@unsilo/schemas';
import { actorOf } from '../access/access.js';
import { HttpProblem } from '../http/problems.js';
import { IngestReport } from '../model/running.js';
import { about, answers, json, type App, type RouteContext } from './route.js';

const STRUCTURED = 'application/cloudevents+json';
const BATCH = 'application/cloudevents-batch+json';
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Events in, over the three modes of the CloudEvents HTTP binding 1.0: structured, batched and binary. What an event is, the service
 * judges; here only what HTTP adds.
 */
export function ingestRoutes(app: App, { service, limits }: RouteContext): void {
  app.register(async (scope: App) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: limits.eventBodyBytes }, (_request, body, done) =>
      done(null, body),
    );
    scope.post(
      '/v1/events',
      {
        bodyLimit: limits.eventBodyBytes,
        config: {
          access: ['source'],
          rateLimit: { max: limits.eventRequestsPerMinute, timeWindow: 60_000, groupId: 'events' },
        },
        schema: {
          ...about(
            'ingestEvents',
            'Events',
            'Events in',
            `CloudEvents 1.0 in structured mode (${STRUCTURED}), batched (${BATCH}) or in binary mode (application/json and ce-… headers). ` +
              'Idempotent by id. 202: all are durably in the log. Otherwise 422: `results` says for each whether it was accepted.',
          ),
          response: answers(
            { 202: json(IngestReport, 'All events were accepted.') },
            {
              413: 'Too many events, or too large.',
              415: 'None of the three modes.',
              422: 'Some or all events were rejected.',
            },
          ),
        },
      },
      async (request, reply) => {
        const { events, single } = eventsOf(request);
        if (events.length > limits.eventsPerRequest) {
          throw new HttpProblem('UNSILO_EVENTS_TOO_MANY', {
            detail: `${events.length} events were sent; at most ${limits.eventsPerRequest} are taken in one request.`,
          });
        }
        const results = events.length === 0 ? [] : await service.ingest(actorOf(request), events);
        const accepted = results.filter((result) => result.status === 'accepted').length;
        if (accepted < results.length) throw rejection(results, accepted, single);
        return reply.code(202).send({ accepted, results });
      },
    );
  });
}

/** Body of the route in the document: it can't stand in the route's schema, which would validate the raw bytes. */
export const ingestBody = {
  required: true,
  content: {
    [STRUCTURED]: { schema: { $ref: '#/components/schemas/EventEnvelope' } },
    [BATCH]: { schema: { type: 'array', items: { $ref: '#/components/schemas/EventEnvelope' } } },
    'application/json': {
      schema: { type: 'object', description: 'Binary mode: `data`; the attributes are ce-… headers.' },
    },
  },
};

function rejection(results: IngestResult[], accepted: number, single: boolean): HttpProblem {
  const detail = single
    ? 'The event was not accepted.'
    : `${results.length - accepted} of ${counted(results.length, 'event')} ${results.length - accepted === 1 ? 'was' : 'were'} not accepted.`;
  const errors = results.flatMap((result, index) =>
    result.status === 'accepted'
      ? []
      : result.errors.map(({ path, message }) => ({ path: single ? path : `/${index}${path}`, message })),
  );
  return new HttpProblem('UNSILO_EVENTS_REJECTED', {
    detail,
    errors: errors.slice(0, 100),
    more: { accepted, results },
  });
}

function eventsOf(request: FastifyRequest): { events: unknown[]; single: boolean } {
  const [mediaType = '', ...parameters] = (request.headers['content-type'] ?? '').toLowerCase().split(';');
  const charset = parameters.map((one) => one.trim()).find((one) => one.startsWith('charset='));
  if (charset !== undefined && charset.replace(/["']/g, '') !== 'charset=utf-8')
    throw new HttpProblem('UNSILO_HTTP_CONTENT_TYPE', { detail: 'Only UTF-8 is taken.' });
  const type = mediaType.trim();
  if (type === STRUCTURED) return { events: [parse(request.body)], single: true };
  if (type === BATCH) {
    const events = parse(request.body);
    if (!Array.isArray(events)) throw new HttpProblem('UNSILO_HTTP_MALFORMED', { detail: 'A batch is a JSON array.' });
    return { events, single: false };
  }
  if (request.headers['ce-specversion'] === undefined || type !== 'application/json')
    throw new HttpProblem('UNSILO_EVENTS_MODE');
  return { events: [{ ...attributesOf(request.headers), data: parse(request.body) }], single: true };
}

function parse(body: unknown): unknown {
  try {
    return JSON.parse(decoder.decode(body as Buffer)) as unknown;
  } catch {
    throw new HttpProblem('UNSILO_HTTP_MALFORMED');
  }
}

/** Attributes of an event in binary mode (CloudEvents HTTP binding 1.0.2, section 3.1.3): percent-encoded UTF-8. */
function attributesOf(headers: IncomingHttpHeaders): Record<string, string> {
  const attributes: Record<string, string> = { datacontenttype: 'application/json' };
  for (const [header, value] of Object.entries(headers)) {
    const name = /^ce-([a-z0-9]{1,40})$/.exec(header)?.[1];
    if (name !== undefined && typeof value === 'string') attributes[name] = decode(value);
  }
  // The distributed tracing extension travels as its own header too.
  if (typeof headers['traceparent'] === 'string') attributes['traceparent'] ??= headers['traceparent'];
  return attributes;
}

function decode(value: string): string {
  const bare = /^".*"$/.test(value) ? value.slice(1, -1).replace(/\\(["\\])/g, '$1') : value;
  try {
    return decodeURIComponent(bare);
  } catch {
    return bare;
  }
}
