import type { Envelope, Party } from '../../src/index.js';

const TIME = '2026-03-01T09:30:00.000Z';

/** A party event of ordinary size: about 1.2 kB of JSON. */
export function partyChanged(): Envelope<'unsilo.party.changed', Party> {
  return {
    specversion: '1.0',
    id: 'sugarcrm-emea/contact/42@1772357400000.0',
    source: '/systems/sugarcrm-emea',
    type: 'unsilo.party.changed',
    subject: 'sugarcrm-emea/contact/42',
    time: TIME,
    datacontenttype: 'application/json',
    tenant: 'acme',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    data: {
      ref: 'sugarcrm-emea/contact/42',
      version: { major: 1772357400000, minor: 0 },
      createdAt: TIME,
      changedAt: TIME,
      observedAt: TIME,
      state: {
        kind: 'person',
        name: { prefix: 'Dr.', given: 'Ada', surname: 'Lovelace' },
        birthDate: '1985-12-10',
        language: 'en-GB',
        emails: [{ address: 'ada@example.com', label: 'work' }, { address: 'ada.l@example.org' }],
        phones: [{ number: '+44 20 7946 0958', label: 'mobile' }],
        addresses: [
          { street: "12 St James's Square", locality: 'London', postcode: 'SW1Y 4JH', country: 'GB', label: 'home' },
        ],
        organizations: [{ name: 'Analytical Engines Ltd', unit: 'Research' }],
        titles: [{ name: 'Head of Research' }],
        identifiers: [{ issuer: 'erp', value: 'C-100042' }],
        consents: [{ purpose: 'marketing', channel: 'email', status: 'granted' }],
        extra: { loyalty_tier: 'gold', lead_score: 71 },
      },
    },
  };
}
