/** The properties of SYNC section 9 that a run is held against; 18 has tests of its own. */
export const PROPERTIES = {
  1: 'any permutation with repeats gives the same golden records',
  2: 'summary and tail give what the whole set gives',
  3: 'the incremental register equals the reference over the whole set',
  4: 'nothing is fabricated: every value sent was stated by somebody',
  5: 'commands are bounded by what happened, and end',
  6: 'at quiet the shadow equals reality',
  7: 'at quiet reality equals the projection or is a listed exception',
  8: 'the last edit made in quiet wins',
  9: 'an edit over an echo of the winner wins at any clock skew',
  10: 'after unlinking all, every system has its own last statement back',
  11: 'random links and unlinks, then relinking, converge',
  12: 'an element stated and never removed is never lost',
  13: 'a clear never resurrects an older value',
  14: 'at most one copy for each person and system, never recreated',
  15: 'a replay in other batches sends nothing',
  16: 'no edit is overwritten unseen under conditional writes',
  17: 'a refused field blocks no other field',
} as const;
export type Property = keyof typeof PROPERTIES;

export interface Finding {
  property: Property;
  what: string;
}

/** Collects what was found, and counts how often each property was put to the test: one that never was proves nothing. */
export class Judge {
  readonly findings: Finding[] = [];
  readonly tested = new Map<Property, number>();

  hold(property: Property, holds: boolean, what: () => string): void {
    this.tested.set(property, (this.tested.get(property) ?? 0) + 1);
    if (holds) return;
    const text = what();
    if (!this.findings.some((f) => f.property === property && f.what === text))
      this.findings.push({ property, what: text });
  }
}
