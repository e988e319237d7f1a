import { stringifySetCookie } from 'cookie';
import { SESSION_COOKIE, type Caller } from '../access/access.js';
import { findKey, hashKey, looksLikeKey, type KeyStore } from '../access/keys.js';
import type { Sessions } from '../access/session.js';
import { HttpProblem } from '../http/problems.js';
import { Session, SessionStart, type SessionInfo } from '../model/requests.js';
import { about, answers, empty, json, type App, type RouteContext } from './route.js';

/** Logging in to the console: an API key becomes a cookie that scripts can't read and other sites can't send. */
export function sessionRoutes(app: App, { limits }: RouteContext, keys: KeyStore, sessions: Sessions): void {
  app.post(
    '/v1/session',
    {
      config: {
        access: 'open',
        rateLimit: { max: limits.loginsPerMinute, timeWindow: 60_000, groupId: 'login' },
      },
      schema: {
        ...about(
          'logIn',
          'Session',
          'Log in to the console',
          'Sets a cookie: HttpOnly, SameSite=Strict. Programs send their key instead.',
        ),
        body: SessionStart,
        response: answers({ 200: json(Session, 'Who you are now.') }, { 401: 'The key is not valid.' }),
      },
    },
    async (request, reply) => {
      const { key } = request.body;
      const now = Date.now();
      const keyHash = hashKey(key);
      const record = looksLikeKey(key) ? await findKey(keys, keyHash, now) : undefined;
      if (!record) throw new HttpProblem('UNSILO_KEY_REFUSED');
      const keyEnd = record.expiresAt === undefined ? Infinity : Date.parse(record.expiresAt);
      const endsAt = Math.min(now + limits.sessionMs, keyEnd);
      const value = sessions.issue(keyHash, endsAt);
      return reply
        .header('set-cookie', cookie(value, Math.floor((endsAt - now) / 1000), request.protocol === 'https'))
        .header('cache-control', 'no-store')
        .send({ ...infoOf({ key: record, keyHash, by: 'session' }), endsAt: new Date(endsAt).toISOString() });
    },
  );

  app.get(
    '/v1/session',
    {
      config: { access: 'any-key' },
      schema: {
        ...about('whoAmI', 'Session', 'Who is logged in'),
        response: answers({ 200: json(Session, 'You.') }),
      },
    },
    (request, reply) => reply.header('cache-control', 'no-store').send(infoOf(request.caller)),
  );

  app.delete(
    '/v1/session',
    {
      config: { access: 'open' },
      schema: {
        ...about('logOut', 'Session', 'Log out'),
        response: answers({ 204: empty('The cookie is gone.') }),
      },
    },
    (request, reply) =>
      reply
        .header('set-cookie', cookie('', 0, request.protocol === 'https'))
        .code(204)
        .send(),
  );
}

function cookie(value: string, maxAge: number, secure: boolean): string {
  return stringifySetCookie({
    name: SESSION_COOKIE,
    value,
    path: '/v1',
    httpOnly: true,
    sameSite: 'strict',
    secure,
    maxAge,
  });
}

function infoOf(caller: Caller | undefined): SessionInfo {
  if (!caller) throw new HttpProblem('UNSILO_KEY_MISSING');
  const { name, tenant, roles } = caller.key;
  return { name, tenant, roles: [...roles] };
}
