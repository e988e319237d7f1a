import { isOpen, madeFor, type KnownCommand } from './facts.js';
import type { Member } from './plan.js';
import { systemOf } from './ref.js';
import { rules, type RuleSwitches } from './rules.js';
import type { Evaluation, Register } from './testimony.js';

/**
 * SYNC section 2.4 for a create, which has no ref yet: a record that turned up in a system after a create for its customer was sent there,
 * and before the outcome is known, may be what that create made. It is shadow, not testimony, until then.
 */
export function isPossibleCopy(member: Member, members: readonly Member[]): boolean {
  const { facts } = member;
  if (!members.some((m) => m !== member && m.facts.creates.length > 0) || madeFor(facts)) return false;
  const first = facts.observations.reduce(
    (min, o) => Math.min(min, Date.parse(o.observedAt)),
    facts.summary?.firstSeen ?? Infinity,
  );
  const system = systemOf(facts.ref);
  const mayHaveMade = (create: KnownCommand): boolean =>
    create.command.system === system && isOpen(create) && Date.parse(create.command.issuedAt) <= first;
  return members.some((m) => m !== member && m.facts.creates.some(mayHaveMade));
}

/** What the members of one customer state, without those that may be copies of our own making. Give this to `merge`. */
export function statingMembers(members: readonly Member[], switches: RuleSwitches = rules): Evaluation[] {
  const mayHold = switches.holdBehindOpenCommand && members.some((m) => m.facts.creates.some(isOpen));
  return members.map((member) => {
    if (!mayHold || !isPossibleCopy(member, members)) return member.evaluation;
    const { evaluation } = member;
    return {
      ...evaluation,
      scalars: new Map([...evaluation.scalars].map(([path, r]) => [path, silent(r)])),
      lists: new Map(
        [...evaluation.lists].map(([path, elements]) => [
          path,
          new Map([...elements].map(([key, r]) => [key, silent(r)])),
        ]),
      ),
    };
  });
}

function silent({ run, had }: Register): Register {
  return { run: { ...run, held: true }, had };
}
