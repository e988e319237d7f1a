/** Customers that became one, or that one became several. */
export interface IdentityChange {
  kind: 'merged' | 'split';
  /** Ids of the customers that there were, and that there are instead; in order. */
  before: string[];
  after: string[];
  /** Records of the customers that there are. */
  records: number;
}

type Members = ReadonlyMap<string, readonly string[]>;

/**
 * What happened to identities between two groupings of the same records. A customer that takes from one and gives to another is told twice. A
 * change of id alone, or of records that come or go, is none.
 */
export function identityChanges(before: Members, after: Members): IdentityChange[] {
  const changes: IdentityChange[] = [];
  const told = (kind: IdentityChange['kind'], one: Members, other: Members): void => {
    const homes = homesOf(one);
    for (const [id, members] of other) {
      const met = new Set<string>();
      for (const ref of members) {
        const home = homes.get(ref);
        if (home !== undefined) met.add(home);
      }
      if (met.size < 2) continue;
      const many = [...met].sort();
      const [was, is] = kind === 'merged' ? [many, [id]] : [[id], many];
      const records = is.reduce((sum, its) => sum + (after.get(its)?.length ?? 0), 0);
      changes.push({ kind, before: was, after: is, records });
    }
  };
  told('merged', before, after);
  told('split', after, before);
  return changes;
}

function homesOf(groups: Members): Map<string, string> {
  const homes = new Map<string, string>();
  for (const [id, members] of groups) for (const ref of members) homes.set(ref, id);
  return homes;
}
