import { Type } from 'typebox';
import { actorOf } from '../access/access.js';
import { deadLetterState, Letter, LetterPage, Replayed } from '../model/running.js';
import { Reasoned, Replaying } from '../model/requests.js';
import { about, answers, json, paging, present, unchanged, type App, type RouteContext } from './route.js';

const closed = { additionalProperties: false } as const;
const params = Type.Object({ id: Type.String({ minLength: 1, maxLength: 200 }) }, closed);
const unknown = { 404: 'No such dead letter.' };

export function deadLetterRoutes(app: App, { service, limits }: RouteContext): void {
  app.get(
    '/v1/dead-letters',
    {
      config: { access: ['operator'] },
      schema: {
        ...about('listDeadLetters', 'Dead letters', 'Input that could not be used'),
        querystring: Type.Object(
          {
            state: Type.Optional(deadLetterState),
            code: Type.Optional(
              Type.String({ maxLength: 200, description: 'Only those that failed for this reason.' }),
            ),
            ...paging(limits),
          },
          closed,
        ),
        response: answers({ 200: json(LetterPage, 'One page, newest first.'), ...unchanged }),
      },
    },
    (request) => service.deadLetters(actorOf(request), present(request.query)),
  );

  app.get(
    '/v1/dead-letters/:id',
    {
      config: { access: ['operator'] },
      schema: {
        ...about('getDeadLetter', 'Dead letters', 'One dead letter'),
        params,
        response: answers({ 200: json(Letter, 'The dead letter.'), ...unchanged }, unknown),
      },
    },
    (request) => service.deadLetter(actorOf(request), request.params.id),
  );

  app.post(
    '/v1/dead-letters/:id/replay',
    {
      bodyLimit: limits.eventBodyBytes,
      config: { access: ['operator'] },
      schema: {
        ...about(
          'replayDeadLetter',
          'Dead letters',
          'Mend and replay',
          'Validates the (mended) input and appends it as an event. A dry run only says what would happen. What a connector could not read (`replayable` is false) is mended where it comes from.',
        ),
        params,
        body: Replaying,
        response: answers({ 200: json(Replayed, 'What happened, or would happen.') }, unknown),
      },
    },
    (request) => service.replayDeadLetter(actorOf(request), request.params.id, present(request.body)),
  );

  app.post(
    '/v1/dead-letters/:id/discard',
    {
      config: { access: ['operator'] },
      schema: {
        ...about('discardDeadLetter', 'Dead letters', 'Discard', 'It stays readable, with the reason.'),
        params,
        body: Reasoned,
        response: answers({ 200: json(Letter, 'The dead letter.') }, unknown),
      },
    },
    (request) => service.discardDeadLetter(actorOf(request), request.params.id, request.body.reason),
  );
}
