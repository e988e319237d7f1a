import fc from 'fast-check';
import {
  clusterComponent,
  inMean,
  type Attempt,
  type Constraints,
  type LocalEdge,
} from '../../src/domain/linkage/clustering.js';
import { explainCluster, type ClusterReasons } from '../../src/domain/linkage/explain-cluster.js';
import { bitsOf } from '../../src/domain/linkage/explain.js';
import { BIT, toWeight } from '../../src/domain/linkage/matcher.js';

const THRESHOLD = toWeight(2);
const GUARD = -3;

interface Component {
  size: number;
  /** By pair, 1/1024 bit. */
  weights: number[][];
  edges: LocalEdge[];
  apart: Set<string>;
  contradictions: Set<string>;
  /** Places of those that state nothing: no edge of evidence leads to them. */
  silent: Set<number>;
}

const pairsOf = (size: number): [number, number][] =>
  Array.from({ length: size }, (_, a) => a).flatMap((a) =>
    Array.from({ length: size - a - 1 }, (_, i): [number, number] => [a, a + 1 + i]),
  );

/** Weights in whole bits, so that ties come about; few decisions and contradictions. */
const components: fc.Arbitrary<Component> = fc.integer({ min: 1, max: 9 }).chain((size) => {
  const pairs = pairsOf(size);
  const said = fc.array(
    fc.record({
      bits: fc.integer({ min: -12, max: 26 }),
      isProposed: fc.boolean(),
      word: fc.option(fc.constantFrom('link', 'made', 'apart', 'contradiction'), { freq: 7 }),
    }),
    { minLength: pairs.length, maxLength: pairs.length },
  );
  const silent = fc.uniqueArray(fc.nat(size - 1), { maxLength: 2 });
  return fc.tuple(said, silent).map(([said, places]) => {
    const silent = new Set(places);
    const component: Component = {
      size,
      weights: Array.from({ length: size }, () => Array.from({ length: size }, () => 0)),
      edges: [],
      apart: new Set(),
      contradictions: new Set(),
      silent,
    };
    for (const [i, [a, b]] of pairs.entries()) {
      const one = said[i];
      if (one === undefined) continue;
      const { bits, isProposed, word } = one;
      const weight = toWeight(bits);
      for (const [x, y] of [
        [a, b],
        [b, a],
      ] as const) {
        (component.weights[x] as number[])[y] = weight;
        if (word === 'apart') component.apart.add(`${x}|${y}`);
        if (word === 'contradiction') component.contradictions.add(`${x}|${y}`);
      }
      if (word === 'link') component.edges.push({ a, b, weight: 0, authority: 2 });
      if (word === 'made') component.edges.push({ a, b, weight: 0, authority: 1 });
      if (isProposed && weight >= THRESHOLD && !silent.has(a) && !silent.has(b)) component.edges.push({ a, b, weight });
    }
    return component;
  });
});

const weightOf =
  ({ weights }: Component) =>
  (a: number, b: number): number =>
    weights[a]?.[b] ?? NaN;

const isSilent =
  ({ silent }: Component) =>
  (place: number): boolean =>
    silent.has(place);

function constraintsOf(component: Component): Constraints {
  const { apart, contradictions } = component;
  return {
    weightOf: weightOf(component),
    isSilent: isSilent(component),
    isApart: (a, b) => apart.has(`${a}|${b}`),
    isContradiction: (a, b) => contradictions.has(`${a}|${b}`),
    guard: GUARD,
  };
}

function traced(component: Component): { clusters: number[][]; attempts: Attempt[] } {
  const attempts: Attempt[] = [];
  const clusters = clusterComponent(component.size, [...component.edges], constraintsOf(component), (attempt) =>
    attempts.push(attempt),
  );
  return { clusters, attempts };
}

function explained(component: Component): { cluster: string[]; reasons: ClusterReasons }[] {
  const { clusters, attempts } = traced(component);
  const refs = Array.from({ length: component.size }, (_, place) => `r${place}`);
  return clusters.map((places) => {
    const cluster = places.map((place) => `r${place}`);
    const constraints = constraintsOf(component);
    const whole = { refs, attempts, ...constraints, floor: THRESHOLD };
    return { cluster, reasons: explainCluster(whole, cluster) };
  });
}

const placeOf = (ref: string): number => Number(ref.slice(1));

