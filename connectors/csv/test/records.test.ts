import fc from 'fast-check';
import iconv from 'iconv-lite';
import { delimiterOf, encodingOf, newlineOf, scanEncoding } from '../src/dialect.js';
import { linesOf } from '../src/lines.js';
import { recordsOf, type CsvRecord } from '../src/records.js';

/** A file's bytes, in pieces of the given size. */
async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function recordsIn(
  content: string | Buffer,
  given: Partial<{ delimiter: string; size: number }> = {},
): Promise<CsvRecord[]> {
  const bytes = Buffer.from(content);
  const size = given.size ?? 1 << 16;
  const found = encodingOf(await scanEncoding(pieces(bytes, size)));
  const head = iconv.decode(bytes.subarray(found.bomBytes), found.encoding);
  const newline = newlineOf(head);
  const delimiter = given.delimiter ?? delimiterOf(head, newline, '"');
  const records: CsvRecord[] = [];
  const lines = linesOf(pieces(bytes, size), { ...found, newline, delimiter });
  for await (const batch of recordsOf(lines, { delimiter, quote: '"', trim: true })) records.push(...batch);
  return records;
}
const cells = (records: readonly CsvRecord[]) =>
  records.map((record) => (record.type === 'record' ? record.cells : record.code));
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

describe('encodings', () => {
  const text = 'name;city\r\nJürgen Groß;Köln\r\n„Zoë“ – €;Besançon\r\n';
  const rows = [
    ['name', 'city'],
    ['Jürgen Groß', 'Köln'],
    ['„Zoë“ – €', 'Besançon'],
  ];
  test.each([
    ['UTF-8', Buffer.from(text)],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${text}`)],
    ['UTF-16LE with a mark', iconv.encode(text, 'utf-16le', { addBOM: true })],
    ['UTF-16BE with a mark', iconv.encode(text, 'utf-16be', { addBOM: true })],
    ['UTF-16LE without', iconv.encode(text, 'utf-16le')],
    ['UTF-16BE without', iconv.encode(text, 'utf-16be')],
    ['windows-1252', iconv.encode(text, 'windows-1252')],
  ])('%s', async (_, bytes) => {
    for (const size of [7, 1 << 16]) expect(cells(await recordsIn(bytes, { size }))).toEqual(rows);
  });

  test('Cyrillic in windows-1251 and Japanese in Shift_JIS are told by their letters', async () => {
    const russian = `имя;город\n${'Анна Каренина из романа;Москва, столица\n'.repeat(20)}`;
    expect(cells(await recordsIn(iconv.encode(russian, 'windows-1251')))[1]).toEqual([
      'Анна Каренина из романа',
      'Москва, столица',
    ]);
    const japanese = `名前,市\n${'山田太郎さんの名前,東京都千代田区\n'.repeat(20)}`;
    expect(cells(await recordsIn(iconv.encode(japanese, 'shift_jis')))[1]).toEqual([
      '山田太郎さんの名前',
      '東京都千代田区',
    ]);
  });

  test('the first letter beyond ASCII may come late', async () => {
    const late = Buffer.concat([
      Buffer.from('a,b\n'),
      Buffer.from('x,y\n'.repeat(50_000)),
      iconv.encode('Müller,Köln\n', 'windows-1252'),
    ]);
    expect(cells(await recordsIn(late)).at(-1)).toEqual(['Müller', 'Köln']);
  });

  test('a line that is no UTF-8 among good ones is one bad line', async () => {
    const mixed = Buffer.concat([
      Buffer.from('a,b\nJürgen,Köln\nZoë,Besançon\n'),
      Buffer.from([0x4d, 0xfc, 0x6c, 0x2c, 0x31, 0x0a]),
      Buffer.from('last,1\n'),
    ]);
    const records = await recordsIn(mixed);
    expect(cells(records)).toEqual([
      ['a', 'b'],
      ['Jürgen', 'Köln'],
      ['Zoë', 'Besançon'],
      'UNSILO_CSV_ENCODING',
      ['last', '1'],
    ]);
    expect(records[3]).toMatchObject({ line: 4, payload: Buffer.from([0x4d, 0xfc, 0x6c, 0x2c, 0x31]) });
  });
});

test.each([
  [',', 'a,b,c\n1,"x;y;z",3\n'],
  [';', 'a;b\n1,5;2,5\n3,5;4,5\n'],
  ['\t', 'a\tb\nx, y\tz, w\n'],
  ['|', 'a|b|c\n1|2|3\n'],
  [',', 'only\none\ncolumn\n'],
  [',', ''],
])('the delimiter %j is found in %j', (delimiter, head) => {
  expect(delimiterOf(head, 'lf', '"')).toBe(delimiter);
});

describe('lines and quotes', () => {
  test('all ends of lines, and none at the end', async () => {
    for (const end of ['\n', '\r\n', '\r'])
      expect(cells(await recordsIn(['a,b', '1,2', '3,4'].join(end)))).toEqual([
        ['a', 'b'],
        ['1', '2'],
        ['3', '4'],
      ]);
  });

  test('line breaks, delimiters and quotes within quotes; a lone CR is part of a value', async () => {
    const records = await recordsIn('a,b\n"one\r\ntwo","x, ""y"""\n"l\rone",5" pipe\nlast,"1"\n');
    expect(cells(records)).toEqual([
      ['a', 'b'],
      ['one\r\ntwo', 'x, "y"'],
      ['l\rone', '5" pipe'],
      ['last', '1'],
    ]);
    expect(records.map(({ line }) => line)).toEqual([1, 2, 4, 5]);
  });

  test('spaces around values and quotes, empty lines', async () => {
    expect(cells(await recordsIn('a, b , "c, d" ,"e"\n\n  \n1,2,3,4\n'))).toEqual([
      ['a', 'b', 'c, d', 'e'],
      ['1', '2', '3', '4'],
    ]);
  });

  test('a quote that is never closed spoils its own line only', async () => {
    const rows = Array.from({ length: 2000 }, (_, i) => `${i},x${i}\n`);
    rows[3] = '3,"never closed\n';
    rows[700] = '700,"closed" too early\n';
    const records = await recordsIn(`a,b\n${rows.join('')}`, { size: 1000 });
    const bad = records.filter((record) => record.type === 'bad');
    expect(bad).toMatchObject([
      { line: 5, code: 'UNSILO_CSV_QUOTES', payload: '3,"never closed' },
      { line: 702, code: 'UNSILO_CSV_QUOTES', payload: '700,"closed" too early' },
    ]);
    expect(records).toHaveLength(2001);
    expect(cells(records).at(-1)).toEqual(['1999', 'x1999']);
  });

  test('NULs and endless lines are bad lines', async () => {
    const records = await recordsIn(`a,b\n1,\0\n${'x'.repeat(5_000_000)}\n2,3\n`);
    expect(cells(records)).toEqual([['a', 'b'], 'UNSILO_CSV_NUL', 'UNSILO_CSV_ENCODING', ['2', '3']]);
    const line = records[2];
    expect(line?.type === 'bad' && line.payload.length).toBe(64 * 1024);
  });
});

describe('properties', () => {
  const value = fc
    .oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r\n', ' ', 'a', ';', "'", '=') }),
    )
    .filter((text) => !text.includes('\0'));
  const table = fc
    .integer({ min: 2, max: 4 })
    .chain((width) =>
      fc.array(fc.array(value, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }),
    );
  const size = fc.integer({ min: 1, max: 40 });

  test('whatever is written in quotes is read as it was, however the bytes come', async () => {
    await fc.assert(
      fc.asyncProperty(table, size, async (rows, chunk) => {
        const text = rows.map((row) => `${row.map(quoted).join(',')}\n`).join('');
        expect(cells(await recordsIn(`h,i\n${text}`, { delimiter: ',', size: chunk })).slice(1)).toEqual(rows);
      }),
      { numRuns: 200 },
    );
  });

  test('a broken row takes none of its neighbours along', async () => {
    const broken = fc.constantFrom('x,"open', 'x,"a"b', '"', 'x,"y" z,1', 'a\0b,c');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 999 }), { minLength: 1, maxLength: 20 }),
        broken,
        fc.nat(20),
        size,
        async (ids, bad, at, chunk) => {
          const rows = ids.map((id) => `${id},v${id}`);
          rows.splice(at, 0, bad);
          const records = await recordsIn(`id,v\n${rows.join('\n')}\n`, { delimiter: ',', size: chunk });
          expect(
            cells(records)
              .slice(1)
              .filter((row) => Array.isArray(row)),
          ).toEqual(ids.map((id) => [String(id), `v${id}`]));
          expect(records.filter((record) => record.type === 'bad')).toMatchObject([
            { line: Math.min(at, ids.length) + 2 },
          ]);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('any bytes at all: no crash, and every line is a record, a bad piece or blank', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), size, async (bytes, chunk) => {
        const records = await recordsIn(Buffer.from(bytes), { size: chunk });
        for (const record of records) expect(record.line).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
  });
});
