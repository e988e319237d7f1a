import {
  commandEvent,
  customerGoneEvent,
  customerMessage,
  deadLetterEvent,
  deadLetterSettledEvent,
  decisionEvent,
  interactionEvent,
  objectEvent,
  outcomeEvent,
  partyEvent,
  recordEvent,
  signalEvent,
  validate,
  validateEvent,
  type Command,
  type Outcome,
  type Party,
  type SchemaName,
  type SchemaTypes,
  type UnsiloEvent,
} from '../src/index.js';
import { validExamples } from './support/examples.js';
import { partyChanged } from './support/events.js';

const MADE = { revision: 4, at: '2026-03-01T09:30:00.000Z' };

function examplesOf<Name extends SchemaName>(schema: Name): SchemaTypes[Name][] {
  return validExamples()
    .filter((example) => example.schema === schema)
    .map(({ data }) => {
      const result = validate(schema, data);
      if (!result.ok) throw new Error(`an example of ${schema} is not valid`);
      return result.value;
    });
}

function customerChanged({ revision, changedAt, ...customer }: SchemaTypes['customer']): UnsiloEvent {
  const { value } = customerMessage(JSON.stringify(customer), { id: customer.id, tenant: 'acme', revision, changedAt });
  return JSON.parse(value) as UnsiloEvent;
}

const built: [name: string, events: UnsiloEvent[]][] = [
  ['party', examplesOf('party').map((data) => partyEvent('acme', data))],
  ['object', examplesOf('object').map((data) => objectEvent('acme', data))],
  ['interaction', examplesOf('interaction').map((data) => interactionEvent('acme', data))],
  ['command', examplesOf('command').map((data) => commandEvent('acme', data))],
  ['outcome', examplesOf('outcome').map((data) => outcomeEvent('acme', data))],
  ['decision', examplesOf('decision').map((data) => decisionEvent('acme', data))],
  ['record', examplesOf('record').map((data) => recordEvent('acme', data, MADE))],
  ['customer', examplesOf('customer').map(customerChanged)],
  ['customer-gone', examplesOf('customer-gone').map((data) => customerGoneEvent(data))],
  ['signal', examplesOf('signal').map((data) => signalEvent('acme', data))],
  ['dead-letter', examplesOf('dead-letter').map((data) => deadLetterEvent('acme', data))],
  ['dead-letter-settled', examplesOf('dead-letter-settled').map((data) => deadLetterSettledEvent('acme', data))],
];

describe('builders of events', () => {
  it.each(built)('make a valid event of every %s', (_name, events) => {
    expect(events.length).toBeGreaterThan(1);
    for (const event of events) {
      expect(validateEvent(event)).toEqual({ ok: true, event });
      expect(event.tenant).toBe('acme');
    }
  });

  it('name a state by its ref and version, and its system as the source', () => {
    const { data } = partyChanged();
    const event = partyEvent('acme', data, { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' });
    expect(event).toEqual(partyChanged());
  });

  it('give one id to one state, however often it is seen', () => {
    const { data } = partyChanged();
    const again: Party = { ...data, observedAt: '2026-03-02T00:00:00.000Z' };
    const { data: _, ...envelope } = partyEvent('acme', data);
    expect(partyEvent('acme', again)).toMatchObject(envelope);
    const next: Party = { ...data, version: { ...data.version, minor: 1 } };
    expect(partyEvent('acme', next).id).not.toBe(envelope.id);
  });

  it('tell apart the ways in which one command ends', () => {
    const uncertain: Outcome = { command: 'c_1', system: 'crm', status: 'uncertain', reportedAt: MADE.at };
    const applied: Outcome = { ...uncertain, status: 'applied', ref: 'crm/contact/1', version: { major: 7, minor: 0 } };
    expect(outcomeEvent('acme', uncertain)).toMatchObject({
      id: 'outcome/c_1/uncertain',
      subject: 'c_1',
      source: '/systems/crm',
    });
    expect(outcomeEvent('acme', applied)).toMatchObject({ id: 'outcome/c_1/applied@7.0', subject: 'crm/contact/1' });
  });

  it('tell apart two signals of one moment, and know one that is repeated', () => {
    const merged = (from: string) => signalEvent('acme', { name: 'customers.merged', at: MADE.at, detail: { from } });
    expect(merged('cus_1').id).toBe(merged('cus_1').id);
    expect(merged('cus_1').id).not.toBe(merged('cus_2').id);
  });

  it('let the hub speak for itself where no system does', () => {
    expect(signalEvent('acme', { name: 'customers.merged', at: MADE.at }).source).toBe('/hub');
    const [command] = examplesOf('command');
    expect(commandEvent('acme', command as Command).source).toBe('/hub');
  });
});
