import { setTimeout as sleep } from 'node:timers/promises';
import type { Actor, HubService, LiveEvent } from '@unsilo/hub';
import type { Decision } from '@unsilo/schemas';
import type { Asked } from './asking.js';
import { CommandError } from './command.js';

type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** For so long a reading command does as it is told when the process tells it to come back later, seconds. */
const LONGEST_WAIT_S = 120;

/** What an agent and a steward do. */
export type Done = Pick<HubService, 'decide' | 'reply' | 'createObject'>;

/** The hub's service as a running process offers it over HTTP. The key decides who asks; the `actor` of each call is left aside. */
export function httpService(url: string, key: string): Asked & Done {
  const base = url.replace(/\/+$/, '');

  async function call(
    path: string,
    options: {
      method?: string;
      query?: Query;
      body?: unknown;
      /** The same key does the same thing once. */
      idempotencyKey?: string | undefined;
      signal?: AbortSignal | undefined;
      accept?: readonly number[];
      /** Waits as long as it is told to, within limits. */
      patient?: boolean;
    } = {},
  ): Promise<Response> {
    const {
      method = 'GET',
      query = {},
      body,
      idempotencyKey,
      signal,
      accept = [],
      patient = method === 'GET',
    } = options;
    let target: URL;
    try {
      target = new URL(`${base}${path}`);
    } catch {
      throw new CommandError('UNSILO_URL_INVALID', `${base} is no address.`, 'It looks like http://127.0.0.1:8420.');
    }
    for (const [name, value] of Object.entries(query))
      for (const item of value === undefined ? [] : [value].flat()) target.searchParams.append(name, String(item));
    const ask = (): Promise<Response> =>
      fetch(target, {
        method,
        redirect: 'manual',
        headers: {
          authorization: `Bearer ${key}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
      });
    let response: Response;
    try {
      response = await ask();
      // A command that looks at everything asks more often than a process lets one key ask in a minute.
      for (let waited = 0; response.status === 429 && patient && waited < LONGEST_WAIT_S;) {
        const seconds = Math.min(Number(response.headers.get('retry-after') ?? 5) || 5, LONGEST_WAIT_S);
        await sleep(seconds * 1000, undefined, signal === undefined ? {} : { signal });
        waited += seconds;
        response = await ask();
      }
    } catch (error) {
      if (signal?.aborted === true) throw error;
      const cause = (error as { cause?: { code?: unknown } }).cause?.code;
      throw new CommandError(
        'UNSILO_UNREACHABLE',
        `Nothing answers at ${base}${typeof cause === 'string' ? ` (${cause})` : ''}.`,
        'Is Unsilo running there?',
      );
    }
    if (!response.ok && !accept.includes(response.status)) throw await problem(response);
    return response;
  }

  async function json<T>(path: string, options?: Parameters<typeof call>[1]): Promise<T> {
    return (await (await call(path, options)).json()) as T;
  }

  /** One JSON value a line; a last line with `problem` says that the answer isn't whole. */
  async function* lines<T>(path: string, query: Query, signal: AbortSignal | undefined): AsyncGenerator<T> {
    const response = await call(path, { query, signal });
    for await (const line of textLines(response)) {
      if (line === '') continue;
      const value = JSON.parse(line) as T;
      const { problem: broken } = value as { problem?: string };
      if (broken !== undefined)
        throw new CommandError(broken, 'The answer broke off before its end.', 'Look into the log of the process.');
      yield value;
    }
  }

  const id = encodeURIComponent;
  return {
    searchCustomers: (_, query) => json('/v1/customers', { query }),
    async customer(_, customer) {
      const response = await call(`/v1/customers/${id(customer)}`, { accept: [308, 404, 410] });
      if (response.status === 404) return { status: 'unknown' };
      if (response.status === 410) return { status: 'gone' };
      const body = (await response.json()) as Record<string, unknown>;
      if (response.status === 308) return { status: 'moved', to: String(body['to']) };
      return { status: 'found', ...body } as Awaited<ReturnType<Asked['customer']>>;
    },
    customers: (_, signal) => lines('/v1/export/customers', {}, signal),
    records: (_, signal) => lines('/v1/export/records', {}, signal),
    customersHash: () => json('/v1/export/customers/hash'),
    timeline: (_, customer, query) => json(`/v1/customers/${id(customer)}/timeline`, { query }),
    employment: (_, customer, query) => json(`/v1/customers/${id(customer)}/employment`, { query }),
    record(_, ref) {
      const [system = '', kind = '', ...rest] = ref.split('/');
      return json(`/v1/refs/${id(system)}/${id(kind)}/${id(rest.join('/'))}`);
    },
    explainValue: (_, customer, attribute, element) =>
      json('/v1/explain/value', { query: { customer, attribute, element } }),
    explainPair: (_, a, b) => json('/v1/explain/pair', { query: { a, b } }),
    explainCustomer: (_, customer) => json('/v1/explain/customer', { query: { id: customer } }),
    explainCommand: (_, command) => json('/v1/explain/command', { query: { id: command } }),
    explainEvent: (_, event) => json('/v1/explain/event', { query: { id: event } }),
    review: (_, query) => json('/v1/review', { query }),
    matchingReport: () => json('/v1/matching'),
    trainingData: (_, signal) => lines('/v1/export/training-data', {}, signal),
    planModel: (_, body) => json('/v1/plan', { method: 'POST', body }),
    decisions: (_, query) => json('/v1/decisions', { query }),
    deadLetters: (_, query) => json('/v1/dead-letters', { query }),
    deadLetter: (_, letter) => json(`/v1/dead-letters/${id(letter)}`),
    replayDeadLetter: (_, letter, body) => json(`/v1/dead-letters/${id(letter)}/replay`, { method: 'POST', body }),
    discardDeadLetter: (_, letter, reason) =>
      json(`/v1/dead-letters/${id(letter)}/discard`, { method: 'POST', body: { reason } }),
    systems: async () => (await json<{ items: Awaited<ReturnType<Asked['systems']>> }>('/v1/systems')).items,
    lag: async () => (await json<{ items: Awaited<ReturnType<Asked['lag']>> }>('/v1/lag')).items,
    pauseSystem: (_, system, reason) => json(`/v1/systems/${id(system)}/pause`, { method: 'POST', body: { reason } }),
    resumeSystem: (_, system) => json(`/v1/systems/${id(system)}/resume`, { method: 'POST' }),
    audit: (_, query, signal) => lines('/v1/audit', query, signal),
    live: (_actor: Actor, query, signal) => liveEvents(() => call('/v1/live', { query, signal, patient: false })),
    events: (_, query) => json('/v1/events', { query }),
    async decide(_, body) {
      const response = await call('/v1/decisions', { method: 'POST', body });
      return { decision: (await response.json()) as Decision, inEffect: response.status === 201 };
    },
    reply(_, interaction, { idempotencyKey, ...body }) {
      const [system = '', kind = '', ...rest] = interaction.split('/');
      const path = `/v1/interactions/${id(system)}/${id(kind)}/${id(rest.join('/'))}/replies`;
      return json(path, { method: 'POST', body, idempotencyKey });
    },
    createObject: (_, { idempotencyKey, ...body }) => json('/v1/objects', { method: 'POST', body, idempotencyKey }),
  };
}

/** Server-sent events whose data is a LiveEvent; one of type `problem` ends the stream. */
async function* liveEvents(open: () => Promise<Response>): AsyncGenerator<LiveEvent> {
  let type = '';
  for await (const line of textLines(await open())) {
    if (line === '') type = '';
    else if (line.startsWith('event: ')) type = line.slice(7);
    else if (line.startsWith('data: ')) {
      const data = JSON.parse(line.slice(6)) as LiveEvent & { code?: string; title?: string };
      if (type === 'problem') throw new CommandError(data.code ?? 'UNSILO_INTERNAL', data.title ?? 'The stream ended.');
      yield data;
    }
  }
}

async function* textLines(response: Response): AsyncGenerator<string> {
  if (response.body === null) return;
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
  if (rest !== '') yield rest;
}

/** A refusal in the words of the process (RFC 9457). */
async function problem(response: Response): Promise<CommandError> {
  const body = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  const text = (name: string): string | undefined => (typeof body[name] === 'string' ? body[name] : undefined);
  const code = text('code') ?? 'UNSILO_HTTP';
  const message = text('detail') ?? text('title') ?? `The process answered with status ${response.status}.`;
  return new CommandError(code, message, text('hint'));
}
