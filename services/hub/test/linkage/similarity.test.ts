import fc from 'fast-check';
import { jaroWinkler } from '../../src/domain/linkage/similarity.js';

/** Few letters, so that many pairs are alike. */
const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), maxLength: 12 });

describe('similarity of strings', () => {
  test('published examples of Jaro and Winkler', () => {
    expect(jaroWinkler('martha', 'marhta')).toBeCloseTo(0.9611, 4);
    expect(jaroWinkler('dwayne', 'duane')).toBeCloseTo(0.84, 4);
    expect(jaroWinkler('dixon', 'dicksonx')).toBeCloseTo(0.8133, 4);
    expect(jaroWinkler('abc', 'xyz')).toBe(0);
  });

  test('who asks for a least likeness is told of the same pairs, with the same likeness', () => {
    fc.assert(
      fc.property(word, word, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, least) => {
        const likeness = jaroWinkler(a, b);
        const told = jaroWinkler(a, b, least);
        expect(likeness >= least ? [likeness] : [0, likeness]).toContain(told);
      }),
      { numRuns: 5000 },
    );
  });

  test('a likeness that is just reached is not taken for a lesser one', () => {
    fc.assert(
      fc.property(word, word, (a, b) => {
        const likeness = jaroWinkler(a, b);
        expect(jaroWinkler(a, b, likeness)).toBe(likeness);
      }),
      { numRuns: 5000 },
    );
  });
});
