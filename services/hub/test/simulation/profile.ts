import type { AttributeProfile, KindProfile, Rewrite, SystemProfile } from '@unsilo/schemas';
import type { Policy, SystemPolicy } from '../../src/domain.js';
import { KIND, type RewriteSpec, type Scenario, type SystemSpec } from './scenario.js';

/** What the connector of a simulated system tells the hub about it: only what is declared. */
export function profileOf(spec: SystemSpec): SystemProfile {
  const attributes: KindProfile['attributes'] = {};
  for (const path of spec.attributes) {
    const derived = path === 'name.full' && spec.derivesFullName;
    const profile: AttributeProfile = derived ? { writable: false, derived: true } : { writable: true };
    const slots = path === 'emails' || path === 'phones' ? spec.slots[path] : undefined;
    if (slots) profile.slots = slots;
    const rewrites = spec.rewrites.filter((r) => r.attribute === path && r.declared).flatMap(declaration);
    if (rewrites.length > 0) profile.rewrites = rewrites;
    attributes[path] = profile;
  }
  return {
    system: spec.name,
    connector: 'simulated',
    title: spec.name,
    kinds: [
      { kind: KIND, party: 'person', attributes, create: spec.creates, delete: true, conditional: spec.conditional },
    ],
    objects: [],
  };
}

function declaration(rule: RewriteSpec): Rewrite[] {
  if (rule.rule === 'punctuate') return [];
  return rule.rule === 'truncate' ? [{ rule: 'truncate', length: rule.length ?? 8 }] : [{ rule: rule.rule }];
}

export function policyOf(scenario: Scenario): Policy {
  const { policy } = scenario;
  const systems = scenario.systems.map((spec): [string, SystemPolicy] => [
    spec.name,
    {
      rank: policy.ranks[spec.name] ?? 100,
      write: {
        '*': {
          fields: ['*'],
          clear: !policy.noClear.includes(spec.name),
          create: policy.create,
          createRequires: spec.creates === 'search' ? ['emails'] : [],
        },
      },
      deletes: policy.deletes,
      duplicates: 'write-all',
      addWins: policy.addWins.includes(spec.name),
    },
  ]);
  return {
    version: '1',
    country: 'DE',
    rules: policy.rules,
    systems: Object.fromEntries(systems),
    horizon: policy.horizon ?? { age: Number.MAX_SAFE_INTEGER, versions: 1_000_000 },
    commandDeadlineMs: policy.commandDeadlineMs,
    quarantine: policy.quarantine,
  };
}
