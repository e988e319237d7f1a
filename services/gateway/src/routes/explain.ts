import { Type } from 'typebox';
import { actorOf, READERS } from '../access/access.js';
import {
  CommandExplained,
  CustomerExplained,
  EventExplained,
  PairExplained,
  ValueExplained,
} from '../model/explanations.js';
import { CustomerNamed, RefText } from '../model/parts.js';
import { about, answers, json, unchanged, type App, type RouteContext } from './route.js';

const closed = { additionalProperties: false } as const;
const id = Type.Object({ id: Type.String({ minLength: 1, maxLength: 1000 }) }, closed);
const unknown = { 404: 'Nothing is known under this name.' };

export function explainRoutes(app: App, { service }: RouteContext): void {
  app.get(
    '/v1/explain/value',
    {
      config: { access: READERS },
      schema: {
        ...about(
          'explainValue',
          'Explain',
          'Where a value comes from',
          'Who said it, since when, by which rule, and what it beat.',
        ),
        querystring: Type.Object(
          {
            customer: CustomerNamed,
            attribute: Type.String({ minLength: 1, maxLength: 200, description: '`name.given`, `emails`.' }),
            element: Type.Optional(
              Type.String({
                maxLength: 20_000,
                description:
                  'Which one, for attributes of several values: as in the provenance. Without it: all of them.',
              }),
            ),
          },
          closed,
        ),
        response: answers({ 200: json(ValueExplained, 'The explanation.'), ...unchanged }, unknown),
      },
    },
    (request) => {
      const { customer, attribute, element } = request.query;
      return service.explainValue(actorOf(request), customer, attribute, element);
    },
  );

  app.get(
    '/v1/explain/pair',
    {
      config: { access: READERS },
      schema: {
        ...about('explainPair', 'Explain', 'Why two records are, or are not, one customer'),
        querystring: Type.Object({ a: RefText, b: RefText }, closed),
        response: answers({ 200: json(PairExplained, 'The explanation.'), ...unchanged }, unknown),
      },
    },
    (request) => service.explainPair(actorOf(request), request.query.a, request.query.b),
  );

  app.get(
    '/v1/explain/customer',
    {
      config: { access: READERS },
      schema: {
        ...about(
          'explainCustomer',
          'Explain',
          'Why a customer’s records are together',
          'How clustering brought them together, join by join, what speaks against it, what holds least, and which records came closest and why they stayed outside.',
        ),
        querystring: Type.Object({ id: CustomerNamed }, closed),
        response: answers({ 200: json(CustomerExplained, 'The explanation.'), ...unchanged }, unknown),
      },
    },
    (request) => service.explainCustomer(actorOf(request), request.query.id),
  );

  app.get(
    '/v1/explain/command',
    {
      config: { access: READERS },
      schema: {
        ...about(
          'explainCommand',
          'Explain',
          'Why the hub wrote something',
          'Which statement and event caused it, and how it ended.',
        ),
        querystring: id,
        response: answers({ 200: json(CommandExplained, 'The explanation.'), ...unchanged }, unknown),
      },
    },
    (request) => service.explainCommand(actorOf(request), request.query.id),
  );

  app.get(
    '/v1/explain/event',
    {
      config: { access: READERS },
      schema: {
        ...about('explainEvent', 'Explain', 'What became of an event at each hop'),
        querystring: id,
        response: answers({ 200: json(EventExplained, 'The explanation.'), ...unchanged }, unknown),
      },
    },
    (request) => service.explainEvent(actorOf(request), request.query.id),
  );
}
