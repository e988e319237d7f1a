import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { actorOf, READERS } from '../access/access.js';
import { faultFields } from '../http/log.js';
import { Hash } from '../model/customers.js';
import { about, answers, json, present, stream, unchanged, type App, type RouteContext } from './route.js';

const NDJSON = 'application/x-ndjson';

/** Answers of any size, one JSON value a line. */
export function exportRoutes(app: App, { service }: RouteContext): void {
  app.get(
    '/v1/audit',
    {
      config: { access: ['operator'] },
      schema: {
        ...about(
          'audit',
          'Systems',
          'Which records differ from their customer, and why',
          'One AuditRow a line. No lines: every writable record equals its customer. A last line with `problem` says that the answer is not whole.',
        ),
        querystring: Type.Object(
          { system: Type.Optional(Type.String({ maxLength: 63, description: 'Only this system.' })) },
          { additionalProperties: false },
        ),
        response: answers({ 200: stream(NDJSON, 'One AuditRow a line.') }),
      },
    },
    (request, reply) => {
      const controller = new AbortController();
      return lines(
        request,
        reply,
        service.audit(actorOf(request), present(request.query), controller.signal),
        controller,
      );
    },
  );

  app.get(
    '/v1/export/customers',
    {
      config: { access: READERS },
      schema: {
        ...about(
          'exportCustomers',
          'Customers',
          'All customers',
          'One Customer a line, in order of id. A last line with `problem` says that the answer is not whole.',
        ),
        response: answers({ 200: stream(NDJSON, 'One Customer a line.') }),
      },
    },
    (request, reply) => {
      const controller = new AbortController();
      return lines(request, reply, service.customers(actorOf(request), controller.signal), controller);
    },
  );

  app.get(
    '/v1/export/records',
    {
      config: { access: READERS },
      schema: {
        ...about(
          'exportRecords',
          'Customers',
          'All source records',
          'One record a line, as its system holds it, with the id of its customer, in order of ref. A last line with `problem` says that the answer is not whole.',
        ),
        response: answers({ 200: stream(NDJSON, 'One record a line.') }),
      },
    },
    (request, reply) => {
      const controller = new AbortController();
      return lines(request, reply, service.records(actorOf(request), controller.signal), controller);
    },
  );

  app.get(
    '/v1/export/training-data',
    {
      config: { access: ['operator'] },
      schema: {
        ...about(
          'exportTrainingData',
          'Systems',
          'What a matching model is trained on',
          'One TrainingLine a line: the settings, all records as they are compared, and the last word of a steward about each pair. `unsilo train` takes it. A last line with `problem` says that the answer is not whole.',
        ),
        response: answers({ 200: stream(NDJSON, 'One TrainingLine a line.') }),
      },
    },
    (request, reply) => {
      const controller = new AbortController();
      return lines(request, reply, service.trainingData(actorOf(request), controller.signal), controller);
    },
  );

  app.get(
    '/v1/export/customers/hash',
    {
      config: { access: READERS },
      schema: {
        ...about(
          'hashCustomers',
          'Customers',
          'One hash over all customers',
          'Equal for equal customers, whatever the order in which they came to be.',
        ),
        response: answers({ 200: json(Hash, 'The hash.'), ...unchanged }),
      },
    },
    (request) => service.customersHash(actorOf(request)),
  );
}

async function lines(
  request: FastifyRequest,
  reply: FastifyReply,
  items: AsyncIterable<unknown>,
  controller: AbortController,
): Promise<FastifyReply> {
  const iterator = items[Symbol.asyncIterator]();
  // What is refused is refused before the answer begins.
  const first = await iterator.next();
  const output = Readable.from(written(request, first, iterator), { objectMode: false });
  output.once('close', () => controller.abort());
  return reply.header('content-type', NDJSON).send(output);
}

async function* written(
  request: FastifyRequest,
  first: IteratorResult<unknown>,
  iterator: AsyncIterator<unknown>,
): AsyncGenerator<string> {
  let next = first;
  try {
    while (next.done !== true) {
      yield `${JSON.stringify(next.value)}\n`;
      next = await iterator.next();
    }
  } catch (error) {
    request.log.error(faultFields(error), 'An export broke off');
    yield `${JSON.stringify({ problem: 'UNSILO_INTERNAL', requestId: request.id })}\n`;
  } finally {
    await iterator.return?.();
  }
}
