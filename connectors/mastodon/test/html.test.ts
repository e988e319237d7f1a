import { cleanHtml, htmlToText, onlyLink } from '../src/html.js';

test.each([
  ['<p>One</p><p>Two<br>three<br><br>four</p>', 'One\n\nTwo\nthree\n\nfour'],
  ['<p><span class="h-card"><a href="x">@<span>bob</span></a></span> hi</p>', '@bob hi'],
  ['<p>a&nbsp;b &lt;c&gt; &amp;amp;</p>', 'a b <c> &amp;'],
  ['<ul><li>a</li><li>b</li></ul>', '- a\n- b'],
  ['plain  text\nof old servers', 'plain text of old servers'],
  ['<script>x</script>safe', 'safe'],
  ['<pre>  two\n  lines</pre>', 'two\n  lines'],
])('%s reads %j', (html, text) => expect(htmlToText(html)).toBe(text));

test.each([
  ['<p onclick="x">a<img src=x onerror=y></p>', '<p>a</p>'],
  ['<a href="javascript:alert(1)" class="u-url">x</a>', '<a>x</a>'],
  ['<p style="position:fixed">x</p><iframe src="//e"></iframe>', '<p>x</p>'],
])('%s is cleaned to %s', (dirty, clean) => expect(cleanHtml(dirty)).toBe(clean));

test('endless markup is read but not shown', () => {
  const endless = `${'<b>'.repeat(50_000)}core`;
  expect(cleanHtml(endless)).toBeUndefined();
  expect(htmlToText(endless)).toBe('core');
});

test.each([
  ['<a href="https://a.example"><span>a</span></a>', 'https://a.example/'],
  ['https://a.example/x', 'https://a.example/x'],
  ['<a href="https://a.example">a</a> and more', undefined],
  ['<a href="https://a.example">a</a><a href="https://b.example">b</a>', undefined],
  ['<a href="javascript:x">a</a>', undefined],
  ['words', undefined],
])('%s is the link %s', (html, link) => expect(onlyLink(html)).toBe(link));
