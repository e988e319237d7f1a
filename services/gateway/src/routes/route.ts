import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { HubService } from '@unsilo/hub';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Type, type TSchema } from 'typebox';
import type { Limits } from '../options.js';
import { ref } from '../model/view.js';
import type { Problem } from '../http/problems.js';

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** What groups of routes are made of. */
export interface RouteContext {
  service: HubService;
  limits: Limits;
}

export type Tag =
  | 'Events'
  | 'Customers'
  | 'Explain'
  | 'Decisions'
  | 'Engagement'
  | 'Dead letters'
  | 'Systems'
  | 'Running'
  | 'Session'
  | 'Console';

/** Name, place and purpose of a route in the document. */
export function about(operationId: string, tag: Tag, summary: string, description?: string) {
  return { operationId, tags: [tag], summary, ...(description !== undefined && { description }) };
}

export interface Answer {
  description: string;
  /** `null`: without a body. */
  type?: 'null';
  content?: Record<string, { schema: TSchema }>;
  headers?: Record<string, object>;
}

export function json(schema: TSchema, description: string): Answer {
  return { description, content: { 'application/json': { schema } } };
}

export function stream(contentType: string, description: string): Answer {
  return { description, content: { [contentType]: { schema: Type.String() } } };
}

export function empty(description: string): Answer {
  return { description, type: 'null' };
}

const problemBody = { 'application/problem+json': { schema: ref<Problem>('Problem') } };

/** The answers of a route: its own, 304 where a GET carries an ETag, and a problem for everything else. */
export function answers(own: Record<number, Answer>, problems: Record<number, string> = {}) {
  const out: Record<string, Answer> = {};
  for (const [status, answer] of Object.entries(own)) out[status] = answer;
  for (const [status, description] of Object.entries(problems)) out[status] = { description, content: problemBody };
  out['default'] = { description: 'A problem (RFC 9457); the codes are on the page /docs.', content: problemBody };
  return out;
}

export const unchanged: Record<number, Answer> = {
  304: empty('Nothing changed since the answer with the ETag in If-None-Match.'),
};

export function paging(limits: Limits) {
  return {
    cursor: Type.Optional(
      Type.String({ minLength: 1, maxLength: 4096, description: '`next` of the page before. Absent: the first page.' }),
    ),
    limit: Type.Integer({
      minimum: 1,
      maximum: limits.pageSize,
      default: Math.max(1, Math.floor(limits.pageSize / 4)),
      description: 'Most items on the page.',
    }),
  };
}

/** Leaves out what wasn't sent: the service's types tell absent from undefined. */
export function present<T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as never;
}

export const refParams = Type.Object(
  {
    system: Type.String({ maxLength: 63, description: 'The system.' }),
    kind: Type.String({ maxLength: 63, description: 'The kind of record: `contact`.' }),
    id: Type.String({ minLength: 1, maxLength: 512, description: 'Its id in the system, percent-encoded.' }),
  },
  { additionalProperties: false },
);
export function refFrom({ system, kind, id }: { system: string; kind: string; id: string }): string {
  return `${system}/${kind}/${id}`;
}
