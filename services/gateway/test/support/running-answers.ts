import type { AuditRow, GroupLag, SystemView } from '@unsilo/hub';

/** Every connector has a little left to do. */
export function lagOf(systems: readonly SystemView[]): GroupLag[] {
  return systems.map(({ system }) => ({
    group: `unsilo-connector-${system}`,
    system,
    records: 2,
    seconds: 11.5,
    verdict: 'behind',
  }));
}

export const AUDIT_ROWS: readonly AuditRow[] = [
  { customer: 'cus-1', ref: 'crm-emea/contact/42', system: 'crm-emea', attribute: 'emails', reason: 'displaced' },
  { customer: 'cus-1', ref: 'mastodon/account/9017', system: 'mastodon', reason: 'not-writable' },
];
