import type { Actor, Role } from '@unsilo/hub';
import { parseCookie } from 'cookie';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpProblem } from '../http/problems.js';
import type { ProblemCode } from '../http/codes.js';
import { findKey, hashKey, looksLikeKey, type KeyRecord, type KeyStore } from './keys.js';
import type { Sessions } from './session.js';

/** Who may call a route: everybody, everybody with a valid key, or those with one of the roles (`admin` always). */
export type Access = 'open' | 'any-key' | readonly [Role, ...Role[]];

/** Reading is part of every role but that of programs that only send events. */
export const READERS: readonly [Role, ...Role[]] = ['reader', 'agent', 'steward', 'operator'];

export const SESSION_COOKIE = 'unsilo_session';
/** Browsers let no foreign page send it unasked, and CORS is off: it proves that a change comes from the console. */
export const CONSOLE_HEADER = 'x-unsilo-console';

/** Who sent a request, once known. */
export interface Caller {
  key: KeyRecord;
  keyHash: string;
  by: 'key' | 'session';
  /** When the session is over, epoch milliseconds; a key's end stands in its record. */
  sessionEndsAt?: number;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    caller: Caller | undefined;
    refusal: ProblemCode | undefined;
  }
}

/**
 * Identifies callers first (so that limits count by key), refuses them after the limits, before any body is read.
 * A route that doesn't declare who may call it stops the start.
 */
export function guardRoutes(app: FastifyInstance, keys: KeyStore, sessions: Sessions): void {
  app.decorateRequest('caller', undefined);
  app.decorateRequest('refusal', undefined);
  app.addHook('onRoute', (route) => {
    if (route.config?.access === undefined)
      throw new Error(`${String(route.method)} ${route.url} doesn't declare who may call it (config.access).`);
  });
  app.addHook('onRequest', async (request) => {
    const access = request.routeOptions.config.access;
    if (access === undefined || access === 'open') return;
    const found = await identify(request, keys, sessions);
    if (typeof found === 'string') request.refusal = found;
    else request.caller = found;
  });
  app.addHook('preParsing', async (request) => {
    authorise(request, request.routeOptions.config.access);
  });
}

async function identify(request: FastifyRequest, keys: KeyStore, sessions: Sessions): Promise<Caller | ProblemCode> {
  const now = Date.now();
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const key = /^bearer +(\S+) *$/i.exec(authorization)?.[1];
    if (key === undefined) return 'UNSILO_KEY_MISSING';
    if (!looksLikeKey(key)) return 'UNSILO_KEY_REFUSED';
    const keyHash = hashKey(key);
    const record = await findKey(keys, keyHash, now);
    return record ? { key: record, keyHash, by: 'key' } : 'UNSILO_KEY_REFUSED';
  }
  const cookie = parseCookie(request.headers.cookie ?? '')[SESSION_COOKIE];
  if (cookie === undefined) return 'UNSILO_KEY_MISSING';
  const session = sessions.read(cookie, now);
  const record = session && (await findKey(keys, session.keyHash, now));
  return record
    ? { key: record, keyHash: session.keyHash, by: 'session', sessionEndsAt: session.endsAt }
    : 'UNSILO_SESSION_ENDED';
}

function authorise(request: FastifyRequest, access: Access | undefined): void {
  // Undefined: no such route.
  if (access === undefined || access === 'open') return;
  const { caller } = request;
  if (!caller) {
    throw new HttpProblem(request.refusal ?? 'UNSILO_KEY_MISSING', {
      headers: { 'www-authenticate': 'Bearer realm="unsilo"' },
    });
  }
  const { roles } = caller.key;
  if (access !== 'any-key' && !roles.includes('admin') && !access.some((role) => roles.includes(role))) {
    throw new HttpProblem('UNSILO_ROLE_MISSING', {
      detail: `This needs one of the roles ${access.join(', ')}; the key has ${roles.join(', ') || 'none'}.`,
      more: { roles: access },
    });
  }
  const changes = request.method !== 'GET' && request.method !== 'HEAD';
  if (changes && caller.by === 'session' && request.headers[CONSOLE_HEADER] === undefined)
    throw new HttpProblem('UNSILO_CROSS_SITE');
}

/** Who asks, in the service's terms. */
export function actorOf(request: FastifyRequest): Actor {
  const { caller } = request;
  if (!caller) throw new HttpProblem('UNSILO_KEY_MISSING');
  const { tenant, name, roles } = caller.key;
  return { tenant, name, roles };
}
