import { defineConnector, type WriteResult } from '@unsilo/connector-sdk';
import type { Command, SystemProfile } from '@unsilo/schemas';
import { check } from './check.js';
import { create, createObject, settleCreate } from './create.js';
import { remove } from './delete.js';
import { partyMap } from './map.js';
import { isObjectKind } from './mappings.js';
import { KINDS } from './modules.js';
import { SuiteCrmOptionsSchema, type SuiteCrmOptions } from './options.js';
import { rejected } from './outcomes.js';
import { read } from './read.js';
import { openSystem, readsOf } from './system.js';
import { settleUpdate, update } from './update.js';

/** SuiteCRM 7.14 (and 8, under `/legacy`) by its V8 API: contacts, leads, accounts, opportunities and cases, both ways. */
export const suitecrm = defineConnector<SuiteCrmOptions>({
  id: 'suitecrm',
  title: 'SuiteCRM',
  options: SuiteCrmOptionsSchema,
  emits: ['party', 'object'],
  http: () => ({ concurrency: 4 }),
  profile,
  check,
  read,

  async write(context, command): Promise<WriteResult> {
    const suite = openSystem(context);
    switch (command.action) {
      case 'update':
        return update(suite, command);
      case 'create':
        return create(suite, command);
      case 'create-object':
        return createObject(suite, command);
      case 'delete':
        return remove(suite, command);
      case 'reply':
        return noReplies();
    }
  },

  async settle(context, command: Command): Promise<WriteResult> {
    const suite = openSystem(context);
    switch (command.action) {
      case 'update':
        return settleUpdate(suite, command);
      case 'create':
      case 'create-object':
        return settleCreate(suite, command);
      case 'delete':
        return remove(suite, command, false);
      case 'reply':
        return noReplies();
    }
  },

  async forget(context, refs) {
    const { journal, records, session } = openSystem(context);
    for (const ref of refs) await journal.forget(ref);
    await session.alone(() => records.erase(refs));
  },
});

function profile(system: string, options: SuiteCrmOptions): SystemProfile {
  const kinds = KINDS.filter((kind) => options.modules.includes(kind));
  return {
    system,
    connector: 'suitecrm',
    title: 'SuiteCRM',
    kinds: PARTY_ORDER.filter((kind) => kinds.includes(kind)).map((kind) => partyMap(kind, options).profile()),
    objects: kinds.filter((kind) => isObjectKind(kind)),
    mapping: readsOf(options),
  };
}
/** New people become contacts before they become leads, where policy allows both. */
const PARTY_ORDER = ['contact', 'lead', 'account'] as const;

function noReplies(): WriteResult {
  return rejected(undefined, {
    attribute: 'text',
    code: 'UNSILO_SUITECRM_NO_REPLIES',
    message: 'SuiteCRM holds nothing that could be replied to',
  });
}
