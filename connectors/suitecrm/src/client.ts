import {
  PauseError,
  RetryableError,
  TerminalError,
  type ConnectorContext,
  type HttpResponse,
} from '@unsilo/connector-sdk';
import { failure, isObject, readAnswer, recordOf, recordsOf, type Answer } from './answers.js';
import type { SuiteRecord } from './modules.js';
import { endpoints, type SuiteCrmOptions } from './options.js';
import { sessionOf, type Token } from './session.js';

/** The V8 API of one SuiteCRM. The only file that talks to the network. */
export interface SuiteClient {
  /**
   * Records by id, in the order of ids (the one order that pages can rely on: the API sorts by one field, and equal values fall
   * through the cracks between pages).
   */
  list(module: string, query: ListQuery): Promise<Listed>;
  /** Undefined: there is no such record (any more). */
  get(module: string, id: string, fields?: readonly string[]): Promise<SuiteRecord | undefined>;
  /** Whether a record is there at all: `hidden` from the API's user, or of an id that the API doesn't take. */
  standing(module: string, id: string): Promise<'there' | 'hidden' | 'missing'>;
  /** `exists`: a record with this id is there already, deleted perhaps. */
  create(module: string, id: string, attributes: Attributes): Promise<SuiteRecord | 'exists'>;
  /** The record as it stands after the write; undefined: it isn't there. */
  update(module: string, id: string, attributes: Attributes): Promise<SuiteRecord | undefined>;
  /** False: it wasn't there. */
  remove(module: string, id: string): Promise<boolean>;
  related(module: string, id: string, link: string): Promise<SuiteRecord[]>;
  relate(module: string, id: string, link: string, other: { module: string; id: string }): Promise<void>;
  /** Unlinking what isn't linked is no failure. */
  unrelate(module: string, id: string, link: string, otherId: string): Promise<void>;
  currentUser(): Promise<SuiteRecord | undefined>;
  /** Undefined: they can't be read. */
  timeZone(userId: string): Promise<string | undefined>;
  /** Name and length (where it has one) of each field of a module. */
  fields(module: string): Promise<Map<string, number | undefined>>;
  /** The server's time, epoch milliseconds of its clock, as of an answer that has just come. Ours, where it tells none. */
  serverTime(module: string): Promise<number>;
}
export type Attributes = Readonly<Record<string, string>>;
export interface ListQuery {
  fields: readonly string[];
  size: number;
  /** `[field, operator, value]`, all of them to hold. Operators: eq, neq, gt, gte, lt, lte, like. */
  where: readonly (readonly [field: string, operator: string, value: string])[];
}
export interface Listed {
  records: SuiteRecord[];
  /** What stands in the list and is no record, as it came. */
  unusable: readonly unknown[];
  /** The list names this record but can't load it: nothing of the page was given. */
  unloadable?: string;
}

const JSON_API = 'application/vnd.api+json';
/** Links of one record that are read at most. */
const MOST_RELATED = 1000;
/** A token is renewed this long before it ends. */
const RENEW_BEFORE_MS = 60_000;

