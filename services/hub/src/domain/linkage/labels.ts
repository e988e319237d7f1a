import { compareText } from './text.js';

/** A pair of refs that a person judged. */
export interface Label {
  a: string;
  b: string;
  /** One party, or two. */
  same: boolean;
}

export interface SoundLabels {
  /** Each pair once, refs in order, pairs in order. */
  sound: Label[];
  /**
   * Labels that can't all be true: a pair judged both ways, or two that are kept apart though links lead from one to the other. It doesn't show
   * which of them is wrong, so none of them is sound, nor any link of such a group.
   */
  contradictory: Label[];
}

/** A function of the set of labels: order and repeats make no difference. */
export function soundLabels(labels: Iterable<Label>): SoundLabels {
  const words = new Map<string, Label[]>();
  for (const { a, b, same } of labels) {
    if (a === b) continue;
    const label = a < b ? { a, b, same } : { a: b, b: a, same };
    const key = `${label.a}\u001f${label.b}`;
    const known = words.get(key) ?? [];
    if (known.every((one) => one.same !== same)) words.set(key, [...known, label]);
  }
  const all = [...words.values()].flat();
  const groupOf = groups(all.filter(({ same }) => same));
  const group = (ref: string): string => groupOf.get(ref) ?? ref;
  const torn = new Set(all.filter(({ a, b, same }) => !same && group(a) === group(b)).map(({ a }) => group(a)));
  const isTorn = ({ a, b, same }: Label): boolean => torn.has(group(a)) && (same || group(a) === group(b));
  const inOrder = (x: Label, y: Label): number =>
    compareText(x.a, y.a) || compareText(x.b, y.b) || Number(y.same) - Number(x.same);
  return {
    sound: all.filter((label) => !isTorn(label)).sort(inOrder),
    contradictory: all.filter(isTorn).sort(inOrder),
  };
}

/** By ref the smallest ref that links lead to. */
function groups(links: readonly Label[]): Map<string, string> {
  const above = new Map<string, string>();
  const top = (ref: string): string => {
    let at = ref;
    for (let next = above.get(at); next !== undefined; next = above.get(at)) at = next;
    return at;
  };
  for (const { a, b } of links) {
    const [x, y] = [top(a), top(b)];
    if (x !== y) above.set(x < y ? y : x, x < y ? x : y);
  }
  const refs = new Set(links.flatMap(({ a, b }) => [a, b]));
  return new Map([...refs].map((ref) => [ref, top(ref)]));
}
