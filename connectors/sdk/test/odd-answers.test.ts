import fc from 'fast-check';
import { oddAbout, oddAnswer } from '../src/testing/odd-answers.js';

const seeds = fc.integer({ min: 0 });
const isJson = (text: string) => expect(() => JSON.parse(text) as unknown).not.toThrow();

// What fails while it makes an answer odd is a failing server to a connector, which outlasts it: nothing would be tried.
test('any answer can be made odd, each time in the same way, and JSON stays JSON', () => {
  fc.assert(
    fc.property(seeds, fc.json(), (seed, body) => {
      const odd = oddAnswer(seed)(body);
      isJson(odd);
      expect(oddAnswer(seed)(body)).toBe(odd);
    }),
  );
  fc.assert(fc.property(seeds, fc.string(), (seed, body) => typeof oddAnswer(seed)(body) === 'string'));
});

test('what is said of one thing is odd, of others as it was', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const other = { id: '2', name: 'Grace' };
      const body = JSON.stringify({ items: [{ id: '1', name: 'Ada' }, other] });
      const odd = JSON.parse(oddAbout('1', seed)(body)) as { items: { id: string; name: unknown }[] };
      expect(odd.items[1]).toEqual(other);
      expect(odd.items[0]).toMatchObject({ id: '1' });
      expect(odd.items[0]!.name).not.toBe('Ada');
    }),
  );
  expect(oddAbout('1', 1)('<p>text</p>')).toBe('<p>text</p>');
});
