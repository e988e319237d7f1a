import fc from 'fast-check';
import { parseFeed } from '../src/parse.js';
import { parseXmlFeed } from '../src/xml-feed.js';
import { readXml } from '../src/xml.js';

const parse = (document: string) => parseFeed({ bytes: Buffer.from(document), address: 'https://press.example/feed' });
const entries = (document: string) => {
  const parsed = parse(document);
  if ('problem' in parsed) throw new Error(parsed.problem.message);
  return parsed.feed.entries;
};
const rss = (items: string, prolog = '') =>
  `${prolog}<rss version="2.0"><channel><title>T</title>${items}</channel></rss>`;

describe('documents that mean harm', () => {
  test('entities that a document declares are neither expanded nor fetched', () => {
    const bomb = `<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">
      <!ENTITY % remote SYSTEM "http://evil.example/x.dtd"> %remote; <!ENTITY x SYSTEM "file:///etc/passwd">]>`;
    const [entry] = entries(rss('<item><title>&c; &x; &amp; &lt;ok&gt; &eacute;</title></item>', bomb));
    expect(entry!.title!.value).toBe('&c; &x; & <ok> é');
  });

  test('depth costs nothing but the depth', () => {
    const deep = rss(`<item><title>ok</title>${'<a>'.repeat(300_000)}${'</b>'.repeat(300_000)}</item>`);
    expect(entries(deep)).toHaveLength(1);
    const inside = rss(
      `<item><title>ok</title><description>${'<i>'.repeat(300_000)}x</description></item><item><title>two</title></item>`,
    );
    expect(entries(inside).map(({ title }) => title?.value)).toEqual(['ok', 'two']);
  });

  test('many small entries, attributes and namespaces are read in one go', () => {
    const many = rss(
      Array.from({ length: 30_000 }, (_, n) => `<item><guid>${n}</guid><title>n</title></item>`).join(''),
    );
    expect(entries(many)).toHaveLength(30_000);
    const attributes = Array.from({ length: 50_000 }, (_, n) => `a${n}="x" xmlns:n${n}="u"`).join(' ');
    expect(entries(rss(`<item ${attributes}><title>ok</title></item>`))).toHaveLength(1);
  });

  test('names that reach into prototypes are only names', () => {
    const [entry] = entries(
      rss(
        '<item><__proto__><title>no</title></__proto__><constructor/><title __proto__="x" constructor="y">yes</title></item>',
      ),
    );
    expect(entry!.title!.value).toBe('yes');
    expect(({} as Record<string, unknown>)['title']).toBeUndefined();
  });

  test('no document makes it throw', () => {
    const pieces = fc.constantFrom(
      '<rss>',
      '</rss>',
      '<channel>',
      '<item>',
      '</item>',
      '<title>',
      '</title>',
      '<![CDATA[',
      ']]>',
      '<!--',
      '-->',
      '&',
      ';',

      '<feed xmlns="http://www.w3.org/2005/Atom">',
      '<entry>',
      '</entry>',
      '<content type="xhtml">',
      '<p>',
      '</p>',
      '<',
      '>',
      '"',

      '<link href="',
      '/>',
      'text',
      '\ud800',
      '\0',
      '<?xml',
      '?>',
      '<!DOCTYPE x [',
      ']>',
      '<author><name>',
      '<category term="x"/>',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 60 }), (parts) => {
        const parsed = parse(parts.join(''));
        expect('feed' in parsed || parsed.problem.code.startsWith('UNSILO_FEED_')).toBe(true);
      }),
      { numRuns: 500 },
    );
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void parseFeed({ bytes: Buffer.from(bytes) })));
  });
});

