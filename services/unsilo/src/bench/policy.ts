import { DEFAULT_HORIZON, DEFAULT_SYSTEM_POLICY, type Policy } from '@unsilo/hub';

/** Titles and notes stay each system's own; who somebody is and how to reach them is shared. */
export function benchPolicy(): Policy {
  const fields = ['name.given', 'name.surname', 'emails', 'phones', 'addresses'];
  const write = { contact: { fields, clear: true, create: false, createRequires: [] } };
  return {
    version: 'bench',
    country: 'DE',
    rules: {},
    systems: {
      'crm-emea': { ...DEFAULT_SYSTEM_POLICY, rank: 10, write },
      'crm-us': { ...DEFAULT_SYSTEM_POLICY, rank: 20, write },
      shop: {
        ...DEFAULT_SYSTEM_POLICY,
        rank: 30,
        write: { contact: { ...write.contact, fields: ['emails', 'phones'] } },
      },
    },
    horizon: DEFAULT_HORIZON,
    commandDeadlineMs: 3_600_000,
    quarantine: { sends: 8, windowMs: 3_600_000 },
  };
}
