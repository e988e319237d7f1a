import type { Entities, Limits } from './entities.js';
import { SELF, type SimulatedStatus, type World } from './world.js';

/** A request and an answer of the simulated API, apart from any server. */
export interface ApiRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
}
export interface ApiAnswer {
  status?: number;
  headers?: Record<string, string>;
  body?: object;
}

/** A rate that nobody reaches; the reset lies so far ahead. */
const RESET_MS = 300_000;
const MISSING: ApiAnswer = { status: 404, body: { error: 'Record not found' } };

/** @param check Told each answer of a known call, under its name in the contract: `GET /api/v1/statuses/{id}`. */
export function mastodonApi(options: {
  world: World;
  entities: Entities;
  limits: Limits;
  token: string;
  domain: string;
  now: () => number;
  check: (call: string, answer: ApiAnswer) => void;
}): (request: ApiRequest) => ApiAnswer {
  const { world, entities, limits, domain } = options;
  const { accounts, statuses, notifications } = world;
  /** Id of the status that was made under an idempotency key. */
  const made = new Map<string, string>();

  const isSeen = (status: SimulatedStatus | undefined): status is SimulatedStatus =>
    status !== undefined && status.deleted !== true;

  function page<T extends { id: string }>(
    request: ApiRequest,
    all: readonly T[],
    entity: (item: T) => object,
  ): ApiAnswer {
    const limit = Math.min(Number(request.query.get('limit') ?? 20), 80);
    const above = request.query.get('min_id');
    const below = request.query.get('max_id');
    const sorted = [...all].sort((a, b) => compareIds(a.id, b.id));
    const matching = sorted.filter(
      ({ id }) => (above === null || compareIds(id, above) > 0) && (below === null || compareIds(id, below) < 0),
    );
    const chosen = (above === null ? matching.slice(-limit) : matching.slice(0, limit)).reverse();
    const [first] = chosen;
    const last = chosen.at(-1);
    if (first === undefined || last === undefined) return { body: [] };
    const link = (rel: string, name: string, id: string) =>
      `<https://${domain}${request.path}?limit=${limit}&${name}=${id}>; rel="${rel}"`;
    const links = [link('next', 'max_id', last.id), link('prev', 'min_id', first.id)];
    return { headers: { link: links.join(', ') }, body: chosen.map(entity) };
  }

  function post(request: ApiRequest): ApiAnswer {
    const key = request.headers['idempotency-key'];
    const known = key === undefined ? undefined : made.get(key);
    if (known !== undefined) return { body: entities.status(statuses.get(known)!) };
    const body = JSON.parse(request.body.toString()) as Record<string, string>;
    const parent = statuses.get(body['in_reply_to_id'] ?? '');
    if (!isSeen(parent))
      return { status: 404, body: { error: 'The post you are trying to reply to does not appear to exist.' } };
    const text = body['status'] ?? '';
    if (text.length > limits.maxCharacters * 4)
      return {
        status: 422,
        body: { error: `Validation failed: Text character limit of ${limits.maxCharacters} exceeded` },
      };
    const status = world.write(SELF, text, {
      inReplyTo: parent.id,
      mentions: [...accounts.values()].filter(({ acct }) => text.includes(`@${acct}`)).map(({ id }) => id),
      visibility: body['visibility'] ?? 'public',
      spoiler: body['spoiler_text'] ?? '',
      language: body['language'] ?? null,
    });
    if (key !== undefined) made.set(key, status.id);
    return { body: entities.status(status) };
  }

  function conversation(id: string): ApiAnswer {
    const ancestors: SimulatedStatus[] = [];
    for (let at = statuses.get(id); at?.inReplyTo !== undefined; at = statuses.get(at.inReplyTo)) {
      const parent = statuses.get(at.inReplyTo);
      if (!isSeen(parent)) break;
      ancestors.unshift(parent);
    }
    const descendants: SimulatedStatus[] = [];
    const collect = (parent: string) => {
      for (const status of statuses.values())
        if (status.inReplyTo === parent && status.deleted !== true) {
          descendants.push(status);
          collect(status.id);
        }
    };
    collect(id);
    return { body: { ancestors: ancestors.map(entities.status), descendants: descendants.map(entities.status) } };
  }

  function route(request: ApiRequest): [call: string, answer: ApiAnswer] | undefined {
    const { method, path, query } = request;
    const [, id, rest] = /^\/api\/v1\/(?:statuses|accounts)\/([^/]+)(?:\/(\w+))?$/.exec(path) ?? [];
    if (method === 'POST' && path === '/api/v1/statuses') return ['POST /api/v1/statuses', post(request)];
    if (method !== 'GET') return undefined;
    if (path === '/api/v2/instance') return ['GET /api/v2/instance', { body: entities.instance() }];
    if (path === '/api/v1/accounts/verify_credentials')
      return ['GET /api/v1/accounts/verify_credentials', { body: entities.account(accounts.get(SELF)!, true) }];
    if (path === '/api/v1/notifications') {
      const types = query.getAll('types[]');
      const wanted = notifications.filter(
        ({ type, status }) =>
          (types.length === 0 || types.includes(type)) && (status === undefined || isSeen(statuses.get(status))),
      );
      return ['GET /api/v1/notifications', page(request, wanted, entities.notification)];
    }
    if (path.startsWith('/api/v1/accounts/') && id !== undefined) {
      const account = accounts.get(id);
      if (account === undefined || account.gone === true) return ['GET /api/v1/accounts/{id}', MISSING];
      if (rest === undefined) return ['GET /api/v1/accounts/{id}', { body: entities.account(account) }];
      const own = [...statuses.values()].filter((status) => status.account === id && status.deleted !== true);
      return ['GET /api/v1/accounts/{id}/statuses', page(request, own, entities.status)];
    }
    if (path.startsWith('/api/v1/statuses/') && id !== undefined) {
      const status = statuses.get(id);
      if (!isSeen(status)) return ['GET /api/v1/statuses/{id}', MISSING];
      if (rest === 'context') return ['GET /api/v1/statuses/{id}/context', conversation(id)];
      if (rest === 'source')
        return ['GET /api/v1/statuses/{id}/source', { body: { id, text: status.text, spoiler_text: status.spoiler } }];
      return ['GET /api/v1/statuses/{id}', { body: entities.status(status) }];
    }
    return undefined;
  }

  return (request) => {
    const rate = {
      'x-ratelimit-limit': '300',
      'x-ratelimit-remaining': '299',
      'x-ratelimit-reset': new Date(options.now() + RESET_MS).toISOString(),
    };
    if (request.headers['authorization'] !== `Bearer ${options.token}`)
      return { status: 401, headers: rate, body: { error: 'The access token is invalid' } };
    const [call, answer] = route(request) ?? [undefined, MISSING];
    if (call !== undefined) options.check(call, answer);
    return { ...answer, headers: { ...rate, ...answer.headers } };
  };
}

function compareIds(a: string, b: string): number {
  const [x, y] = [BigInt(a), BigInt(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}
