import { Type } from 'typebox';
import { actorOf, READERS } from '../access/access.js';
import { findKey, type KeyStore } from '../access/keys.js';
import { LiveStream } from '../http/live-stream.js';
import { HttpProblem } from '../http/problems.js';
import { LivePage } from '../model/running.js';
import { about, answers, json, paging, present, stream, unchanged, type App, type RouteContext } from './route.js';

/** It names a place in every partition of every topic; the whole head of a request has 16 kB. */
const LONGEST_CURSOR = 12_000;

const closed = { additionalProperties: false } as const;

/** What flows through the hub, as server-sent events; and the same, a page at a time, for looking back. */
export function liveRoutes(app: App, { service, limits }: RouteContext, keys: KeyStore): { open(): number } {
  const running = new Set<LiveStream>();
  app.addHook('preClose', async () => {
    for (const live of running) live.end();
  });

  app.get(
    '/v1/live',
    {
      config: { access: READERS },
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
            after: Type.Optional(
              Type.String({ minLength: 1, maxLength: LONGEST_CURSOR, description: 'Cursor to go on after.' }),
            ),
            rate: Type.Optional(
              Type.Integer({
                minimum: 1,
                maximum: 10_000,
                description:
                  'For people: at most so many events a second. Events of type `skipped` say how many were left out; leave it away to get all.',
              }),
            ),
            topics: Type.Optional(
              Type.Array(Type.String({ minLength: 1, maxLength: 200 }), {
                maxItems: 50,
                description: 'Only these topics.',
              }),
            ),
          },
          closed,
        ),
        headers: Type.Object({ 'last-event-id': Type.Optional(Type.String({ maxLength: LONGEST_CURSOR })) }),
        response: answers({ 200: stream('text/event-stream', 'The stream.') }, { 429: 'Too many streams are open.' }),
      },
    },
    async (request, reply) => {
      if (running.size >= limits.liveStreams) throw new HttpProblem('UNSILO_STREAMS_EXHAUSTED');
      const actor = actorOf(request);
      const { keyHash = '', sessionEndsAt = Infinity } = request.caller ?? {};
      const { rate, topics } = request.query;
      const after = request.headers['last-event-id'] || request.query.after;
      const live = new LiveStream({
        heartbeatMs: limits.heartbeatMs,
        // A key that was revoked ends its streams, and so does the end of a session.
        stillAllowed: async () => {
          const now = Date.now();
          return sessionEndsAt > now && (await findKey(keys, keyHash, now)) !== undefined;
        },
        requestId: request.id,
        log: request.log,
        ...(rate !== undefined && { rate }),
      });
      running.add(live);
      live.output.once('close', () => running.delete(live));
      void live.pump((signal) => service.live(actor, present({ after, topics }), signal));
      return reply
        .header('content-type', 'text/event-stream; charset=utf-8')
        .header('cache-control', 'no-store')
        .header('x-accel-buffering', 'no')
        .send(live.output);
    },
  );

  app.get(
    '/v1/events',
    {
      config: { access: READERS },
      schema: {
        ...about('listEvents', 'Events', 'Events of one topic'),
        querystring: Type.Object(
          {
            topic: Type.String({
              minLength: 1,
              maxLength: 200,
              description: 'Name of the topic: `unsilo.parties.v1`.',
            }),
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
