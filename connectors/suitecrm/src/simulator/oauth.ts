import { randomBytes } from 'node:crypto';
import type { ApiAnswer, ApiRequest } from './server.js';

/** The token endpoint of SuiteCRM 7.14 (league/oauth2-server), with the statuses that it really answers. */
export interface TokenEndpoint {
  token(request: ApiRequest): ApiAnswer;
  /** Undefined: the request may pass. */
  refusal(request: ApiRequest): ApiAnswer | undefined;
  logout(request: ApiRequest): void;
  /** Makes all tokens void, as an administrator or a restart with new keys does. */
  revokeAll(): void;
}
export interface Login {
  grant: 'client_credentials' | 'password';
  clientId: string;
  clientSecret: string;
  username: string;
  password: string;
}

const SECONDS = 3600;
const DENIED = 'The resource owner or authorization server denied the request.';

export function tokenEndpoint(login: Login, now: () => number): TokenEndpoint {
  /** Access tokens with when they end, and the refresh token that came with them. */
  const access = new Map<string, { ends: number; refresh?: string }>();
  const refreshes = new Map<string, string>();

  function issue(withRefresh: boolean): ApiAnswer {
    const token = `${randomBytes(12).toString('hex')}.${randomBytes(12).toString('hex')}.${randomBytes(12).toString('hex')}`;
    const refresh = withRefresh ? `def50200${randomBytes(24).toString('hex')}` : undefined;
    access.set(token, { ends: now() + SECONDS * 1000, ...(refresh === undefined ? {} : { refresh }) });
    if (refresh !== undefined) refreshes.set(refresh, token);
    const more = refresh === undefined ? {} : { refresh_token: refresh };
    return oauth(200, { token_type: 'Bearer', expires_in: SECONDS, access_token: token, ...more });
  }

  const tokenOf = (request: ApiRequest) => /^Bearer (.+)$/.exec(request.headers['authorization'] ?? '')?.[1];

  return {
    token(request) {
      const form = fields(request);
      if (!['client_credentials', 'password', 'refresh_token'].includes(form['grant_type'] ?? ''))
        return failure(
          400,
          'unsupported_grant_type',
          'The authorization grant type is not supported by the authorization server.',
        );
      if (form['client_id'] !== login.clientId)
        return failure(500, 'unknown_error', `OAuth2Clients module with id ${form['client_id'] ?? ''} is not found`);
      const isRefresh = form['grant_type'] === 'refresh_token';
      if (form['client_secret'] !== login.clientSecret || (!isRefresh && form['grant_type'] !== login.grant))
        return failure(401, 'invalid_client', 'Client authentication failed');
      if (isRefresh) {
        const old = refreshes.get(form['refresh_token'] ?? '');
        if (old === undefined) return failure(401, 'invalid_request', 'The refresh token is invalid.');
        refreshes.delete(form['refresh_token']!);
        access.delete(old);
        return issue(true);
      }
      if (login.grant === 'client_credentials') return issue(false);
      // The real one repeats the password, too.
      if (form['username'] !== login.username || form['password'] !== login.password)
        return failure(500, 'unknown_error', `The password is invalid: ${form['password'] ?? ''}`);
      return issue(true);
    },
    refusal(request) {
      const token = tokenOf(request);
      if (token === undefined) return denied('Missing "Authorization" header');
      const known = access.get(token);
      if (known === undefined) return denied('Access token has been revoked');
      return known.ends <= now() ? denied('Access token is invalid') : undefined;
    },
    logout(request) {
      access.delete(tokenOf(request) ?? '');
    },
    revokeAll: () => access.clear(),
  };
}

function fields(request: ApiRequest): Record<string, string> {
  const body = request.body.toString('utf8');
  if (!request.headers['content-type']?.includes('json')) return Object.fromEntries(new URLSearchParams(body));
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, string>) : {};
  } catch {
    return {};
  }
}

function denied(hint: string): ApiAnswer {
  return oauth(401, { error: 'access_denied', error_description: DENIED, hint, message: DENIED });
}

function failure(status: number, error: string, message: string): ApiAnswer {
  return oauth(status, { error, error_description: message, message });
}

function oauth(status: number, body: object): ApiAnswer {
  return { status, headers: { 'content-type': 'application/json; charset=UTF-8' }, body };
}
