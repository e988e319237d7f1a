import type { Actor } from '@unsilo/hub';
import { interactionEvent, objectEvent, partyEvent, type PartyState, type UnsiloEvent } from '@unsilo/schemas';
import { emptyConfiguration } from '../../src/configuration/configuration.js';
import { createLogger } from '../../src/running/logger.js';
import { startUnsilo, type RunningUnsilo } from '../../src/running/start.js';
import { eventually } from './waiting.js';

/** Of a configuration that names none. */
const TENANT = emptyConfiguration('.').tenant;
const AT = '2026-03-01T00:00:00.000Z';

export function person(ref: string, state: Omit<PartyState, 'kind'>, major = 1): UnsiloEvent {
  return partyEvent(TENANT, {
    ref,
    version: { major, minor: 0 },
    changedAt: AT,
    observedAt: AT,
    state: { kind: 'person', ...state },
  });
}

/** Ada has two records, a post and a case; Grace and Ben one record each. */
export function someEvents(): UnsiloEvent[] {
  const emails = [{ address: 'ada@example.org' }];
  const said = { version: { major: 1, minor: 0 }, changedAt: AT, observedAt: AT };
  return [
    person('crm/contact/1', { name: { full: 'Ada Lovelace' }, emails, birthDate: '1815-12-10' }),
    person('shop/row/7', { name: { full: 'A. Lovelace' }, emails, phones: [{ number: '+44 20 7946 0958' }] }),
    person('crm/contact/2', { name: { full: '=Grace Hopper' } }),
    person('crm/contact/3', { name: { full: 'Ben Bitdiddle' } }),
    interactionEvent(TENANT, {
      ref: 'shop/post/1',
      ...said,
      state: {
        kind: 'mention',
        direction: 'inbound',
        visibility: 'public',
        publishedAt: AT,
        author: 'shop/row/7',
        text: 'Where is my parcel?',
      },
    }),
    objectEvent(TENANT, {
      ref: 'crm/case/1',
      ...said,
      state: { kind: 'case', name: 'A parcel', parties: [{ ref: 'crm/contact/1', role: 'contact' }] },
    }),
  ];
}

/** A running Unsilo without systems that knows these events. */
export async function filledUnsilo(
  folder: string,
  events: readonly UnsiloEvent[],
): Promise<{ unsilo: RunningUnsilo; actor: Actor }> {
  const empty = emptyConfiguration(folder);
  const unsilo = await startUnsilo(
    { ...empty, dataFolder: folder, http: { ...empty.http, port: 0 } },
    { logger: createLogger({ level: 'silent', format: 'json', secrets: [] }) },
  );
  const actor: Actor = { tenant: empty.tenant, name: 'test', roles: ['admin'] };
  const { service } = unsilo.hub;
  const results = await service.ingest(actor, events);
  if (results.some(({ status }) => status === 'rejected')) throw new Error(JSON.stringify(results));
  const isKnown = (id: string): Promise<boolean> =>
    service.explainEvent(actor, id).then(
      ({ detail }) => detail.hops.some(({ hop }) => hop === 'state'),
      () => false,
    );
  await eventually(async () => {
    const known = await Promise.all(events.map(({ id }) => isKnown(id)));
    return known.every(Boolean) ? true : undefined;
  });
  await unsilo.hub.settled();
  return { unsilo, actor };
}
