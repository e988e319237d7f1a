import type { Command } from '@unsilo/schemas';
import { Type } from 'typebox';
import { actorOf, READERS } from '../access/access.js';
import { InteractionKnown } from '../model/customers.js';
import { Creating, Replying } from '../model/requests.js';
import { ref } from '../model/view.js';
import { about, answers, json, present, refFrom, refParams, unchanged, type App, type RouteContext } from './route.js';

const idempotency = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      description: 'The same key answers the same command again instead of doing it twice.',
    }),
  ),
});

export function engagementRoutes(app: App, { service }: RouteContext): void {
  app.get(
    '/v1/interactions/:system/:kind/:id',
    {
      config: { access: READERS },
      schema: {
        ...about(
          'getInteraction',
          'Engagement',
          'One post, message or call',
          'With the replies sent from here and how they ended.',
        ),
        params: refParams,
        response: answers(
          { 200: json(InteractionKnown, 'The interaction.'), ...unchanged },
          { 404: 'No such interaction.' },
        ),
      },
    },
    (request) => service.interaction(actorOf(request), refFrom(request.params)),
  );

  app.post(
    '/v1/interactions/:system/:kind/:id/replies',
    {
      config: { access: ['agent'] },
      schema: {
        ...about(
          'reply',
          'Engagement',
          'Reply',
          'Asks the system to publish a reply. How it ended stands in the interaction and on the live stream.',
        ),
        params: refParams,
        headers: idempotency,
        body: Replying,
        response: answers(
          { 202: json(ref<Command>('Command'), 'The command that was given to the system.') },
          { 404: 'No such interaction.', 409: 'The system takes no replies.', 422: 'Too long.' },
        ),
      },
    },
    async (request, reply) => {
      const command = await service.reply(
        actorOf(request),
        refFrom(request.params),
        present({ ...request.body, idempotencyKey: request.headers['idempotency-key'] }),
      );
      return reply.code(202).send(command);
    },
  );

  app.post(
    '/v1/objects',
    {
      config: { access: ['agent'] },
      schema: {
        ...about(
          'createObject',
          'Engagement',
          'Make a case, an opportunity or a campaign response',
          'In a system, tied to the customer’s record there.',
        ),
        headers: idempotency,
        body: Creating,
        response: answers(
          { 202: json(ref<Command>('Command'), 'The command that was given to the system.') },
          { 409: 'The system cannot make such objects, or has no record of the customer.' },
        ),
      },
    },
    async (request, reply) => {
      const command = await service.createObject(
        actorOf(request),
        present({ ...request.body, idempotencyKey: request.headers['idempotency-key'] }),
      );
      return reply.code(202).send(command);
    },
  );
}
