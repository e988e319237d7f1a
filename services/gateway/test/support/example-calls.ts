import type { Call } from './contract.js';
import type { TestBed } from './gateway.js';

type Example = Call | Call[] | ((bed: TestBed) => Promise<Call | Call[]>);

export function partyEvent(id: string, state: object = { kind: 'person', name: { given: 'Mary' } }): object {
  const time = '2026-03-02T09:00:00.000Z';
  return {
    specversion: '1.0',
    id,
    source: '/systems/export',
    type: 'unsilo.party.changed',
    subject: 'export/row/R-77',
    time,
    tenant: 'acme',
    data: { ref: 'export/row/R-77', version: { major: 9, minor: 0 }, changedAt: time, observedAt: time, state },
  };
}

const ada = { system: 'mastodon', kind: 'status', id: '111' };

/** At least one call of every operation, with the status it must answer. */
export const exampleCalls: Record<string, Example> = {
  ingestEvents: [
    { status: 202, body: partyEvent('a'), contentType: 'application/cloudevents+json' },
    { status: 202, body: [partyEvent('b'), partyEvent('c')], contentType: 'application/cloudevents-batch+json' },
    {
      status: 202,
      body: (partyEvent('d') as { data: object }).data,
      contentType: 'application/json',
      headers: {
        'ce-specversion': '1.0',
        'ce-id': 'd',
        'ce-source': '/systems/export',
        'ce-type': 'unsilo.party.changed',
        'ce-subject': 'export/row/R-77',
        'ce-time': '2026-03-02T09:00:00.000Z',
        'ce-tenant': 'acme',
      },
    },
  ],
  receiveWebhook: [
    { status: 200, path: { system: 'mastodon' } },
    { status: 404, path: { system: 'press' } },
  ],
  confirmWebhook: { status: 200, path: { system: 'mastodon' } },
  searchCustomers: [
    { status: 200 },
    { status: 200, query: { text: 'ada', limit: 5 } },
    { status: 200, query: { cursor: 'p5', limit: 5 } },
    { status: 422, query: { cursor: 'nonsense' } },
  ],
  getCustomer: async ({ hub }) => {
    await hub.decide(
      { tenant: 'acme', name: 'x', roles: ['admin'] },
      { kind: 'erase', refs: ['crm-emea/contact/101'] },
    );
    return [
      { status: 200, path: { id: 'cus-1' } },
      { status: 308, path: { id: 'cus-1-2' } },
      { status: 410, path: { id: 'cus-4' } },
      { status: 404, path: { id: 'nobody' } },
    ];
  },
  getTimeline: [
    { status: 200, path: { id: 'cus-1' }, query: { limit: 2 } },
    { status: 404, path: { id: 'nobody' } },
  ],
  getEmployment: [
    { status: 200, path: { id: 'cus-1' }, query: { limit: 5 } },
    { status: 404, path: { id: 'nobody' } },
  ],
  getRecord: [
    { status: 200, path: { system: 'export', kind: 'row', id: 'C-100042' } },
    { status: 404, path: { system: 'export', kind: 'row', id: 'a/b?c' } },
  ],
  explainValue: [
    { status: 200, query: { customer: 'cus-1', attribute: 'name.given' } },
    { status: 200, query: { customer: 'cus-1', attribute: 'emails', element: 'ada@analytical.example' } },
    { status: 404, query: { customer: 'cus-1', attribute: 'name.middle' } },
  ],
  review: { status: 200, query: { limit: 5 } },
  matchingReport: { status: 200 },
  planModel: { status: 200, body: { model: {}, limit: 5 } },
  explainPair: { status: 200, query: { a: 'crm-emea/contact/42', b: 'export/row/C-100042' } },
  explainCustomer: [
    { status: 200, query: { id: 'cus-1' } },
    { status: 404, query: { id: 'nobody' } },
  ],
  explainCommand: async ({ hub }) => {
    const actor = { tenant: 'acme', name: 'x', roles: ['admin'] as const };
    const { id } = await hub.reply(actor, 'mastodon/status/111', { text: 'Hello' });
    hub.settle(id, 'rejected', 'The post was deleted.');
    return { status: 200, query: { id } };
  },
  explainEvent: async ({ hub }) => ({ status: 200, query: { id: hub.flow.all()[0]?.id ?? '' } }),
  decide: [
    {
      status: 201,
      body: { kind: 'unlink', refs: ['crm-emea/contact/42', 'mastodon/account/9017'], reason: 'Namesakes.' },
    },
    { status: 201, body: { kind: 'link', refs: ['crm-emea/contact/42', 'mastodon/account/9017'] } },
    { status: 201, body: { kind: 'keep', ref: 'crm-emea/contact/42', attribute: 'name.given', value: 'Ada' } },
    { status: 201, body: { kind: 'erase', refs: ['crm-emea/contact/102'] } },
  ],
  listDecisions: { status: 200 },
  getInteraction: [
    { status: 200, path: ada },
    { status: 404, path: { ...ada, id: '404' } },
  ],
  reply: [
    {
      status: 202,
      path: ada,
      body: { text: 'We are on it.', visibility: 'public' },
      headers: { 'idempotency-key': 'one' },
    },
    { status: 422, path: ada, body: { text: 'x'.repeat(501) } },
  ],
  createObject: [
    {
      status: 202,
      body: { system: 'crm-emea', kind: 'case', customer: 'cus-1', name: 'Noise', interaction: 'mastodon/status/111' },
    },
    { status: 409, body: { system: 'mastodon', kind: 'case', customer: 'cus-1', name: 'Noise' } },
  ],
  listDeadLetters: [{ status: 200 }, { status: 200, query: { state: 'open', code: 'UNSILO_CSV_ROW', limit: 1 } }],
  getDeadLetter: [
    { status: 200, path: { id: 'letter-1' } },
    { status: 404, path: { id: 'letter-9' } },
  ],
  replayDeadLetter: [
    { status: 200, path: { id: 'letter-1' }, body: { dryRun: true } },
    { status: 200, path: { id: 'letter-1' }, body: { dryRun: true, payload: JSON.stringify(partyEvent('mended')) } },
    { status: 200, path: { id: 'letter-1' }, body: { dryRun: false, payload: JSON.stringify(partyEvent('mended')) } },
  ],
  discardDeadLetter: { status: 200, path: { id: 'letter-2' }, body: { reason: 'A test row.' } },
  listSystems: { status: 200 },
  listLag: { status: 200 },
  pauseSystem: [
    { status: 200, path: { system: 'crm-emea' }, body: { reason: 'Maintenance.' } },
    { status: 404, path: { system: 'nowhere' }, body: { reason: 'Maintenance.' } },
  ],
  resumeSystem: { status: 200, path: { system: 'crm-emea' } },
  audit: [{ status: 200 }, { status: 200, query: { system: 'crm-emea' } }],
  exportCustomers: { status: 200 },
  exportRecords: { status: 200 },
  hashCustomers: { status: 200 },
  exportTrainingData: { status: 200 },
  // A stream that goes on would never be answered whole; this one says why it ends.
  live: { status: 200, query: { after: 'nonsense' } },
  listEvents: [
    { status: 200, query: { topic: 'unsilo.parties.v1', limit: 3 } },
    { status: 404, query: { topic: 'nothing' } },
  ],
  logIn: async ({ admin }) => [
    { status: 200, body: { key: admin } },
    { status: 401, body: { key: 'unsilo_wrong' } },
  ],
  whoAmI: { status: 200 },
  logOut: { status: 204 },
  health: { status: 200 },
  readiness: async ({ hub }) => {
    hub.ready = true;
    return { status: 200 };
  },
  metrics: { status: 200 },
  openapi: { status: 200 },
  docs: { status: 200 },
  console: { status: 200 },
  consoleFile: { status: 404, path: { file: 'none.js' } },
};
