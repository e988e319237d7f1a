import { join } from 'node:path';
import { connectorConformance, startFakeServer } from '@unsilo/connector-sdk/testing';
import type { Command, ObjectState } from '@unsilo/schemas';
import { suitecrm } from '@unsilo/connector-suitecrm';
import { simulateSuiteCrm } from '@unsilo/connector-suitecrm/simulator';
import { partyMap } from '../src/map.js';
import { decodeObject, type ObjectKindName } from '../src/map-objects.js';
import { DEFAULT_MAPPINGS, isObjectKind, type PartyKindName } from '../src/mappings.js';
import type { KindName, SuiteRecord } from '../src/modules.js';
import { assignments } from './stage.js';

const base = { id: 'x', system: 'suitecrm', cause: { kind: 'plan' as const }, issuedAt: '', deadline: '', attempt: 1 };
const ADA = '0a0a0a0a-0000-4000-8000-00000000000a';

connectorConformance({
  connector: suitecrm,
  deeds: ['remove', 'editAtSameTime', 'shortened', 'refused'],
  mappings: DEFAULT_MAPPINGS,
  readme: join(__dirname, '../README.md'),

  async start() {
    // The runner's clock begins here as well.
    const began = Date.now();
    const crm = simulateSuiteCrm({ charset: 'utf8mb4', now: () => Date.UTC(2026, 2, 1, 9, 30) + Date.now() - began });
    const tokens: string[] = [];
    const server = await startFakeServer((request) => {
      const answer = crm.handle(request);
      const { access_token: token, refresh_token: refresh } = answer.body as Record<string, string | undefined>;
      tokens.push(...[token, refresh].filter((value) => value !== undefined));
      return answer;
    });
    crm.insert('contact', { first_name: 'Ada', last_name: 'Lovelace', email1: 'ada@example.com' }, ADA);
    const modified = () => Math.floor(crm.record('contact', ADA)!.modifiedAt / 60_000) * 60_000;
    const first = { major: modified(), minor: 1 };
    let made = 0;
    return {
      options: { url: server.url, auth: crm.auth, characters: 'all', pageSize: 3 },
      server,
      get secrets() {
        return tokens;
      },

      change(n) {
        return Promise.resolve(
          Array.from({ length: n }, () => {
            made += 1;
            if (made % 3 === 0) {
              crm.edit('contact', ADA, { title: `Title ${made}` });
              return `suitecrm/contact/${ADA}`;
            }
            const kind = made % 3 === 1 ? 'lead' : 'case';
            const name = kind === 'lead' ? { last_name: `Lead ${made}` } : { name: `Case ${made}` };
            return `suitecrm/${kind}/${crm.insert(kind, name)}`;
          }),
        );
      },

      plant(text) {
        const id = crm.insert('contact', { last_name: 'Hostile', description: text });
        // SuiteCRM takes markup out of what people type.
        const kept = crm.record('contact', id)!.fields['description'];
        return Promise.resolve(kept === undefined ? undefined : { ref: `suitecrm/contact/${id}`, expected: kept });
      },

      remove() {
        crm.remove('contact', ADA);
        return Promise.resolve(`suitecrm/contact/${ADA}`);
      },

      editAtSameTime(text) {
        crm.edit('contact', ADA, { description: text, date_modified: '2026-03-01 09:30:00' });
        return Promise.resolve({ ref: `suitecrm/contact/${ADA}` });
      },

      shortened: () =>
        Promise.resolve<Command>({
          ...base,
          action: 'update',
          ref: `suitecrm/contact/${ADA}`,
          base: first,
          set: assignments({ 'name.given': 'Augusta'.repeat(20) }),
        }),

      refused: () =>
        Promise.resolve<Command[]>([
          {
            ...base,
            action: 'update',
            ref: `suitecrm/contact/${ADA}`,
            base: first,
            set: assignments({ emails: [{ address: 'nowhere' }] }),
          },
        ]),

      commands: () =>
        Promise.resolve<Command[]>([
          {
            ...base,
            action: 'update',
            ref: `suitecrm/contact/${ADA}`,
            base: first,
            set: assignments({ 'name.given': 'Augusta', emails: [{ address: 'augusta@example.com' }] }),
          },
          {
            ...base,
            action: 'create',
            kind: 'contact',
            externalKey: 'ab12',
            createdFor: 'csv/row/7',
            set: assignments({
              'name.surname': 'Hopper',
              emails: [{ address: 'grace@example.com' }, { address: 'hopper@example.com' }],
            }),
          },
          {
            ...base,
            action: 'create-object',
            kind: 'case',
            externalKey: 'cd34',
            object: {
              kind: 'case',
              name: 'The pump leaks',
              parties: [{ ref: `suitecrm/contact/${ADA}`, role: 'contact' }],
            },
          },
          { ...base, action: 'delete', ref: `suitecrm/contact/${ADA}`, base: first },
        ]),

      effects(command) {
        const people = crm.records('contact').map(({ fields }) => fields);
        if (command.action === 'delete') return Promise.resolve(crm.record('contact', ADA) === undefined ? 1 : 0);
        if (command.action === 'create')
          return Promise.resolve(people.filter((fields) => fields['last_name'] === 'Hopper').length);
        if (command.action === 'create-object')
          return Promise.resolve(
            crm.records('case').filter(({ fields }) => fields['name'] === 'The pump leaks').length,
          );
        return Promise.resolve(
          people.filter((fields) => fields['first_name'] === 'Augusta' && fields['email1'] === 'augusta@example.com')
            .length,
        );
      },

      close: () => server.close(),
    };
  },

  fixtures: {
    folder: join(__dirname, 'fixtures'),
    run(input) {
      const {
        kind,
        record,
        contacts = [],
        currencies = {},
        options = {},
        set,
      } = input as {
        kind: KindName;
        record: SuiteRecord;
        contacts?: string[];
        currencies?: Record<string, string>;
        options?: Partial<Parameters<typeof partyMap>[1]>;
        set?: Parameters<ReturnType<typeof partyMap>['encode']>[0];
      };
      if (isObjectKind(kind)) {
        const around = { system: 'crm', contacts, currencies: new Map(Object.entries(currencies)) };
        return decodeObject(kind satisfies ObjectKindName, record, around) satisfies ObjectState;
      }
      const map = partyMap(kind satisfies PartyKindName, {
        mapping: {},
        linkAccounts: false,
        characters: 'bmp',
        ...options,
      });
      return set === undefined ? map.decode(record) : map.encode(set, record);
    },
  },
});
