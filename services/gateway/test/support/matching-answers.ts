import type { MatchingReport, ModelPlan, ReviewQueue, TrainingLine } from '@unsilo/hub';
import type { Decision } from '@unsilo/schemas';

/** One question, until somebody has answered it. */
export function reviewQueue(decisions: readonly Decision[], limit: number): ReviewQueue {
  const isDecided = decisions.some(({ kind }) => kind === 'link' || kind === 'unlink');
  const items: ReviewQueue['items'] = [
    {
      a: 'crm-emea/contact/42',
      b: 'mastodon/account/7',
      customers: ['cus-1', 'cus-2'],
      bits: -3.2,
      reason: 'unsure',
      effect: { records: 3, customers: 2, writes: 2 },
    },
  ];
  const waiting = isDecided ? [] : items;
  return { items: waiting.slice(0, limit), waiting: waiting.length, isComplete: true };
}

export const MATCHING_REPORT: MatchingReport = {
  model: 'shipped-2',
  records: 5,
  keys: 90,
  retiredKeys: 1,
  largestKey: 31,
  values: 8,
  genericValues: 1,
  customers: 2,
  largestCustomer: { id: 'cus-1', records: 3 },
  partedComponents: 0,
};

export const MODEL_PLAN: ModelPlan = {
  from: 'shipped-2',
  to: 'trained-1',
  records: 5,
  customers: { before: 2, after: 1 },
  merges: 1,
  splits: 0,
  writes: 2,
  changes: [
    {
      kind: 'merged',
      customers: ['cus-1', 'cus-2'],
      groups: [['crm-emea/contact/42', 'mastodon/account/7']],
      writes: 2,
    },
  ],
  isComplete: true,
};

export const TRAINING_LINES: readonly TrainingLine[] = [
  { type: 'settings', model: 'shipped-2', kinds: {} },
  {
    type: 'record',
    profile: {
      ref: 'crm-emea/contact/42',
      kind: 'person',
      names: [],
      addresses: [],
      values: { emails: ['ada@analytical.example'] },
    },
  },
  { type: 'judgement', a: 'crm-emea/contact/42', b: 'mastodon/account/7', same: false, reversed: false },
];
