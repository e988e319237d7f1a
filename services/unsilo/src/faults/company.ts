import { DEFAULT_HORIZON, DEFAULT_SYSTEM_POLICY, type Policy } from '@unsilo/hub';
import type { KindProfile, SystemProfile } from '@unsilo/schemas';

export const TENANT = 'acme';
/** When the script's first event happens, epoch milliseconds. */
export const START = Date.parse('2026-01-05T08:00:00.000Z');

/** Simulated systems that carry out commands; the others are only read. */
export const WRITTEN = ['ledger', 'desk', 'till', 'social'] as const;
/** Where people edit what the hub writes too. */
export const EDITED_BY_BOTH: ReadonlySet<string> = new Set(['desk', 'till']);

const contact: KindProfile = {
  kind: 'contact',
  party: 'person',
  create: 'none',
  delete: false,
  conditional: true,
  attributes: {
    'name.given': { writable: true },
    'name.surname': { writable: true },
    emails: { writable: false },
    phones: { writable: true, slots: ['work', 'home'] },
    titles: { writable: true },
    note: { writable: false },
  },
};

export function faultSystems(): SystemProfile[] {
  return ['crm', 'shop', 'social', 'ledger', 'desk', 'till'].map((system) => ({
    system,
    connector: 'simulated',
    title: system,
    objects: [],
    kinds: [contact],
    ...(system === 'social' ? { reply: { maxLength: 200 } } : {}),
  }));
}

export function faultPolicy(): Policy {
  const write = (...fields: string[]) => ({
    contact: { fields, clear: true, create: false, createRequires: [] },
  });
  return {
    version: 'faults',
    country: 'DE',
    rules: {},
    systems: {
      ledger: { ...DEFAULT_SYSTEM_POLICY, write: write('name.given', 'name.surname', 'phones', 'titles') },
      desk: { ...DEFAULT_SYSTEM_POLICY, write: write('titles') },
      till: { ...DEFAULT_SYSTEM_POLICY, write: write('titles') },
    },
    horizon: DEFAULT_HORIZON,
    commandDeadlineMs: 6 * 3_600_000,
    quarantine: { sends: 8, windowMs: 3_600_000 },
  };
}
