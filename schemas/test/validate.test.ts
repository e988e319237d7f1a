import { parseEvent, validateEvent } from '../src/index.js';
import { partyChanged } from './support/events.js';

describe('validateEvent', () => {
  it('accepts an event and answers the very value', () => {
    const event = partyChanged();
    const result = validateEvent(event);
    expect(result).toEqual({ ok: true, event });
    expect(result.ok && result.event).toBe(event);
  });

  it('checks the data that the type names', () => {
    const event = { ...partyChanged(), type: 'unsilo.signal.raised' };
    expect(validateEvent(event)).toMatchObject({
      ok: false,
      code: 'UNSILO_INVALID',
      errors: [{ path: '/data/name', keyword: 'required' }],
    });
  });

  it.each([undefined, null, 1, 'text', [], Number.NaN, () => 1, Symbol('s'), 1n])(
    'refuses %p without throwing',
    (value) => {
      expect(validateEvent(value)).toMatchObject({ ok: false, errors: [{ path: '', keyword: 'type' }] });
    },
  );

  it('narrows by type', () => {
    const result = validateEvent(partyChanged());
    if (!result.ok || result.event.type !== 'unsilo.party.changed') throw new Error('not a party event');
    const party = result.event.data;
    expect(party.deleted ? undefined : party.state.name?.given).toBe('Ada');
  });
});

describe('parseEvent', () => {
  it('reads text and bytes alike, a byte order mark or not', () => {
    const event = partyChanged();
    const json = JSON.stringify(event);
    for (const input of [json, Buffer.from(json), Buffer.from(`\ufeff${json}`)])
      expect(parseEvent(input)).toEqual({ ok: true, event });
  });
});
