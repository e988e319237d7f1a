import fc from 'fast-check';
import { Parser } from 'htmlparser2';
import { cleanHtml, htmlToText, looksLikeHtml, shorten } from '../src/html.js';

const BASE = 'https://press.example/news/';

describe('markup of entries', () => {
  test.each([
    ['<script>alert(1)</script>safe', 'safe'],
    ['<p onclick="alert(1)">safe</p>', '<p>safe</p>'],
    ['<a href="javascript:alert(1)">x</a>', '<a>x</a>'],
    ['<a href="JaVaScRiPt&#58;alert(1)">x</a>', '<a>x</a>'],
    ['<a href=" java\nscript:alert(1)">x</a>', '<a>x</a>'],
    ['<img src="x.png" onerror=alert(1)>', '<img src="https://press.example/news/x.png" />'],
    ['<img src="data:image/svg+xml,<svg onload=alert(1)>">', '<img />'],
    ['<svg onload=alert(1)><p>x</p></svg>', '<p>x</p>'],
    ['<iframe src="https://evil.example"></iframe>safe', 'safe'],
    ['<style>p{}</style><p style="background:url(//evil)">x</p>', '<p>x</p>'],
    ['<form action="//evil"><input value="x"><button>go</button></form>', 'go'],
    ['<a href="../up">up</a>', '<a href="https://press.example/up">up</a>'],
    ['<<b>script>alert(1)<</b>/script>', '&lt;<b>script&gt;alert(1)&lt;</b>/script&gt;'],
    ['<noscript><p title="</noscript><img src=x onerror=alert(1)>">', ''],
    ['<p title="javascript:x">safe</p>', '<p title="javascript:x">safe</p>'],
    ['<blockquote cite="javascript:x">safe</blockquote>', '<blockquote>safe</blockquote>'],
    ['safe<link rel="stylesheet" href="http://example.com/evil.css"> description', 'safe description'],
  ])('%s becomes %s', (dirty, clean) => expect(cleanHtml(dirty, BASE)).toBe(clean));

  test('nothing that runs is left, whatever is put together', () => {
    const pieces = fc.constantFrom(
      '<script',
      '>',
      '</script>',
      '<img src=x onerror=',
      'alert(1)',
      '"',
      "'",
      '<svg',
      '<math',
      '<style>',
      '<!--',
      '-->',
      ' onload=x',
      'javascript:',
      '<a href=',
      '<iframe srcdoc=',
      '&lt;',
      '&#60;',
      '<![CDATA[',
      ']]>',
      '<p title="',
      '<blockquote cite="',
      '/',
      '=',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        const clean = cleanHtml(parts.join(''), BASE) ?? '';
        new Parser({
          onopentag(name, attributes) {
            expect(['script', 'style', 'iframe', 'svg', 'math', 'object']).not.toContain(name);
            for (const [attribute, value] of Object.entries(attributes)) {
              expect(attribute).not.toMatch(/^on/);
              // A title is only read: whatever it says, a browser doesn't go there.
              if (attribute !== 'title') expect(value).not.toMatch(/^\s*javascript:/i);
            }
          },
        }).end(clean);
      }),
    );
  });

  test('too much markup is not cleaned but still read', () => {
    const endless = '<b>'.repeat(60_000) + 'core';
    expect(cleanHtml(endless, BASE)).toBeUndefined();
    expect(htmlToText(endless)).toBe('core');
  });

  test.each([
    ['<p>One</p><p>Two<br>three</p>', 'One\n\nTwo\nthree'],
    ['<ul><li>a</li><li>b <i>c</i></li></ul>after', '- a\n- b c\n\nafter'],
    ['  much \n\n white   <b> space </b> ', 'much white space'],
    ['<pre>  keep\n   this</pre>', 'keep\n   this'],
    ['Tom &amp;amp; Jerry &lt;3', 'Tom &amp; Jerry <3'],
    ['<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>', '1\t2\n3'],
    ['<script>alert(1)</script><style>p{}</style>x', 'x'],
    ['a<img src=x alt="picture">b', 'apictureb'],
    ['a&nbsp;b', 'a b'],
  ])('%s reads %j', (html, text) => expect(htmlToText(html)).toBe(text));

  test('markup is told from text by its look', () => {
    expect(looksLikeHtml('<b>bold</b>')).toBe(true);
    expect(looksLikeHtml('caf&eacute;')).toBe(true);
    expect(looksLikeHtml('List<String> & co')).toBe(false);
    expect(looksLikeHtml('1 < 2 > 0')).toBe(false);
  });

  test('a shortened text keeps to its limit in code points and cuts no pair', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (text, limit) => {
        const short = shorten(text, limit);
        expect([...short].length).toBeLessThanOrEqual(limit);
        expect(short.isWellFormed()).toBe(text.isWellFormed() || short.isWellFormed());
      }),
    );
  });
});
