import { bitsOf } from '../../domain/linkage/explain.js';
import type { WeighedPair } from '../../domain/linkage/explain-cluster.js';
import { isRetired } from '../../domain/linkage/crowds.js';
import { proposes } from '../../domain/linkage/keys.js';
import { toWeight } from '../../domain/linkage/matcher.js';
import { breathe } from '../breathe.js';
import { keysOf, matchRow, numberOfKey } from '../evidence.js';

import { listing, sizeOf } from '../listings.js';
import { Weights } from '../weights.js';
import { Workspace } from '../workspace.js';
import type { NearMiss } from '../service.js';
import type { ServiceContext } from './context.js';

/** Candidates below the review band are no evidence and aren't kept: so many pairs of them are weighed at most. */
const MOST_WEIGHED = 5000;
const WEIGHED_AT_ONCE = 500;
/** Bits below the review band: nobody would take what is further off for the same. */
const NEAR = 6;

/** A pair of a member and a record outside, and why it doesn't join. */
export interface NearbyPair extends WeighedPair {
  reason: Extract<NearMiss['reason'], 'crowd' | 'unsure' | 'weak'>;
}

/**
 * Records outside with which members share evidence, or at least a key under which candidates are found; the nearest first.
 * @param workspace Has the members' rows.
 */
export async function nearby(
  context: ServiceContext,
  workspace: Workspace,
  members: readonly string[],
): Promise<{ pairs: NearbyPair[]; isComplete: boolean }> {
  const { model } = context.core;
  const inside = new Set(members);
  const kind = matchRow(workspace, members[0] ?? '')?.profile.kind ?? 'person';
  const part = model[kind];
  const pairs: NearbyPair[] = [];
  const add = (a: string, b: string, weight: number): void => {
    const reason = weight >= toWeight(part.threshold) ? 'crowd' : weight >= toWeight(part.review) ? 'unsure' : 'weak';
    pairs.push({ a, b, bits: bitsOf(weight), reason });
  };
  for (const a of members) {
    const edges = matchRow(workspace, a)?.edges ?? {};
    for (const b in edges) if (!inside.has(b)) add(a, b, edges[b] ?? 0);
  }
  const { candidates, isComplete } = await candidatesOf(workspace, members, (size) => isRetired(part, size));
  await workspace.load(
    'matching',
    candidates.map(([, b]) => b),
  );
  const weights = new Weights(context.core);
  for (const [i, [a, b]] of candidates.entries()) {
    if (i % WEIGHED_AT_ONCE === WEIGHED_AT_ONCE - 1) await breathe();
    const [x, y] = [matchRow(workspace, a), matchRow(workspace, b)];
    if (!x || !y || x.profile.kind !== y.profile.kind) continue;
    const weight = weights.between(x, y);
    if (weight >= toWeight(part.review - NEAR)) add(a, b, weight);
  }
  pairs.sort((x, y) => y.bits - x.bits || (x.b < y.b ? -1 : 1));
  return { pairs, isComplete };
}

/** Pairs that share a key that proposes them, and no evidence that is kept. */
async function candidatesOf(
  workspace: Workspace,
  members: readonly string[],
  isTooMany: (size: number) => boolean,
): Promise<{ candidates: [member: string, other: string][]; isComplete: boolean }> {
  const inside = new Set(members);
  await workspace.load(
    'postings',
    members.flatMap((ref) => keysOf(matchRow(workspace, ref))),
  );
  const candidates: [string, string][] = [];
  for (const a of members) {
    const row = matchRow(workspace, a);
    const met = new Set<string>();
    for (const key of keysOf(row)) {
      const posting = listing(workspace, 'postings', key);
      if (posting.overflow !== undefined || isTooMany(sizeOf(posting))) continue;
      const number = numberOfKey(key);
      for (const b in posting.refs) {
        if (inside.has(b) || met.has(b) || row?.edges[b] !== undefined) continue;
        if (!proposes(number, row?.rich === true, posting.refs[b] !== '')) continue;
        if (candidates.length >= MOST_WEIGHED) return { candidates, isComplete: false };
        met.add(b);
        candidates.push([a, b]);
      }
    }
  }
  return { candidates, isComplete: true };
}
