import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { sameSecret, verifySignature, type SignatureScheme, type WebhookCall } from '../src/index.js';

const raw = Buffer.from('{"id":1,"ü":"\\u00fc"}');
const secret = 'hush';
const call = (headers: Record<string, string>, body: Buffer = raw): WebhookCall => ({
  method: 'POST',
  path: '/',
  query: {},
  headers,
  raw: body,
});
const sign = (algorithm: string, encoding: 'hex' | 'base64', data: string | Buffer = raw) =>
  createHmac(algorithm, secret).update(data).digest(encoding);
const code = (check: () => void) => {
  try {
    check();
    return 'accepted';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe.each([
  ['GitHub and Meta: sha256, hex, prefix', { algorithm: 'sha256', encoding: 'hex', prefix: 'sha256=' }],
  ['WebSub: sha1, hex, prefix', { algorithm: 'sha1', encoding: 'hex', prefix: 'sha1=' }],
  ['WebSub: sha384, hex, prefix', { algorithm: 'sha384', encoding: 'hex', prefix: 'sha384=' }],
  ['sha512, base64', { algorithm: 'sha512', encoding: 'base64' }],
  ['Shopify: sha256, base64', { algorithm: 'sha256', encoding: 'base64' }],
] as const)('%s', (_, form) => {
  const scheme: SignatureScheme = { ...form, secret, header: 'X-Signature' };
  const prefix = 'prefix' in form ? form.prefix : '';
  const good = prefix + sign(form.algorithm, form.encoding);

  test('a right signature over the raw bytes is accepted, whatever the case of the header', () => {
    expect(code(() => verifySignature(call({ 'x-signature': good }), scheme))).toBe('accepted');
    expect(code(() => verifySignature(call({ 'X-SIGNATURE': good }), scheme))).toBe('accepted');
    expect(code(() => verifySignature(call({ 'x-signature': `${prefix}AAAA, ${good}` }), scheme))).toBe('accepted');
  });

  test('any other byte of body or signature is refused', () => {
    fc.assert(
      fc.property(fc.nat(raw.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(raw);
        changed[at]! ^= flip;
        expect(code(() => verifySignature(call({ 'x-signature': good }, changed), scheme))).toBe(
          'UNSILO_WEBHOOK_FORGED',
        );
      }),
    );
    for (const bad of [good.slice(0, -4), `${good}00`, prefix, '', `${prefix}zz`, good.replace(prefix, 'md5=')])
      if (bad !== good)
        expect(code(() => verifySignature(call({ 'x-signature': bad }), scheme))).toBe('UNSILO_WEBHOOK_FORGED');
  });

  test('a call without signature, and a configuration without secret', () => {
    expect(code(() => verifySignature(call({}), scheme))).toBe('UNSILO_WEBHOOK_UNSIGNED');
    const empty = createHmac(form.algorithm, '').update(raw).digest(form.encoding);
    expect(code(() => verifySignature(call({ 'x-signature': prefix + empty }), { ...scheme, secret: '' }))).toBe(
      'UNSILO_WEBHOOK_NO_SECRET',
    );
  });
});

describe('with the time of sending (Slack)', () => {
  const now = Date.UTC(2026, 2, 1);
  const scheme: SignatureScheme = {
    secret,
    header: 'x-slack-signature',
    algorithm: 'sha256',
    encoding: 'hex',
    prefix: 'v0=',
    timestamp: { header: 'x-slack-request-timestamp', unit: 's', toleranceMs: 300_000, separator: ':', prefix: 'v0:' },
  };
  const at = (ms: number, signedMs = ms) =>
    call({
      'x-slack-request-timestamp': String(ms / 1000),
      'x-slack-signature': `v0=${sign('sha256', 'hex', Buffer.concat([Buffer.from(`v0:${signedMs / 1000}:`), raw]))}`,
    });

  test('a fresh call is accepted, an old, a future and a redated one are not', () => {
    expect(code(() => verifySignature(at(now - 299_000), scheme, now))).toBe('accepted');
    expect(code(() => verifySignature(at(now - 301_000), scheme, now))).toBe('UNSILO_WEBHOOK_STALE');
    expect(code(() => verifySignature(at(now + 301_000), scheme, now))).toBe('UNSILO_WEBHOOK_STALE');
    expect(code(() => verifySignature(at(now, now - 600_000), scheme, now))).toBe('UNSILO_WEBHOOK_FORGED');
    const undated = at(now);
    delete undated.headers['x-slack-request-timestamp'];
    expect(code(() => verifySignature(undated, scheme, now))).toBe('UNSILO_WEBHOOK_STALE');
  });
});

test('shared tokens are compared whole; an empty one fits nothing', () => {
  expect(sameSecret('a', 'a')).toBe(true);
  for (const [given, expected] of [
    ['', ''],
    ['a', 'ab'],
    [undefined, 'a'],
    ['b', 'a'],
  ] as const)
    expect(sameSecret(given, expected)).toBe(false);
});
