import type { Prepared } from '../domain/linkage/matcher.js';
import type { Profile } from '../domain/linkage/profile.js';
import type { Core } from './core.js';
import type { MatchRow } from './matching-rows.js';

/**
 * Weights of pairs, 1/1024 bit. Profiles are laid out for comparing once, and kept as long as this lives: one batch. What outlived its batch
 * in here, or in a map with weak keys, would be moved about by every collection of young objects.
 */
export class Weights {
  private readonly known = new Map<Profile, { generic: readonly string[] | undefined; prepared: Prepared }>();
  private readonly core: Core;

  constructor(core: Core) {
    this.core = core;
  }

  /** As it was found, or worked out where no key proposed the pair. */
  between(a: MatchRow, b: MatchRow): number {
    return (
      a.edges[b.profile.ref] ?? this.core.matching.matcher(a.profile.kind).weight(this.prepared(a), this.prepared(b))
    );
  }

  /** Undefined: below `lowest`, which takes less time to find out. */
  from(lowest: number, a: MatchRow, b: MatchRow): number | undefined {
    return this.core.matching.matcher(a.profile.kind).weightFrom(lowest, this.prepared(a), this.prepared(b));
  }

  /** Does it state nothing that could be compared? */
  isSilent(row: MatchRow): boolean {
    const { names, addresses } = row.profile;
    // Most have a name: they need not be laid out to know it.
    return names.length + addresses.length === 0 && this.prepared(row).isSilent;
  }

  private prepared({ profile, generic }: MatchRow): Prepared {
    const found = this.known.get(profile);
    if (found && found.generic === generic) return found.prepared;
    const prepared = this.core.matching.prepare(profile, generic);
    this.known.set(profile, { generic, prepared });
    return prepared;
  }
}
