import {
  declareTopics,
  eventKey,
  parseEvent,
  placeOf,
  topicName,
  topics,
  type EventType,
  type Topic,
  type UnsiloEvent,
} from '../src/index.js';
import { eventData } from '../src/generated/events.js';
import { validExamples } from './support/examples.js';

const events = validExamples()
  .filter(({ schema }) => schema === 'envelope')
  .map(({ data }) => {
    const parsed = parseEvent(JSON.stringify(data));
    if (!parsed.ok) throw new Error('an example is no event');
    return parsed.event;
  });

function example<T extends EventType>(type: T): Extract<UnsiloEvent, { type: T }> {
  const found = events.find((event) => event.type === type);
  if (!found) throw new Error(`no example of ${type}`);
  return found as Extract<UnsiloEvent, { type: T }>;
}

describe('topics', () => {
  it('have names that carry the form of what is in them', () => {
    expect(topicName('parties')).toBe('unsilo.parties.v1');
    expect(topicName('dead-letters')).toBe('unsilo.dead-letters.v1');
    expect(topicName('commands', 'sugarcrm-emea')).toBe('unsilo.commands.sugarcrm-emea.v1');
  });

  it('are declared once each, commands once for every system', () => {
    expect(declareTopics(['crm', 'press', 'crm']).map(({ name }) => name)).toEqual([
      'unsilo.parties.v1',
      'unsilo.objects.v1',
      'unsilo.interactions.v1',
      'unsilo.commands.crm.v1',
      'unsilo.commands.press.v1',
      'unsilo.outcomes.v1',
      'unsilo.decisions.v1',
      'unsilo.records.v1',
      'unsilo.customers.v1',
      'unsilo.signals.v1',
      'unsilo.dead-letters.v1',
    ]);
  });

  it('keep what a rebuild needs: records, decisions and customers for ever, facts past the horizon of seven days', () => {
    const declared = declareTopics(['crm'], { partitions: 4 });
    const compacted = declared.filter(({ cleanup }) => cleanup === 'compact');
    expect(compacted.map(({ name }) => name)).toEqual([
      'unsilo.decisions.v1',
      'unsilo.records.v1',
      'unsilo.customers.v1',
    ]);
    for (const { cleanup, retentionMs } of declared) {
      if (cleanup === 'compact') expect(retentionMs).toBeUndefined();
      else expect(retentionMs).toBeGreaterThan(7 * 24 * 60 * 60 * 1000);
    }
  });

  it('get the partitions asked for, but decisions stay in one order', () => {
    const partitions = new Map(
      declareTopics(['crm'], { partitions: 4 }).map((topic) => [topic.name, topic.partitions]),
    );
    expect(partitions.get('unsilo.parties.v1')).toBe(4);
    expect(partitions.get('unsilo.commands.crm.v1')).toBe(4);
    expect(partitions.get('unsilo.decisions.v1')).toBe(1);
  });

  it('take every type of event, each in one topic', () => {
    const taken = Object.values<Topic>(topics).flatMap((topic) => topic.events);
    expect([...taken].sort()).toEqual(Object.keys(eventData).sort());
  });

  it('are found for every event', () => {
    const names = declareTopics(['sugarcrm-emea']).map(({ name }) => name);
    expect(events).toHaveLength(12);
    for (const event of events) {
      const { topic, key } = placeOf(event);
      expect(names).toContain(topic);
      expect(key.startsWith('acme/')).toBe(true);
    }
  });
});

describe('keys', () => {
  it('are the tenant and what the topic orders by', () => {
    expect(eventKey('acme', 'crm/contact/42')).toBe('acme/crm/contact/42');
    expect(placeOf(example('unsilo.party.changed')).key).toBe('acme/sugarcrm-emea/contact/42');
    expect(placeOf(example('unsilo.customer.gone')).key).toBe('acme/cus_02');
    expect(placeOf(example('unsilo.decision.made')).key).toBe('acme/d_1');
    expect(placeOf(example('unsilo.signal.raised')).key).toBe('acme/mastodon-support');
  });

  it('of a command and its outcome are the record that both are about', () => {
    expect(placeOf(example('unsilo.command.issued'))).toEqual({
      topic: 'unsilo.commands.sugarcrm-emea.v1',
      key: 'acme/sugarcrm-emea/contact/42',
    });
    const outcome = example('unsilo.outcome.reported');
    expect(placeOf(outcome).key).toBe('acme/sugarcrm-emea/contact/42');
    const { ref: _, ...unborn } = outcome.data;
    expect(placeOf({ ...outcome, data: unborn }).key).toBe('acme/c_5f2b');
  });

  it.each([
    ['create', 'acme/csv-export/row/9'],
    ['delete', 'acme/sugarcrm-emea/contact/42'],
    ['reply', 'acme/mastodon-support/status/111'],
    ['create-object', 'acme/mastodon-support/status/111'],
  ])('of a command to %s are %s', (name, key) => {
    const data = validExamples().find((found) => found.schema === 'command' && found.name === name)?.data;
    const event = { ...example('unsilo.command.issued'), data } as UnsiloEvent;
    expect(placeOf(event).key).toBe(key);
  });
});
