import { ServiceError } from '@unsilo/hub';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { HttpProblem } from '../http/problems.js';
import type { WebhookAnswer, WebhookCall, Webhooks } from '../options.js';
import { about, answers, stream, empty, type App, type RouteContext } from './route.js';

/** What a system's challenge may be answered as. Markup never: the answer may hold what the caller sent. */
const ANSWER_TYPES: ReadonlySet<string> = new Set(['text/plain', 'application/json', 'application/xml', 'text/xml']);

/** Calls of external systems, handed on as the bytes that were sent. Open, since each connector checks its own signatures. */
export function webhookRoutes(app: App, { limits }: RouteContext, webhooks: Webhooks): void {
  const systems: ReadonlySet<string> = new Set(webhooks.systems);
  app.register(async (scope: App) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: limits.eventBodyBytes }, (_request, body, done) =>
      done(null, body),
    );
    for (const method of ['GET', 'POST'] as const) {
      scope.route({
        method,
        url: '/v1/webhooks/:system',
        bodyLimit: limits.eventBodyBytes,
        config: {
          access: 'open',
          rateLimit: {
            max: limits.eventRequestsPerMinute,
            timeWindow: 60_000,
            groupId: 'webhooks',
            // One system's calls must not use up what another behind the same proxy may send; made-up names share one count.
            keyGenerator: (request) => {
              const { system = '' } = request.params as { system?: string };
              return systems.has(system) ? `${request.ip} ${system}` : request.ip;
            },
          },
        },
        preParsing: async (request) => {
          const { system = '' } = request.params as { system?: string };
          if (!systems.has(system)) throw new HttpProblem('UNSILO_WEBHOOK_UNKNOWN');
        },
        schema: {
          ...about(
            method === 'POST' ? 'receiveWebhook' : 'confirmWebhook',
            'Events',
            method === 'POST' ? 'A call of an external system' : 'An external system confirms an address',
            'The connector of the system checks the signature over the raw bytes and says what to answer.',
          ),
          params: Type.Object({ system: Type.String({ maxLength: 63 }) }, { additionalProperties: false }),
          response: answers(
            { 200: stream('text/plain', 'As the system expects it.'), 202: empty('Taken.'), 204: empty('Taken.') },
            {
              401: 'The call is not authentic.',
              404: 'The system takes no webhooks.',
              503: 'Not just now: send it again.',
            },
          ),
        },
        handler: async (request, reply) => {
          const answer = await handle(webhooks, request.params.system, callOf(request));
          if (answer === undefined) throw new HttpProblem('UNSILO_WEBHOOK_UNKNOWN');
          const status = answer.status >= 200 && answer.status <= 599 ? answer.status : 500;
          if (answer.body === undefined) return reply.code(status).send();
          return reply.code(status).header('content-type', safeType(answer.contentType)).send(answer.body);
        },
      });
    }
  });
}

async function handle(webhooks: Webhooks, system: string, call: WebhookCall): Promise<WebhookAnswer | undefined> {
  try {
    return await webhooks.call(system, call);
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    const { name, code, hint, retryAfterMs } = error as Error & {
      code?: unknown;
      hint?: unknown;
      retryAfterMs?: unknown;
    };
    const advice = typeof hint === 'string' ? { hint } : {};
    if (typeof code === 'string' && code.startsWith('UNSILO_WEBHOOK_'))
      throw new HttpProblem('UNSILO_WEBHOOK_REFUSED', { ...advice, more: { reason: code } });
    if (name === 'RetryableError' || name === 'PauseError') {
      const seconds = typeof retryAfterMs === 'number' ? Math.ceil(retryAfterMs / 1000) : 30;
      throw new HttpProblem('UNSILO_WEBHOOK_UNAVAILABLE', { headers: { 'retry-after': String(seconds) } });
    }
    if (name === 'TerminalError') throw new HttpProblem('UNSILO_HTTP_INVALID', advice);
    throw error;
  }
}

function callOf(request: FastifyRequest): WebhookCall {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers))
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  const query: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.query as Record<string, unknown>)) {
    const last: unknown = Array.isArray(value) ? value.at(-1) : value;
    if (typeof last === 'string') query[name] = last;
  }
  const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const path = request.url.split('?', 1)[0] ?? request.url;
  return { method: request.method, path, query, headers, raw };
}

function safeType(contentType: string | undefined): string {
  const type = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return `${ANSWER_TYPES.has(type) ? type : 'text/plain'}; charset=utf-8`;
}
