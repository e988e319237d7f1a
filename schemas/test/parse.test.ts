import fc from 'fast-check';
import { jsonErrorPosition } from '../src/json-position.js';
import { parseEvent } from '../src/index.js';
import { partyChanged } from './support/events.js';

const json = JSON.stringify(partyChanged());

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('parseEvent', () => {
  it('says where the text stops being JSON, and nothing of what it holds', () => {
    const text = JSON.stringify(partyChanged(), null, 2).replace('"given": "Ada",', '"given": Ada,');
    expect(parseEvent(text)).toEqual({
      ok: false,
      code: 'UNSILO_NOT_JSON',
      errors: [{ path: '', keyword: 'json', message: 'is not valid JSON from line 24, column 18 on' }],
    });
    expect(text.split('\n')[23]?.slice(17)).toBe('Ada,');
  });

  it('says from which byte on the bytes are not UTF-8', () => {
    const bytes = Buffer.from(json);
    bytes[100] = 0xff;
    expect(parseEvent(bytes)).toMatchObject({
      code: 'UNSILO_NOT_UTF8',
      errors: [{ message: 'is not valid UTF-8 from byte 100 on' }],
    });
    const cut = Buffer.from('"é').subarray(0, 2);
    expect(parseEvent(cut)).toMatchObject({
      code: 'UNSILO_NOT_UTF8',
      errors: [{ message: 'is not valid UTF-8 from byte 2 on' }],
    });
    expect(parseEvent(Buffer.from(json, 'utf16le'))).toMatchObject({ ok: false });
    expect(parseEvent(Buffer.from('{"name":"José"}', 'latin1'))).toMatchObject({ code: 'UNSILO_NOT_UTF8' });
  });

  it.each([
    '',
    ' ',
    'null',
    '[]',
    '0',
    '"text"',
    '{}',
    '[[[[',
    '{"a":1,}',
    "{'a':1}",
    'NaN',
    '{"a":1}{"a":2}',
    '\u0000',
    '1e999',
  ])('refuses %j', (text) => {
    expect(parseEvent(text)).toMatchObject({
      ok: false,
      errors: [{ path: expect.any(String), message: expect.any(String) }],
    });
    expect(parseEvent(Buffer.from(text))).toEqual(parseEvent(text));
  });

  it('takes bottomless nesting without exhausting the stack', () => {
    const deep = '['.repeat(2_000_000);
    expect(parseEvent(deep)).toMatchObject({ ok: false, code: 'UNSILO_NOT_JSON' });
    expect(parseEvent(`${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`)).toMatchObject({
      ok: false,
      code: 'UNSILO_INVALID',
    });
    const summary = `{"format":1,"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    const record = json
      .replace('unsilo.party.changed', 'unsilo.record.summarised')
      .replace(
        /"data":.*$/,
        `"data":{"ref":"a/b/c","observations":[],"commands":[],"outcomes":[],"summary":${summary}}}`,
      );
    expect(parseEvent(record)).toMatchObject({ ok: false, code: 'UNSILO_INVALID', errors: [{ keyword: 'depth' }] });
  });

  it.each(['__proto__', '\\u005f_proto__', 'constructor', 'prototype', 'c\\u006fnstructor'])(
    'refuses %s as a name at every place',
    (key) => {
      const places = [...json.matchAll(/\{/g)].map(({ index }) => index + 1);
      expect(places.length).toBeGreaterThan(10);
      for (const place of places) {
        const hostile = `${json.slice(0, place)}"${key}":{"polluted":true},${json.slice(place)}`;
        expect(parseEvent(hostile)).toMatchObject({ ok: false, code: 'UNSILO_INVALID' });
      }
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
      expect(Object.prototype).not.toHaveProperty('polluted');
    },
  );

  it('refuses half a surrogate pair, written or escaped, in values and names', () => {
    for (const [from, to] of [
      ['"Ada"', '"\\ud83d"'],
      ['"Ada"', '"\ud83d"'],
      ['"loyalty_tier"', '"\\udc00"'],
      ['"gold"', '"\\udc00\\ud83d"'],
    ] as const) {
      expect(parseEvent(json.replace(from, to))).toMatchObject({ ok: false, errors: [{ keyword: 'wellFormed' }] });
    }
    expect(parseEvent(json.replace('"Ada"', '"\\ud83d\\ude00"'))).toMatchObject({ ok: true });
  });

  it('never throws, whatever comes', () => {
    const damaged = fc
      .tuple(fc.nat(json.length), fc.nat(20), fc.string({ unit: 'binary', maxLength: 5 }))
      .map(([at, cut, put]) => json.slice(0, at) + put + json.slice(at + cut));
    fc.assert(
      fc.property(fc.oneof(damaged, fc.string({ unit: 'binary' }), fc.json()), (text) => {
        const result = parseEvent(text);
        expect(result.ok || result.errors.length === 1).toBe(true);
        expect(result.ok || (result.code === 'UNSILO_NOT_JSON') === !isJson(text)).toBe(true);
      }),
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => expect(parseEvent(bytes).ok).toBe(false)));
  });
});

describe('the place of an error in JSON', () => {
  it('is the end when the end is missing', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), (whole, at) => {
        const text = whole.slice(0, at % whole.length);
        fc.pre(!isJson(text));
        const { offset } = jsonErrorPosition(text);
        // What is missing begins at the end, or with the word, number or escape that was cut.
        expect(offset).toBeLessThanOrEqual(text.length);
        expect(text.length - offset).toBeLessThanOrEqual(/[\w\\.+-]*$/.exec(text)?.[0].length ?? 0);
      }),
    );
  });

  it('is where a character stands that may stand nowhere, or where the word begins that it breaks', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), (whole, at) => {
        const place = at % (whole.length + 1);
        const { offset } = jsonErrorPosition(`${whole.slice(0, place)}\u0001${whole.slice(place)}`);
        expect(offset).toBeLessThanOrEqual(place);
        expect(place - offset).toBeLessThanOrEqual(/[\w\\.+-]*$/.exec(whole.slice(0, place))?.[0].length ?? 0);
      }),
    );
  });

  it('exists for every text that is no JSON, and lies where the text is JSON so far', () => {
    const token = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '1',
      '-',
      '01',
      '1.',
      'true',
      'nul',
      ' ',
      '\n',
      '\\',
      'x',
    );
    fc.assert(
      fc.property(
        fc.array(token, { maxLength: 12 }).map((tokens) => tokens.join('')),
        (text) => {
          fc.pre(!isJson(text));
          const { offset, line, column } = jsonErrorPosition(text);
          expect(offset).toBeLessThanOrEqual(text.length);
          const before = text.slice(0, offset).split('\n');
          expect([line, column]).toEqual([before.length, (before.at(-1)?.length ?? 0) + 1]);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
