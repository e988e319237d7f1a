import fc from 'fast-check';
import { trainModel } from '../../src/domain/linkage/index.js';
import { soundLabels, type Label } from '../../src/domain/linkage/labels.js';
import { Random } from './random.js';
import { customers } from './synthetic.js';

const yes = (a: string, b: string): Label => ({ a, b, same: true });
const no = (a: string, b: string): Label => ({ a, b, same: false });

const label = fc.record({
  a: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
  b: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
  same: fc.boolean(),
});

describe('labels', () => {
  it('are each taken once, whichever way round a pair is written', () => {
    expect(soundLabels([yes('b', 'a'), yes('a', 'b'), no('c', 'a'), yes('x', 'x')])).toEqual({
      sound: [yes('a', 'b'), no('a', 'c')],
      contradictory: [],
    });
  });

  it('that can not all be true are left out, and the others stay', () => {
    const all = [yes('a', 'b'), yes('b', 'c'), no('a', 'c'), no('c', 'd'), yes('d', 'e'), yes('p', 'q'), no('q', 'p')];
    expect(soundLabels(all)).toEqual({
      sound: [no('c', 'd'), yes('d', 'e')],
      contradictory: [yes('a', 'b'), no('a', 'c'), yes('b', 'c'), yes('p', 'q'), no('p', 'q')],
    });
  });

  it('of any set: what is left can be true, nothing is lost, and the order makes no difference', () => {
    fc.assert(
      fc.property(fc.array(label, { maxLength: 14 }), fc.integer(), (labels, seed) => {
        const result = soundLabels(labels);
        expect(soundLabels(new Random(seed).shuffle([...labels, ...labels.slice(0, 3)]))).toEqual(result);
        expect(soundLabels(result.sound)).toEqual({ sound: result.sound, contradictory: [] });
        const given = new Set(
          labels.filter(({ a, b }) => a !== b).map(({ a, b, same }) => [...[a, b].sort(), same].join()),
        );
        const told = [...result.sound, ...result.contradictory].map(({ a, b, same }) => [a, b, same].join());
        expect(new Set(told)).toEqual(given);
        expect(told).toHaveLength(given.size);
        // A world in which all sound labels are true: whoever is linked is one party.
        const party = new Map('abcdef'.split('').map((ref) => [ref, ref]));
        for (const { a, b } of result.sound.filter(({ same }) => same)) {
          const [from, to] = [party.get(b), party.get(a) ?? a];
          for (const [ref, one] of party) if (one === from) party.set(ref, to);
        }
        for (const { a, b, same } of result.sound) expect(party.get(a) === party.get(b)).toBe(same);
      }),
    );
  });
});

describe('training with labels', () => {
  const { records, truth } = customers(41, 400, { missing: 0.2, wrong: 0.1, changed: 0.3 });
  const refs = records.map(({ ref }) => ref).sort();
  const pairs = refs.flatMap((a, i) =>
    refs.slice(i + 1, i + 4).map((b) => ({ a, b, same: truth.get(a) === truth.get(b) })),
  );

  it('gives the same model in whatever order records and labels come', () => {
    const models = [1, 2, 3].map((seed) => {
      const random = new Random(seed);
      return JSON.stringify(trainModel(random.shuffle(records), 'v', { labels: random.shuffle(pairs) }));
    });
    expect(new Set(models).size).toBe(1);
  });

  it('says how many were taken, which contradict each other, and how many name nobody', () => {
    const [a = '', b = '', c = '', d = ''] = refs;
    const { labels } = trainModel(records, 'v', {
      labels: [yes(a, b), yes(b, c), no(c, a), no(a, d), yes(d, 'nobody'), no(d, 'nobody else')],
    });
    expect(labels).toEqual({
      same: 0,
      different: 1,
      contradictory: [yes(a, b), no(a, c), yes(b, c)].sort((x, y) => (x.a + x.b < y.a + y.b ? -1 : 1)),
      unknown: 2,
    });
    expect(
      trainModel(records.slice(0, 5), 'v', { labels: [yes(records[0]?.ref ?? '', records[1]?.ref ?? '')] }).labels,
    ).toEqual({ same: 0, different: 0, contradictory: [], unknown: 1 });
  });

  it('learns from them what records alone do not tell', () => {
    // Two records each that have nothing in common: only the labels say who is one party, and that birth dates there are worth nothing.
    const ref = (i: number, copy: number): string => `s${copy}/${String(i).padStart(2, '0')}`;
    const random = new Random(3);
    const word = (): string => Array.from({ length: 7 }, () => random.pick([...'abcdefghiklmnoprstuvwz'])).join('');
    const all = Array.from({ length: 120 }, (_, n) => {
      const [i, copy] = [n >> 1, n & 1];
      const born = copy === 0 ? `19${30 + i}-03-1${i % 10}` : `20${String(i % 20).padStart(2, '0')}-11-2${i % 9}`;
      const names = [{ given: word(), surname: word() }];
      return { ref: ref(i, copy), kind: 'person' as const, names, values: { birthDate: [born] } };
    });
    const pairsSaid = Array.from({ length: 50 }, (_, i) => yes(ref(i, 0), ref(i, 1)));
    const learned = (labels: Label[]): { support: number; differing: number } => {
      const { model, person } = trainModel(all, 'v', { labels });
      const m = model.person.attributes['birthDate']?.m ?? [];
      return { support: person?.support['birthDate'] ?? 0, differing: (m.at(-1) ?? 0) + (m.at(-2) ?? 0) };
    };
    const [without, withLabels] = [learned([]), learned(pairsSaid)];
    expect(without.support).toBeLessThan(10);
    expect(withLabels.support).toBeGreaterThanOrEqual(50);
    expect(withLabels.differing).toBeGreaterThan(Math.max(0.5, without.differing));
  });

  it('looks at labelled records also where not all can be looked at', () => {
    const [a = '', b = ''] = refs;
    const { person } = trainModel(records, 'v', { labels: [yes(a, b)], sample: 100 });
    expect(person?.sampled).toBeGreaterThanOrEqual(100);
    expect(person?.sampled).toBeLessThanOrEqual(102);
  });
});
