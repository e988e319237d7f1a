import { Type } from 'typebox';
import { actorOf, READERS } from '../access/access.js';
import { Reasoned } from '../model/requests.js';
import { LagList, System, SystemList } from '../model/running.js';
import { about, answers, json, unchanged, type App, type RouteContext } from './route.js';

const params = Type.Object(
  { system: Type.String({ maxLength: 63, description: 'Name of the system.' }) },
  { additionalProperties: false },
);
const unknown = { 404: 'No such system.' };

export function systemRoutes(app: App, { service }: RouteContext): void {
  app.get(
    '/v1/systems',
    {
      config: { access: READERS },
      schema: {
        ...about(
          'listSystems',
          'Systems',
          'All connected systems',
          'Whether each runs, is behind or is paused and why; counts and lag.',
        ),
        response: answers({ 200: json(SystemList, 'The systems.'), ...unchanged }),
      },
    },
    async (request) => ({ items: await service.systems(actorOf(request)) }),
  );

  app.get(
    '/v1/lag',
    {
      config: { access: READERS },
      schema: {
        ...about(
          'listLag',
          'Systems',
          'How far each consumer group is behind',
          'In records and seconds, with a verdict.',
        ),
        response: answers({ 200: json(LagList, 'The groups: the hub, and two of each system.'), ...unchanged }),
      },
    },
    async (request) => ({ items: await service.lag(actorOf(request)) }),
  );

  app.post(
    '/v1/systems/:system/pause',
    {
      config: { access: ['operator'] },
      schema: {
        ...about(
          'pauseSystem',
          'Systems',
          'Pause a system',
          'Nothing is read from it or written to it until it is resumed; nothing is lost.',
        ),
        params,
        body: Reasoned,
        response: answers({ 200: json(System, 'The system.') }, unknown),
      },
    },
    (request) => service.pauseSystem(actorOf(request), request.params.system, request.body.reason),
  );

  app.post(
    '/v1/systems/:system/resume',
    {
      config: { access: ['operator'] },
      schema: {
        ...about('resumeSystem', 'Systems', 'Resume a system'),
        params,
        response: answers({ 200: json(System, 'The system.') }, unknown),
      },
    },
    (request) => service.resumeSystem(actorOf(request), request.params.system),
  );
}