describe('the attempts of clustering', () => {
  it('change nothing by being told', () => {
    fc.assert(
      fc.property(components, (component) => {
        const plain = clusterComponent(component.size, [...component.edges], constraintsOf(component));
        expect(traced(component).clusters).toEqual(plain);
      }),
    );
  });

  it('done again one by one, each judged by the rules as they are written, lead to the same clusters', () => {
    fc.assert(
      fc.property(components, (component) => {
        const { clusters, attempts } = traced(component);
        const weigh = weightOf(component);
        let parts = Array.from({ length: component.size }, (_, place) => [place]);
        const partOf = (place: number): number[] => parts.find((part) => part.includes(place)) ?? [];
        const among = (left: readonly number[], right: readonly number[], pairs: Set<string>): boolean =>
          left.some((x) => right.some((y) => pairs.has(`${x}|${y}`)));
        for (const { edge, left, right, between, pairs, outcome } of attempts) {
          expect([[...left].sort(), [...right].sort()]).toEqual([partOf(edge.a).sort(), partOf(edge.b).sort()]);
          const speaking = (places: readonly number[]): number[] => places.filter((x) => !component.silent.has(x));
          const weights = speaking(left).flatMap((x) => speaking(right).map((y) => inMean(weigh(x, y))));
          const sum = weights.reduce((s, one) => s + one, 0);
          expect([between, pairs]).toEqual([sum, weights.length]);
          const isGuarded = edge.authority === undefined && sum / weights.length < GUARD * BIT;
          const should = among(left, right, component.apart)
            ? 'apart'
            : edge.authority !== 2 && among(left, right, component.contradictions)
              ? 'exclusive'
              : isGuarded
                ? 'guard'
                : 'joined';
          expect(outcome).toBe(should);
          if (outcome === 'joined')
            parts = [...parts.filter((part) => !part.includes(edge.a) && !part.includes(edge.b)), [...left, ...right]];
        }
        const sorted = (all: number[][]): number[][] =>
          all.map((part) => [...part].sort((a, b) => a - b)).sort(([a = 0], [b = 0]) => a - b);
        expect(sorted(parts)).toEqual(sorted(clusters));
      }),
    );
  });
});

describe('an explained cluster', () => {
  it('has one join fewer than members, and each part of a join is a member or an earlier join', () => {
    fc.assert(
      fc.property(components, (component) => {
        for (const { cluster, reasons } of explained(component)) {
          expect(reasons.joins).toHaveLength(cluster.length - 1);
          const parts = new Set(cluster);
          for (const { a, b, left, right } of reasons.joins) {
            expect([left.includes(a), right.includes(b)]).toEqual([true, true]);
            expect([parts.delete(left.join()), parts.delete(right.join())]).toEqual([true, true]);
            parts.add([...left, ...right].sort().join());
          }
          expect([...parts]).toEqual([[...cluster].sort().join()]);
        }
      }),
    );
  });

  it('tells a margin beyond which the pair would not have joined the two parts, and within which it would', () => {
    fc.assert(
      fc.property(components, (component) => {
        const weigh = weightOf(component);
        for (const { reasons } of explained(component)) {
          const margins = reasons.joins.map(({ margin = Infinity }) => margin);
          if (reasons.weakest !== undefined) expect(margins[reasons.weakest]).toBe(Math.min(...margins));
          else expect(margins.every((margin) => margin === Infinity)).toBe(true);
          for (const { a, b, left, right, margin } of reasons.joins) {
            if (margin === undefined) continue;
            const joinsWith = (less: number): boolean => {
              const weight = weigh(placeOf(a), placeOf(b)) - less;
              let [sum, pairs] = [0, 0];
              for (const x of left)
                for (const y of right) {
                  if (component.silent.has(placeOf(x)) || component.silent.has(placeOf(y))) continue;
                  sum += inMean(x === a && y === b ? weight : weigh(placeOf(x), placeOf(y)));
                  pairs += 1;
                }
              return weight >= THRESHOLD && sum >= GUARD * BIT * pairs;
            };
            expect([joinsWith(toWeight(margin)), joinsWith(toWeight(margin) + 2)]).toEqual([true, false]);
          }
        }
      }),
    );
  });

  it('counts every pair of it, and tells each that speaks against it', () => {
    fc.assert(
      fc.property(components, (component) => {
        const weigh = weightOf(component);
        for (const { cluster, reasons } of explained(component)) {
          const speaking = cluster.map(placeOf).filter((place) => !component.silent.has(place));
          const weights = pairsOf(speaking.length).map(([i, j]) => weigh(speaking[i] ?? NaN, speaking[j] ?? NaN));
          expect(reasons.pairs).toBe(weights.length);
          const negative = weights.filter((weight) => weight < 0).sort((x, y) => x - y);
          expect(reasons.against.map(({ bits }) => bits)).toEqual(negative.map(bitsOf));
        }
      }),
    );
  });

  it('is told of what else was refused only where an edge led out of it', () => {
    fc.assert(
      fc.property(components, (component) => {
        for (const { cluster, reasons } of explained(component)) {
          const leading = component.edges.filter(
            ({ a, b }) => cluster.includes(`r${a}`) !== cluster.includes(`r${b}`),
          ).length;
          // Each of them was tried, since its ends never were in one cluster.
          expect(reasons.refusals).toHaveLength(leading);
        }
      }),
    );
  });
});