export function createSuiteClient(context: ConnectorContext<SuiteCrmOptions>): SuiteClient {
  const { http, options, clock, signal } = context;
  const session = sessionOf(http);
  const at = endpoints(options);

  async function call(method: string, path: string, body?: unknown): Promise<Answer> {
    for (let number = 1; ; number += 1) {
      const token = await accessToken();
      const response = await http.request({
        method,
        url: `${at.api}${path}`,
        headers: {
          accept: JSON_API,
          authorization: `Bearer ${token.access}`,
          ...(body === undefined ? {} : { 'content-type': JSON_API }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        accept: [400, 401],
        // What a repeated write is answered, its first sending may have brought about: who repeats must know.
        idempotent: method === 'GET',
        signal,
      });
      noteTime(response);
      if (response.status !== 401) return readAnswer(response);
      // Revoked by a refresh elsewhere, or by an administrator: one new login, then it is final.
      if (session.token === token) delete session.token;
      if (number > 1)
        throw new PauseError('UNSILO_SUITECRM_UNAUTHORIZED', 'SuiteCRM refuses the token that it has just given', {
          hint: 'Does a proxy take the Authorization header away? Apache needs `CGIPassAuth On` or a rewrite rule for it.',
        });
    }
  }

  function noteTime({ headers, clockOffsetMs }: HttpResponse): void {
    if (clockOffsetMs === undefined) return;
    session.clockOffsetMs = clockOffsetMs;
    const told = Date.parse(headers['date'] ?? '');
    if (!Number.isNaN(told)) session.serverTimeMs = told;
  }

  async function accessToken(): Promise<Token> {
    const { token } = session;
    if (token !== undefined && token.expiresAt - RENEW_BEFORE_MS > clock.now()) return token;
    session.loggingIn ??= login(token?.refresh).finally(() => delete session.loggingIn);
    return session.loggingIn;
  }

  async function login(refresh: string | undefined): Promise<Token> {
    const { auth } = options;
    const client = { client_id: auth.clientId, client_secret: auth.clientSecret };
    if (refresh !== undefined) {
      const renewed = await grant({ grant_type: 'refresh_token', refresh_token: refresh, ...client });
      if (renewed !== undefined) return renewed;
    }
    const { username, password } = auth;
    const isPassword = auth.grant === 'password';
    if (isPassword && (username === undefined || password === undefined))
      throw new PauseError('UNSILO_SUITECRM_LOGIN_INCOMPLETE', 'The grant password needs a user and its password', {
        hint: 'Set auth.username and auth.password, or auth.grant to client_credentials.',
      });
    const user = isPassword ? { username: username!, password: password! } : {};
    const given = await grant({ grant_type: auth.grant, ...client, ...user });
    if (given !== undefined) return given;
    throw new PauseError('UNSILO_SUITECRM_LOGIN_REFUSED', 'SuiteCRM refuses the login', {
      hint: `Check auth.clientId and auth.clientSecret${isPassword ? ', auth.username and auth.password' : ''}, and that the OAuth2 client allows the grant ${auth.grant}.`,
    });
  }

  /** Undefined: refused. The answer is not repeated anywhere: SuiteCRM puts a wrong password into it. */
  async function grant(form: Record<string, string>): Promise<Token | undefined> {
    const response = await http.request({
      method: 'POST',
      url: at.token,
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: new URLSearchParams(form).toString(),
      accept: [400, 401, 403, 500],
      // Asking for a token twice is harmless.
      idempotent: true,
      signal,
    });
    noteTime(response);
    const parsed = parseToken(response);
    const { access_token: access, refresh_token: refresh, expires_in: expires } = parsed ?? {};
    if (response.status < 300 && isToken(access)) {
      const seconds = Number(expires);
      session.token = {
        access,
        ...(isToken(refresh) ? { refresh } : {}),
        expiresAt: clock.now() + (Number.isFinite(seconds) && seconds > 0 ? seconds : 3600) * 1000,
      };
      return session.token;
    }
    // A wrong password or an unknown client is answered with 500 and an OAuth error; any other 500 is a failure of the server.
    if (response.status === 500 && typeof parsed?.['error'] !== 'string')
      throw new RetryableError('UNSILO_SUITECRM_LOGIN_FAILED', 'SuiteCRM failed at the login (500)', {
        mayHaveApplied: false,
        hint: 'If it stays so: are the keys Api/V8/OAuth2/private.key and public.key there, readable, mode 600 or 660?',
      });
    if (response.status < 300)
      throw new TerminalError('UNSILO_SUITECRM_BAD_ANSWER', 'The token endpoint answered without a token', {
        hint: 'Is `url` the address of SuiteCRM itself? For SuiteCRM 8 it ends in /legacy.',
      });
    return undefined;
  }

  async function list(module: string, { fields, size, where }: ListQuery): Promise<Listed> {
    const query = [
      `fields[${module}]=${fields.join(',')}`,
      ...where.map(([field, operator, value]) => `filter[${field}][${operator}]=${encodeURIComponent(value)}`),
      'sort=id',
      // Both are needed: without a size there are 20 rows and no pages, without a number `next` leads to the same page.
      `page[size]=${size}`,
      'page[number]=1',
    ];
    const answer = await call('GET', `/module/${module}?${query.join('&')}`);
    if (answer.kind === 'data') return recordsOf(answer.data, `Listing ${module}`);
    if (answer.kind === 'missing' && answer.module === module)
      return { records: [], unusable: [], unloadable: answer.id };
    throw failure(answer, `Listing ${module}`);
  }

  return {
    list,

    async get(module, id, fields) {
      const query = fields === undefined ? '' : `?fields[${module}]=${fields.join(',')}`;
      const answer = await call('GET', `/module/${module}/${encodeURIComponent(id)}${query}`);
      if (answer.kind === 'data') return recordIn(answer.data, id, `Reading ${module}`);
      if (isMissing(answer, module, id)) return undefined;
      throw failure(answer, `Reading ${module}`);
    },

    async standing(module, id) {
      const answer = await call('GET', `/module/${module}/${encodeURIComponent(id)}?fields[${module}]=id`);
      if (answer.kind === 'data') return 'there';
      if (isMissing(answer, module, id)) return 'missing';
      if (answer.kind === 'denied' || answer.kind === 'refused') return 'hidden';
      throw failure(answer, `Reading ${module}`);
    },

    async create(module, id, attributes) {
      const answer = await call('POST', '/module', { data: { type: module, id, attributes } });
      if (answer.kind === 'data') return recordIn(answer.data, id, `Creating in ${module}`);
      if (answer.kind === 'exists') return 'exists';
      throw failure(answer, `Creating in ${module}`);
    },

    async update(module, id, attributes) {
      const answer = await call('PATCH', '/module', { data: { type: module, id, attributes } });
      if (answer.kind === 'data') return recordIn(answer.data, id, `Writing ${module}`);
      if (isMissing(answer, module, id)) return undefined;
      throw failure(answer, `Writing ${module}`);
    },

    async remove(module, id) {
      const answer = await call('DELETE', `/module/${module}/${encodeURIComponent(id)}`);
      if (answer.kind === 'data') return true;
      if (isMissing(answer, module, id)) return false;
      throw failure(answer, `Deleting in ${module}`);
    },

    async related(module, id, link) {
      const page = `page[size]=${MOST_RELATED}&page[number]=1`;
      const answer = await call('GET', `/module/${module}/${encodeURIComponent(id)}/relationships/${link}?${page}`);
      if (answer.kind === 'data') return recordsOf(answer.data, `Reading ${link} of ${module}`).records;
      if (isMissing(answer, module, id)) return [];
      throw failure(answer, `Reading ${link} of ${module}`);
    },

    async relate(module, id, link, other) {
      const body = { data: { type: other.module, id: other.id } };
      const answer = await call('POST', `/module/${module}/${encodeURIComponent(id)}/relationships/${link}`, body);
      if (answer.kind !== 'data') throw failure(answer, `Linking ${link} to ${module}`);
    },

    async unrelate(module, id, link, otherId) {
      const path = `/module/${module}/${encodeURIComponent(id)}/relationships/${link}/${encodeURIComponent(otherId)}`;
      const answer = await call('DELETE', path);
      if (answer.kind !== 'data' && answer.kind !== 'not-related')
        throw failure(answer, `Unlinking ${link} of ${module}`);
    },

    async currentUser() {
      const answer = await call('GET', '/current-user');
      if (answer.kind === 'data') return recordOf(answer.data);
      throw failure(answer, 'Reading the current user');
    },

    async timeZone(userId) {
      const answer = await call('GET', `/user-preferences/${encodeURIComponent(userId)}`);
      const preferences = answer.kind === 'data' ? recordOf(answer.data)?.attributes['global'] : undefined;
      const zone = isObject(preferences) ? preferences['timezone'] : undefined;
      return typeof zone === 'string' && zone !== '' ? zone : undefined;
    },

    async fields(module) {
      const answer = await call('GET', `/meta/fields/${module}`);
      if (answer.kind !== 'data') throw failure(answer, `Reading the fields of ${module}`);
      const attributes = isObject(answer.data) && isObject(answer.data['attributes']) ? answer.data['attributes'] : {};
      return new Map(
        Object.entries(attributes).map(([name, definition]) => {
          const length = isObject(definition) ? Number(definition['len']) : Number.NaN;
          return [name, Number.isInteger(length) && length > 0 ? length : undefined];
        }),
      );
    },

    async serverTime(module) {
      // An answer without rows, as cheap as they get.
      await list(module, { fields: ['id'], size: 1, where: [['id', 'eq', '0']] });
      return session.serverTimeMs ?? clock.now();
    },
  };
}

/** What can stand in a header. One that can't would fail each request until it ends. */
function isToken(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]{1,8192}$/.test(value);
}

function isMissing(answer: Answer, module: string, id: string): boolean {
  // The same text with another module's name says that the API's own user is gone.
  return answer.kind === 'missing' && answer.module === module && answer.id.toLowerCase() === id.toLowerCase();
}

function recordIn(data: unknown, id: string, what: string): SuiteRecord {
  const record = recordOf(data);
  if (record === undefined || record.id.toLowerCase() !== id.toLowerCase())
    throw new RetryableError('UNSILO_SUITECRM_BAD_ANSWER', `${what}: the answer holds another record, or none`);
  return record;
}

function parseToken(response: HttpResponse): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(response.body.toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
