/** How well a grouping of records agrees with the truth. */
export interface Scores {
  truePositives: number;
  falsePositives: number;
  falseNegatives: number;
  precision: number;
  recall: number;
  f1: number;
}

function scores(truePositives: number, found: number, wanted: number): Scores {
  const precision = found === 0 ? 1 : truePositives / found;
  const recall = wanted === 0 ? 1 : truePositives / wanted;
  const f1 = precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
  return {
    truePositives,
    falsePositives: found - truePositives,
    falseNegatives: wanted - truePositives,
    precision,
    recall,
    f1,
  };
}

function pairs(count: number): number {
  return (count * (count - 1)) / 2;
}

/**
 * Pairwise: of all pairs of records, which are in one cluster. Clusterwise: clusters that hold exactly the records of one party.
 * Records without a known party are left out.
 * @param clusters Refs, every record in one cluster.
 * @param truth Party by ref.
 */
export function quality(
  clusters: Iterable<readonly string[]>,
  truth: ReadonlyMap<string, string>,
): { pairwise: Scores; clusterwise: Scores } {
  const sizes = new Map<string, number>();
  for (const party of truth.values()) sizes.set(party, (sizes.get(party) ?? 0) + 1);
  let found = 0;
  let correct = 0;
  let clusterCount = 0;
  let exact = 0;
  for (const cluster of clusters) {
    const counts = new Map<string, number>();
    let size = 0;
    for (const ref of cluster) {
      const party = truth.get(ref);
      if (party === undefined) continue;
      size += 1;
      counts.set(party, (counts.get(party) ?? 0) + 1);
    }
    if (size === 0) continue;
    clusterCount += 1;
    found += pairs(size);
    for (const [party, count] of counts) {
      correct += pairs(count);
      if (counts.size === 1 && sizes.get(party) === count) exact += 1;
    }
  }
  let wanted = 0;
  for (const size of sizes.values()) wanted += pairs(size);
  return { pairwise: scores(correct, found, wanted), clusterwise: scores(exact, clusterCount, sizes.size) };
}
