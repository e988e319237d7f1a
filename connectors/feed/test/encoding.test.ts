import fc from 'fast-check';
import iconv from 'iconv-lite';
import { decodeFeed } from '../src/encoding.js';

const xml = (encoding: string | undefined, text: string) =>
  `<?xml version="1.0"${encoding === undefined ? '' : ` encoding="${encoding}"`}?><rss><channel><title>${text}</title></channel></rss>`;
const RUSSIAN = 'Машина опаздывает, а бюджет превышен уже второй год подряд, сообщает редакция газеты.';

describe('encodings of feeds', () => {
  test.each([
    ['windows-1251', 'xml', RUSSIAN],
    ['koi8-r', 'xml', RUSSIAN],
    ['iso-8859-1', 'xml', 'Größe für Übung'],
    ['shift_jis', 'xml', '機械は遅れている'],
    ['gb18030', 'xml', '分析机又晚点了'],
    ['big5', 'xml', '分析機又晚點了'],
    ['euc-kr', 'xml', '분석 기관'],
    ['utf-16le', 'xml', 'Loom ✓'],
  ] as const)('%s as the XML declaration says', (encoding, by, text) => {
    const document = xml(encoding, text);
    expect(decodeFeed(iconv.encode(document, encoding))).toMatchObject({ text: document, by });
  });

  test('what HTTP declares stands above the XML declaration', () => {
    const document = xml('iso-8859-1', RUSSIAN);
    expect(decodeFeed(iconv.encode(document, 'windows-1251'), 'text/xml; charset="windows-1251"').text).toBe(document);
  });

  test('valid UTF-8 stands above a declaration of Latin-1', () => {
    const document = xml('iso-8859-1', 'Größe');
    expect(decodeFeed(Buffer.from(document), 'text/xml; charset=ISO-8859-1')).toMatchObject({
      text: document,
      by: 'utf-8',
    });
  });

  test.each(['utf-8', 'utf-16le', 'utf-16be', 'utf-32le', 'utf-32be'])(
    'a byte order mark of %s decides',
    (encoding) => {
      const document = xml('koi8-r', 'Größe ✓');
      const bytes = iconv.encode(document, encoding, { addBOM: true });
      expect(decodeFeed(bytes, 'text/xml; charset=koi8-r')).toMatchObject({ text: document, by: 'bom' });
    },
  );

  test('encodings in seven bits are not taken for UTF-8', () => {
    const bytes = Buffer.from('3c613e1b24422422242424261b28423c2f613e', 'hex');
    expect(decodeFeed(bytes, 'text/xml; charset=iso-2022-jp').text).toBe('<a>あいう</a>');
  });

  test('without any declaration the bytes are looked at', () => {
    const document = `<rss><channel><title>${RUSSIAN.repeat(5)}</title></channel></rss>`;
    expect(decodeFeed(iconv.encode(document, 'windows-1251'))).toMatchObject({ text: document, by: 'detected' });
  });

  test('Thai is told from Latin alphabets, and those from Thai', () => {
    const thai = `<rss><title>เครื่องจักรวิเคราะห์ (SIPA) มาสายอีกครั้ง และงบประมาณก็เกิน 2 ปีติดต่อกัน กองบรรณาธิการของหนังสือพิมพ์ Loom รายงานว่า 3 คนกำลังทอผ้าด้วยพีชคณิต</title></rss>`;
    expect(decodeFeed(iconv.encode(thai, 'tis-620')).text).toBe(thai);
    const german = `<rss><title>${'Größere Übungsstücke für ältere Männer '.repeat(5)}</title></rss>`;
    expect(decodeFeed(iconv.encode(german, 'iso-8859-1')).text).toBe(german);
  });

  test('a declaration that the bytes contradict, or that nobody knows, is passed over', () => {
    const document = xml('x-unheard-of', 'Größe');
    expect(decodeFeed(Buffer.from(document), 'text/xml; charset=big5-unknown').text).toBe(document);
  });

  test('a few broken bytes leave the rest readable', () => {
    const bytes = Buffer.concat([
      Buffer.from(xml('utf-8', 'Gr')),
      Buffer.from([0xff, 0xc3]),
      Buffer.from('öße'.repeat(50)),
    ]);
    expect(decodeFeed(bytes, 'text/xml; charset=utf-8').text).toContain('Gr');
  });

  test('UTF-8 always comes back as it was, and no bytes make it throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const document = xml('utf-8', text);
        expect(decodeFeed(Buffer.from(document)).text).toBe(document);
      }),
    );
    fc.assert(fc.property(fc.uint8Array(), (bytes) => typeof decodeFeed(Buffer.from(bytes)).text === 'string'));
  });
});
