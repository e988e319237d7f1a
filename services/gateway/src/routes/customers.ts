import { Type } from 'typebox';
import { actorOf, READERS } from '../access/access.js';
import { HttpProblem } from '../http/problems.js';
import { Employment, Moved, RecordKnown, SummaryPage, Timeline, Whole } from '../model/customers.js';
import {
  about,
  answers,
  json,
  paging,
  present,
  refFrom,
  refParams,
  unchanged,
  type App,
  type RouteContext,
} from './route.js';

const closed = { additionalProperties: false } as const;
const idParams = Type.Object(
  { id: Type.String({ maxLength: 128, description: 'Any id that was ever handed out.' }) },
  closed,
);

export function customerRoutes(app: App, { service, limits }: RouteContext): void {
  const query = Type.Object(
    {
      text: Type.Optional(
        Type.String({ maxLength: 500, description: 'Words of a name, an e-mail address, a phone number or a handle.' }),
      ),
      ...paging(limits),
    },
    closed,
  );
  app.get(
    '/v1/customers',
    {
      config: { access: READERS },
      schema: {
        ...about('searchCustomers', 'Customers', 'Search customers', 'Without `text`: all, newest change first.'),
        querystring: query,
        response: answers({ 200: json(SummaryPage, 'One page.'), ...unchanged }),
      },
    },
    (request) => service.searchCustomers(actorOf(request), present(request.query)),
  );

  app.get(
    '/v1/customers/:id',
    {
      config: { access: READERS },
      schema: {
        ...about(
          'getCustomer',
          'Customers',
          'One customer',
          'With provenance and alternatives of every value, beside the records as their systems hold them. Ids of customers that became part of another one keep resolving.',
        ),
        params: idParams,
        response: answers(
          {
            200: json(Whole, 'The customer.'),
            ...unchanged,
            308: {
              ...json(Moved, 'The customer is part of another one now.'),
              headers: { location: { schema: { type: 'string' }, description: 'Where it is.' } },
            },
          },
          { 404: 'No customer ever had this id.', 410: 'The customer was forgotten.' },
        ),
      },
    },
    async (request, reply) => {
      const found = await service.customer(actorOf(request), request.params.id);
      switch (found.status) {
        case 'found':
          return { customer: found.customer, records: found.records };
        case 'moved':
          return reply
            .code(308)
            .header('location', `/v1/customers/${encodeURIComponent(found.to)}`)
            .send({ to: found.to });
        case 'gone':
          throw new HttpProblem('UNSILO_CUSTOMER_GONE');
        case 'unknown':
          throw new HttpProblem('UNSILO_CUSTOMER_UNKNOWN');
      }
    },
  );

  app.get(
    '/v1/customers/:id/timeline',
    {
      config: { access: READERS },
      schema: {
        ...about('getTimeline', 'Customers', 'What happened with a customer'),
        params: idParams,
        querystring: Type.Object(paging(limits), closed),
        response: answers(
          { 200: json(Timeline, 'One page, newest first.'), ...unchanged },
          { 404: 'No such customer.' },
        ),
      },
    },
    (request) => service.timeline(actorOf(request), request.params.id, present(request.query)),
  );

  app.get(
    '/v1/customers/:id/employment',
    {
      config: { access: READERS },
      schema: {
        ...about(
          'getEmployment',
          'Customers',
          'Whom a person works for, or the people of an organization',
          'Persons and organizations are customers of their own: what ties them is the name that systems give, and the domain.',
        ),
        params: idParams,
        querystring: Type.Object({ limit: paging(limits).limit }, closed),
        response: answers({ 200: json(Employment, 'Both sides.'), ...unchanged }, { 404: 'No such customer.' }),
      },
    },
    (request) => service.employment(actorOf(request), request.params.id, request.query),
  );

  app.get(
    '/v1/refs/:system/:kind/:id',
    {
      config: { access: READERS },
      schema: {
        ...about(
          'getRecord',
          'Customers',
          'One record of one system',
          'All that the hub knows of it, and whose it is.',
        ),
        params: refParams,
        response: answers({ 200: json(RecordKnown, 'The record.'), ...unchanged }, { 404: 'No such record.' }),
      },
    },
    (request) => service.record(actorOf(request), refFrom(request.params)),
  );
}
