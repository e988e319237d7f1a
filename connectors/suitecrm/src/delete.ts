import { timestamp, type WriteResult } from '@unsilo/connector-sdk';
import { parseRef, type Command } from '@unsilo/schemas';
import { moduleOf } from './modules.js';
import { beforeSending, conflict, isBase, notApplied, rejected } from './outcomes.js';
import { GONE, nextVersion, type Remembered } from './remembered.js';
import { whileWriting } from './session.js';
import type { SuiteSystem } from './system.js';

type Delete = Extract<Command, { action: 'delete' }>;

/** Deletes a record if it still is what the command was planned on. SuiteCRM only marks it; the API shows it no more. */
export async function remove(suite: SuiteSystem, command: Delete, send = true): Promise<WriteResult> {
  const { ref } = command;
  const parts = parseRef(ref);
  const info = parts?.system === suite.system ? moduleOf(parts.kind) : undefined;
  if (parts === undefined || info === undefined)
    return rejected(undefined, {
      attribute: '',
      code: 'UNSILO_SUITECRM_UNKNOWN_KIND',
      message: 'The command names no record of SuiteCRM',
    });
  return whileWriting(suite.session, ref, async () => {
    const begun = await suite.journal.get(ref);
    const mine = begun?.command === command.id;
    if (mine && begun.done !== undefined) return begun.done;
    const current = await beforeSending(() => suite.client.get(info.module, parts.id));
    const known = (await suite.records.get([ref])).get(ref);
    if (current !== undefined) {
      if (!send) return notApplied(ref);
      const view = await beforeSending(() => suite.view(info, current, known, true));
      if (!isBase(known, view, command.base, current))
        return conflict(suite, ref, 'The record has changed since its deletion was planned');
      await suite.journal.put(ref, { command: command.id, pre: command.base, before: view.digest, untouched: '' });
      await suite.client.remove(info.module, parts.id);
    } else if (!mine) return conflict(suite, ref, 'The record was deleted already');
    const entry = goneEntry(known, suite.clock.now());
    await suite.records.put(new Map([[ref, entry]]));
    suite.session.recheck.add(ref);
    const result: WriteResult = {
      status: 'applied',
      ref,
      pre: command.base,
      version: entry.version,
      changedAt: timestamp(entry.changedAt),
      exact: true,
    };
    await suite.journal.put(ref, { command: command.id, pre: command.base, before: '', untouched: '', done: result });
    return result;
  });
}

/** What is remembered of a record that is gone. Nothing tells when it went, but that it was there when last seen. */
export function goneEntry(known: Remembered | undefined, now: number, goneAfter?: number): Remembered {
  if (known?.digest === GONE) return known;
  return {
    version: nextVersion(known, 0),
    digest: GONE,
    changedAt: now,
    ...(goneAfter === undefined ? {} : { goneAfter }),
  };
}
