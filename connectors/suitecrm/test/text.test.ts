import fc from 'fast-check';
import { hostileTexts } from './hostile.js';
import { fromRichText, fromSuiteCrm, toSuiteCrm } from '../src/text.js';
import { answered, stored } from '../src/simulator/texts.js';

/** What comes back of a text that was written: stored as SuiteCRM does, saved once more by somebody else, answered. */
function thereAndBack(text: string, charset: 'utf8mb3' | 'utf8mb4' = 'utf8mb4'): string {
  const field = { type: 'text' } as const;
  const sent = toSuiteCrm(text, charset === 'utf8mb4' ? 'all' : 'bmp');
  return fromSuiteCrm(answered(stored(stored(sent, field, charset), field, charset)));
}

describe('texts come back as they were written', () => {
  test.each(hostileTexts.map((text) => [text]))('%j', (text) => {
    expect(thereAndBack(text)).toBe(text);
  });

  test('whatever they are made of', () => {
    const pieces = fc.constantFrom(
      '<',
      '>',
      '&',
      '"',
      "'",
      ';',
      '/',
      '!',
      '?',
      '#',
      'a',
      'lt',
      'amp',
      'script',
      '39',
      'x',
      ' ',
      '\n',
      'é',
      '👍',
    );
    fc.assert(
      fc.property(
        fc.array(pieces, { maxLength: 14 }).map((parts) => parts.join('')),
        (text) => {
          expect(thereAndBack(text)).toBe(text);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('without the writing they would be mutilated: the simulation does what SuiteCRM does', () => {
    const raw = (text: string) => fromSuiteCrm(answered(stored(text, { type: 'text' }, 'utf8mb3')));
    expect(raw('a<b')).toBe('a');
    expect(raw('<ada@example.com>')).toBe('');
    expect(raw('AT&amp;T')).toBe('AT&T');
    expect(raw('👍 hi')).toBe('???? hi');
  });

  test('but for characters that nothing there can hold', () => {
    expect(thereAndBack('a\u0001b\u0000c\r\nd\re')).toBe('a b c\nd\ne');
    expect(thereAndBack('fine 👍👩‍👧', 'utf8mb3')).toBe('fine \ufffd\ufffd\u200d\ufffd');
  });
});

describe('rich text', () => {
  test.each([
    ['plain & simple', 'plain & simple'],
    ['&lt;p&gt;one&lt;/p&gt;&lt;p&gt;two&lt;br /&gt;three&lt;/p&gt;', 'one\ntwo\nthree'],
    ['&lt;b&gt;bold&lt;/b&gt; &nbsp;&amp; more', 'bold  & more'],
    ['1 &lt; 2 and 3 &gt; 2', '1 < 2 and 3 > 2'],
    ['&lt;script&gt;alert(1)&lt;/script&gt;x', 'x'],
  ])('%s', (html, text) => {
    expect(fromRichText(html)).toBe(text);
  });

  test('what was written as plain text keeps its angle brackets', () => {
    const text = 'It says <error> & stops';
    expect(fromRichText(answered(toSuiteCrm(text, 'all')))).toBe(text);
  });
});
