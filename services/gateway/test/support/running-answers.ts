import type { AuditRow, GroupLag, SystemView, Metric } from '@unsilo/hub';

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

export const METRICS: Metric[] = [
  {
    name: 'unsilo_events_total',
    help: 'Events taken in.',
    type: 'counter',
    samples: [{ labels: { topic: 'parties' }, value: 7 }],
  },
  {
    name: 'unsilo_batch_seconds',
    help: 'Time for one batch.',
    type: 'histogram',
    samples: [
      { labels: { le: '0.1' }, value: 3 },
      { labels: { le: '+Inf' }, value: 4 },
      { labels: { stat: 'sum' }, value: 0.5 },
      { labels: { stat: 'count' }, value: 4 },
    ],
  },
];
