import fc from 'fast-check';
import { Type } from 'typebox';
import {
  MappingConfigSchema,
  parseOptions,
  redactor,
  secret,
  secretValues,
  urlForMessages,
  type Connector,
} from '../src/index.js';

test('a secret is hidden in plain, percent-encoded, JSON and base64 form', () => {
  const value = 'p@ss "word"/ü';
  const redact = redactor([value]);
  const forms = [value, encodeURIComponent(value), JSON.stringify({ value }), Buffer.from(value).toString('base64')];
  for (const form of forms) expect(redact(`before ${form} after`)).toMatch(/^before .*\[hidden\].* after$/);
  expect(redactor(['abc', ''])('abc')).toBe('abc');
});

test('no text holds a secret after redaction', () => {
  const word = fc.string({ minLength: 4, unit: 'binary' }).filter((text) => !'[hidden]'.includes(text));
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), fc.string(), (secrets, filler) => {
      const redact = redactor(secrets);
      for (const value of secrets) expect(redact(filler + value + filler)).toContain('[hidden]');
    }),
  );
});

test('a URL for messages has no credentials, no values of the query and no fragment', () => {
  expect(urlForMessages('https://user:pass@crm.example/api/v8?token=abc&page=2#frag')).toBe(
    'https://crm.example/api/v8?token=…&page=…',
  );
  expect(urlForMessages('not a url with token')).toBe('[not a URL]');
});

const schema = Type.Object({
  url: Type.String(),
  token: Type.String(secret),
  accounts: Type.Optional(
    Type.Array(Type.Object({ user: Type.String(), password: Type.String({ format: 'password' }) })),
  ),
  headers: Type.Optional(Type.Record(Type.String(), Type.String(secret))),
  auth: Type.Optional(Type.Union([Type.Object({ kind: Type.Literal('key'), key: Type.String(secret) }), Type.Null()])),
  interval: Type.Number({ default: 60 }),
  mapping: Type.Optional(MappingConfigSchema),
});

test('the secrets among options are found wherever they stand', () => {
  const options = {
    url: 'u',
    token: 't0',
    accounts: [{ user: 'a', password: 'p1' }],
    headers: { 'x-key': 'h2' },
    auth: { kind: 'key', key: 'k3' },
  };
  expect(secretValues(schema, options)).toEqual(['t0', 'p1', 'h2', 'k3']);
});

describe('options', () => {
  const connector = { options: schema } as unknown as Connector<{ interval: number }>;

  test('get their defaults', () => {
    const given = { url: 'u', token: 't' };
    expect(parseOptions(connector, given)).toEqual({ ok: true, options: { url: 'u', token: 't', interval: 60 } });
    expect(given).toEqual({ url: 'u', token: 't' });
  });

  test('are refused with their place, never with their value', () => {
    const parsed = parseOptions(connector, { url: 7, token: { s3cret: 1 }, mapping: { fields: { a: 3 } } });
    expect(parsed.ok).toBe(false);
    const paths = parsed.ok ? [] : parsed.problems.map((problem) => problem.path);
    expect(paths).toEqual(expect.arrayContaining(['/url', '/token', '/mapping/fields/a']));
    expect(JSON.stringify(parsed)).not.toContain('s3cret');
  });

  test('missing altogether are as good as empty', () => {
    expect(parseOptions(connector, undefined)).toMatchObject({ ok: false });
  });
});
