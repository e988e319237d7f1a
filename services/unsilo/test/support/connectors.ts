import { defineConnector, secret, type Connector } from '@unsilo/connector-sdk';
import { Type, type Static } from 'typebox';
import { connectorSource, type ConnectorSource } from '../../src/connectors.js';

const Options = Type.Object(
  {
    url: Type.String({ minLength: 1, description: 'Where it is' }),
    password: Type.Optional(Type.String({ ...secret, description: 'Its password' })),
    pageSize: Type.Integer({ minimum: 1, maximum: 500, default: 100, description: 'Records at a time' }),
    mode: Type.Optional(Type.Union([Type.Literal('fast'), Type.Literal('thorough')])),
    fields: Type.Optional(
      Type.Record(
        Type.String(),
        Type.Union([
          Type.String(),
          Type.Object(
            { attribute: Type.String(), label: Type.Optional(Type.String()) },
            { additionalProperties: false },
          ),
          Type.Null(),
        ]),
      ),
    ),
  },
  { additionalProperties: false },
);

/** A system with contacts that can be written and companies that can not. */
export const crm = defineConnector<Static<typeof Options>>({
  id: 'crm',
  title: 'Simulated CRM',
  options: Options,
  emits: ['party'],
  profile: (system) => ({
    system,
    connector: 'crm',
    title: 'Simulated CRM',
    objects: [],
    kinds: [
      {
        kind: 'contact',
        party: 'person',
        attributes: {
          'name.given': { writable: true },
          'name.full': { writable: false, derived: true },
          emails: { writable: true, slots: ['work'] },
        },
        create: 'search',
        delete: true,
        conditional: true,
      },
      {
        kind: 'company',
        party: 'organization',
        attributes: { 'name.full': { writable: true } },
        create: 'none',
        delete: false,
        conditional: false,
      },
    ],
  }),
  check: () => Promise.resolve([{ ok: true, code: 'UNSILO_CRM_OK', message: 'It answers.' }]),
});

/** Only the given connectors, as if they came with the software. */
export function sourceOf(...connectors: readonly Connector[]): ConnectorSource {
  return connectorSource('/nowhere', connectors);
}
