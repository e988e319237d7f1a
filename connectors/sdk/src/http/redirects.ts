import { TerminalError } from '../errors.js';

/** What is sent to another origin than the one it was meant for: nothing that could be a credential. */
const HARMLESS_HEADERS: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'content-type',
  'if-modified-since',
  'if-none-match',
  'range',
  'user-agent',
]);

export interface Sending {
  method: string;
  url: URL;
  headers: Record<string, string>;
  body: string | Uint8Array | undefined;
}

export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

/**
 * The request that follows a redirect, as fetch does it: 303, and 301 or 302 after POST, become GET without a body.
 * @throws TerminalError UNSILO_HTTP_BAD_REDIRECT
 */
export function follow(sending: Sending, status: number, location: string, exchange: string): Sending {
  let url: URL;
  try {
    url = new URL(location, sending.url);
  } catch {
    throw new TerminalError('UNSILO_HTTP_BAD_REDIRECT', `${exchange} was redirected to something that is no URL`);
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new TerminalError(
      'UNSILO_HTTP_BAD_REDIRECT',
      `${exchange} was redirected to ${url.protocol}, only http and https are followed`,
    );
  if (sending.url.protocol === 'https:' && url.protocol === 'http:')
    throw new TerminalError('UNSILO_HTTP_BAD_REDIRECT', `${exchange} was redirected from https to http`, {
      hint: 'What was meant to be encrypted would be sent readable; configure the final https address instead.',
    });
  const toGet =
    (status === 303 && sending.method !== 'HEAD') || ((status === 301 || status === 302) && sending.method === 'POST');
  if (!toGet && sending.body !== undefined && url.origin !== sending.url.origin)
    throw new TerminalError('UNSILO_HTTP_BAD_REDIRECT', `${exchange} was redirected, body and all, to another server`, {
      hint: 'What was meant for one server would be sent to another; configure the final address instead.',
    });
  const headers = Object.fromEntries(
    Object.entries(sending.headers).filter(([name]) => {
      if (toGet && name.startsWith('content-')) return false;
      return url.origin === sending.url.origin || HARMLESS_HEADERS.has(name);
    }),
  );
  return toGet ? { method: 'GET', url, headers, body: undefined } : { ...sending, url, headers };
}