describe('documents that are written wrongly', () => {
  test.each([
    ['an entry that has lost its end tag', '<item><title>1</title><item><title>2</title></item>', ['1', '2']],
    [
      'a title that has lost its end tag',
      '<item><title>1<link>x</link></item><item><title>2</title></item>',
      ['1', '2'],
    ],
    ['a text that has lost its end tag', '<item><description>1<item><title>2</title></item>', [undefined, '2']],
    ['stray end tags', '</x><item></y><title>1</b></title></item></channel><item><title>2</title></item>', ['1', '2']],
    ['stray ampersands', '<item><title>R&D &foo; &#99999999; & </title></item>', ['R&D &foo; \ufffd & ']],
    ['comparisons', '<item><title>1 < 2 and 3 <4></title></item>', ['1 < 2 and 3 <4>']],
  ])('%s', (_, items, titles) => {
    expect(entries(rss(items)).map(({ title }) => title?.value)).toEqual(titles);
  });

  test('what stands before a cut is kept, what is cut is told with its line', () => {
    const parsed = parse('<rss><channel>\n<item><title>whole</title></item>\n<item><title>cut</title><descr');
    expect(parsed).toMatchObject({
      feed: {
        entries: [{ title: { value: 'whole' }, line: 2 }],
        problems: [{ code: 'UNSILO_FEED_ENTRY_CUT', line: 3, payload: '<item><title>cut</title><descr' }],
      },
    });
    expect(parse('<rss><channel><item><title><![CDATA[never ends')).toMatchObject({
      feed: { entries: [], problems: [{ code: 'UNSILO_FEED_ENTRY_CUT' }] },
    });
  });

  test('every entry knows its line, also those beside the channel', () => {
    const feed =
      '<rss>\n<item><title>beside</title></item>\n<channel><item><title>first</title></item>\n\n<item><title>second</title></item></channel></rss>';
    expect(entries(feed).map(({ title, line }) => [title?.value, line])).toEqual([
      ['first', 3],
      ['second', 5],
      ['beside', 2],
    ]);
  });

  test('a feed without a channel, or with entries beside it', () => {
    expect(entries('<rss><item><title>1</title></item></rss>')).toHaveLength(1);
    expect(entries('<rss><channel/><item><title>1</title></item></rss>')).toHaveLength(1);
  });

  test('other prefixes for the usual namespaces', () => {
    const [entry] = entries(
      `<a:feed xmlns:a="http://www.w3.org/2005/Atom" xmlns:x="http://www.w3.org/1999/xhtml"><a:entry><a:title type="xhtml"><x:div>T <x:b>b</x:b></x:div></a:title></a:entry></a:feed>`,
    );
    expect(entry!.title).toMatchObject({ value: '<div>T <b>b</b></div>', form: 'html' });
  });

  test('titles of other vocabularies are not the title', () => {
    const [entry] = entries(
      rss('<item><media:title>no</media:title><itunes:title>no</itunes:title><title>yes</title></item>'),
    );
    expect(entry!.title!.value).toBe('yes');
  });
});

describe('documents that are no feed', () => {
  test.each([
    ['', 'UNSILO_FEED_EMPTY'],
    [' \n\ufeff ', 'UNSILO_FEED_EMPTY'],
    ['<?xml version="1.0"?><opml/>', 'UNSILO_FEED_NOT_A_FEED'],
    ['plain text', 'UNSILO_FEED_NOT_A_FEED'],
    ['{"version":', 'UNSILO_FEED_NOT_JSON'],
    ['[1, 2]', 'UNSILO_FEED_NOT_A_FEED'],
    ['{"a": 1}', 'UNSILO_FEED_NOT_A_FEED'],
  ])('%j is %s', (document, code) => expect(parse(document)).toMatchObject({ problem: { code } }));

  test('a web page is told as one, with the feed that it names', () => {
    const page =
      '<!DOCTYPE html><html><head><link rel="alternate" type="application/rss+xml" href="/rss.xml"></head></html>';
    expect(parse(page)).toMatchObject({
      problem: { code: 'UNSILO_FEED_IS_A_PAGE', hint: 'The page names this feed: https://press.example/rss.xml' },
    });
  });
});

test('every text survives being escaped once, however it is written', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.boolean(), (text, cdata) => {
      const plain = text.replace(/[\u0000-\u001f]/g, ' ');
      const written = cdata
        ? `<![CDATA[${plain.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`
        : plain.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
      const { root } = readXml(`<feed><entry><title>${written}</title></entry></feed>`, undefined);
      expect(root?.children[0]?.children[0]?.text).toBe(plain);
    }),
  );
});

test('how long a feed wants to be left alone', () => {
  const ttl = (inside: string) => {
    const { feed } = parseXmlFeed(`<rss><channel>${inside}</channel></rss>`, undefined);
    return feed?.ttlMs;
  };
  expect(ttl('<ttl>60</ttl>')).toBe(3_600_000);
  expect(ttl('<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>')).toBe(21_600_000);
  expect(ttl('<ttl>soon</ttl>')).toBeUndefined();
  expect(ttl('')).toBeUndefined();
});
