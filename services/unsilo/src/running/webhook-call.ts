import type { WebhookAnswer, WebhookCall } from '@unsilo/connector-sdk';

/** How a call of an external system goes from the gateway to the process that runs the system. That one verifies it. */
export const WEBHOOK_PATH = '/internal/webhooks/';
const PATIENCE_MS = 30_000;

interface Passed extends Omit<WebhookCall, 'raw'> {
  /** Base64. */
  raw: string;
}

/** Undefined where that process takes no webhooks for the system; 503 when it can't be reached. */
export async function callElsewhere(
  url: string,
  system: string,
  call: WebhookCall,
  signal: AbortSignal,
): Promise<WebhookAnswer | undefined> {
  const passed: Passed = { ...call, raw: call.raw.toString('base64') };
  try {
    const response = await fetch(`${url}${WEBHOOK_PATH}${encodeURIComponent(system)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(passed),
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
    });
    if (response.status === 404) return undefined;
    if (response.status === 200) return (await response.json()) as WebhookAnswer;
  } catch {
    // The caller sends it again.
  }
  return { status: 503, body: 'The process that runs this system does not answer.' };
}

/** @throws SyntaxError when the bytes are no call */
export function readCall(body: Buffer): WebhookCall {
  const { method, path, query, headers, raw } = JSON.parse(body.toString('utf8')) as Partial<Passed>;
  if (typeof method !== 'string' || typeof path !== 'string' || typeof raw !== 'string')
    throw new SyntaxError('no call of a webhook');
  return { method, path, query: { ...query }, headers: { ...headers }, raw: Buffer.from(raw, 'base64') };
}
