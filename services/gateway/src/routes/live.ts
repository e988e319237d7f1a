import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { ServiceError, type Actor, type HubService, type LiveEvent } from '@unsilo/hub';
import type { FastifyBaseLogger } from 'fastify';
import { Type } from 'typebox';
import { actorOf } from '../access/access.js';
import { findKey, type KeyStore } from '../access/keys.js';
import { faultFields } from '../http/log.js';
import { answerOf, HttpProblem } from '../http/problems.js';
import { LivePage } from '../model/running.js';
import { about, answers, json, paging, present, stream, unchanged, type App, type RouteContext } from './route.js';

const closed = { additionalProperties: false } as const;

/** What flows through the hub, as server-sent events; and the same, a page at a time, for looking back. */
export function liveRoutes(app: App, { service, limits }: RouteContext, keys: KeyStore): { open(): number } {
  const running = new Set<AbortController>();
  app.addHook('preClose', async () => {
    for (const controller of running) controller.abort();
  });

  app.get(
    '/v1/live',
    {
      config: { access: ['reader'] },
      schema: {
        ...about(
          'live',
          'Events',
          'What flows, live',
          'Server-sent events. `id` is a cursor: send the last one as Last-Event-ID (browsers do) or `after` to go on without a gap. `data` is a LiveEvent. ' +
            'An event of type `problem` says why the stream ends.',
        ),
        querystring: Type.Object(
          {
            after: Type.Optional(Type.String({ minLength: 1, maxLength: 4096, description: 'Cursor to go on after.' })),
            topics: Type.Optional(
              Type.Array(Type.String({ minLength: 1, maxLength: 200 }), {
                maxItems: 50,
                description: 'Only these topics.',
              }),
            ),
          },
          closed,
        ),
        headers: Type.Object({ 'last-event-id': Type.Optional(Type.String({ maxLength: 4096 })) }),
        response: answers({ 200: stream('text/event-stream', 'The stream.') }, { 429: 'Too many streams are open.' }),
      },
    },
    async (request, reply) => {
      if (running.size >= limits.liveStreams) throw new HttpProblem('UNSILO_STREAMS_EXHAUSTED');
      const actor = actorOf(request);
      const keyHash = request.caller?.keyHash ?? '';
      const after = request.headers['last-event-id'] || request.query.after;
      const controller = new AbortController();
      const output = new PassThrough();
      running.add(controller);
      const heartbeat = setInterval(() => {
        // A key that was revoked ends its streams.
        findKey(keys, keyHash, Date.now()).then(
          (key) => (key ? output.write(': alive\n\n') : controller.abort()),
          () => controller.abort(),
        );
      }, limits.heartbeatMs);
      const end = () => {
        clearInterval(heartbeat);
        running.delete(controller);
        controller.abort();
      };
      output.once('close', end);
      output.write('retry: 2000\n\n');
      void pump(service, actor, present({ after, topics: request.query.topics }), output, controller.signal, {
        requestId: request.id,
        log: request.log,
      });
      return reply
        .header('content-type', 'text/event-stream; charset=utf-8')
        .header('cache-control', 'no-store')
        .header('x-accel-buffering', 'no')
        .send(output);
    },
  );

  app.get(
    '/v1/events',
    {
      config: { access: ['reader'] },
      schema: {
        ...about('listEvents', 'Events', 'Events of one topic'),
        querystring: Type.Object(
          {
            topic: Type.String({ minLength: 1, maxLength: 200, description: 'Name of the topic: `parties`.' }),
            ...paging(limits),
          },
          closed,
        ),
        response: answers({ 200: json(LivePage, 'One page, newest first.'), ...unchanged }, { 404: 'No such topic.' }),
      },
    },
    (request) => service.events(actorOf(request), present(request.query)),
  );
  return { open: () => running.size };
}

async function pump(
  service: HubService,
  actor: Actor,
  query: { after?: string; topics?: readonly string[] },
  output: PassThrough,
  signal: AbortSignal,
  context: { requestId: string; log: FastifyBaseLogger },
): Promise<void> {
  try {
    for await (const event of service.live(actor, query, signal)) {
      if (signal.aborted) break;
      if (!output.write(frame(event))) await once(output, 'drain', { signal });
    }
  } catch (error) {
    if (!signal.aborted) output.write(farewell(error, context));
  } finally {
    output.end();
  }
}

function frame(event: LiveEvent): string {
  // A line break in an id would begin another field.
  const id = /[\r\n\0]/.test(event.cursor) ? '' : `id: ${event.cursor}\n`;
  return `${id}data: ${JSON.stringify(event)}\n\n`;
}

function farewell(error: unknown, { requestId, log }: { requestId: string; log: FastifyBaseLogger }): string {
  const known = error instanceof ServiceError;
  if (!known) log.error(faultFields(error), 'A live stream failed');
  const { problem } = answerOf(known ? error : new HttpProblem('UNSILO_INTERNAL'), requestId);
  return `event: problem\ndata: ${JSON.stringify(problem)}\n\n`;
}
