import { parseRef, type AttributeValue, type Command } from '@unsilo/schemas';
import type { WriteResult } from '@unsilo/connector-sdk';
import { UnknownFieldError } from './answers.js';
import { changeLinks, finishExchange, planAddresses } from './email-addresses.js';
import type { BegunWrite } from './journal.js';
import { addressesOf, textOf, type Change, type Refusal } from './map.js';
import { encodeObjectFields } from './map-objects.js';
import { isObjectKind } from './mappings.js';
import { moduleOf, type ModuleInfo, type SuiteRecord } from './modules.js';
import {
  applied,
  beforeSending,
  conflict,
  isBase,
  notApplied,
  overtaken,
  rejected,
  untouchedDigest,
} from './outcomes.js';
import { whileWriting } from './session.js';
import type { SuiteSystem } from './system.js';
import { fromSuiteCrm } from './text.js';

type Update = Extract<Command, { action: 'update' }>;

/**
 * Changes a record if it still is what the command was planned on: read, compared, written. SuiteCRM has no conditional write, so an edit
 * within the milliseconds between reading and writing is overwritten.
 */
export async function update(suite: SuiteSystem, command: Update): Promise<WriteResult> {
  const target = targetOf(suite, command);
  if ('status' in target) return target;
  return whileWriting(suite.session, command.ref, () => updateAlone(suite, command, target.info, target.id, true));
}

/** What became of an update, by reading; an exchange of addresses that was cut off is brought to its end. */
export async function settleUpdate(suite: SuiteSystem, command: Update): Promise<WriteResult> {
  const target = targetOf(suite, command);
  if ('status' in target) return target;
  return whileWriting(suite.session, command.ref, () => updateAlone(suite, command, target.info, target.id, false));
}

function targetOf(suite: SuiteSystem, command: Update): { info: ModuleInfo; id: string } | WriteResult {
  const parts = parseRef(command.ref);
  const info = parts?.system === suite.system ? moduleOf(parts.kind) : undefined;
  if (parts === undefined || info === undefined || !suite.options.modules.includes(info.kind))
    return rejected(undefined, {
      attribute: '',
      code: 'UNSILO_SUITECRM_UNKNOWN_KIND',
      message: 'The command names no record of a configured module',
    });
  return { info, id: parts.id };
}

async function updateAlone(
  suite: SuiteSystem,
  command: Update,
  info: ModuleInfo,
  id: string,
  send: boolean,
): Promise<WriteResult> {
  const { ref } = command;
  const last = await suite.journal.get(ref);
  let entry = last?.command === command.id ? last : undefined;
  if (entry?.done !== undefined) return entry.done;
  const done = async (result: WriteResult): Promise<WriteResult> => {
    if (entry !== undefined) await suite.journal.put(ref, { ...withoutExchange(entry), done: result });
    return result;
  };
  if (last?.exchange !== undefined) await completeExchange(suite, ref, last);

  const current = await beforeSending(() => suite.client.get(info.module, id));
  if (current === undefined) return done(conflict(suite, ref, 'The record was deleted'));
  const known = (await suite.records.get([ref])).get(ref);
  const view = await beforeSending(() => suite.view(info, current, known, true));
  const set = valuesOf(command);
  const change = await beforeSending(() => changeFor(suite, info, set, current));

  if (entry === undefined) {
    if (!send) return notApplied(ref);
    if (!isBase(known, view, command.base, current))
      return conflict(suite, ref, 'The record has changed since the write was planned');
    const [refusal] = change.refused;
    if (refusal !== undefined) return rejected(ref, refusal);
    entry = {
      command: command.id,
      pre: command.base,
      before: view.digest,
      untouched: untouchedDigest(view.state, Object.keys(set)),
    };
    await suite.journal.put(ref, entry);
    return done(await carryOut(suite, command, info, current, change));
  }
  // An earlier try may have taken effect, wholly or in part.
  const standing = fieldsStand(change, current);
  const whole = standing && change.addresses === undefined && change.optOut === undefined;
  if (!whole && view.digest === entry.before)
    return done(send ? await carryOut(suite, command, info, current, change) : notApplied(ref));
  if (!standing) return done(await overtaken(suite, info, current, entry.pre));
  if (whole) return done(await applied(suite, info, current, { pre: entry.pre, set }));
  // The fields stand, the addresses don't yet.
  if (untouchedDigest(view.state, Object.keys(set)) === entry.untouched && send)
    return done(await carryOut(suite, command, info, current, { ...change, fields: {} }));
  const isFieldSent = Object.keys(set).some((attribute) => attribute !== 'emails' && attribute !== 'consents');
  return done(
    isFieldSent
      ? await applied(suite, info, current, { pre: entry.pre, set })
      : await overtaken(suite, info, current, entry.pre),
  );
}

/** Fields first: if the system refuses them, nothing has changed yet. */
async function carryOut(
  suite: SuiteSystem,
  command: Update,
  info: ModuleInfo,
  current: SuiteRecord,
  change: Change,
): Promise<WriteResult> {
  const { ref, base } = command;
  const { client } = suite;
  let record: SuiteRecord | undefined = current;
  if (Object.keys(change.fields).length > 0) {
    try {
      record = await client.update(info.module, current.id, change.fields);
    } catch (error) {
      if (!(error instanceof UnknownFieldError)) throw error;
      return rejected(ref, { attribute: error.field, code: error.code, message: error.message });
    }
  }
  if (record !== undefined && (change.addresses !== undefined || change.optOut !== undefined))
    record = await writeAddresses(suite, ref, info, record, change);
  if (record === undefined) return conflict(suite, ref, 'The record was deleted while it was written');
  return applied(suite, info, record, { pre: base, set: valuesOf(command) });
}

async function writeAddresses(
  suite: SuiteSystem,
  ref: string,
  info: ModuleInfo,
  record: SuiteRecord,
  change: Pick<Change, 'addresses' | 'optOut'>,
): Promise<SuiteRecord | undefined> {
  const plan = await planAddresses(suite.client, info, record.id, addressesOf(record, info), change);
  if (plan.step === 'none') return record;
  if (plan.step === 'links') return changeLinks(suite.client, info, record.id, plan);
  const begun = (await suite.journal.get(ref))!;
  await suite.journal.put(ref, { ...begun, exchange: plan.exchange });
  const left = await finishExchange(suite.client, plan.exchange);
  await suite.journal.put(ref, withoutExchange(begun));
  return left;
}

/** Brings exchanges of addresses to their end that a crash cut off, before anybody reads the records without their addresses. */
export async function finishExchanges(suite: SuiteSystem): Promise<void> {
  for (const ref of await suite.journal.exchanging()) {
    if (suite.session.writing.has(ref)) continue;
    await whileWriting(suite.session, ref, async () => {
      const begun = await suite.journal.get(ref);
      if (begun?.exchange !== undefined) await completeExchange(suite, ref, begun);
    });
  }
}

async function completeExchange(suite: SuiteSystem, ref: string, begun: BegunWrite): Promise<void> {
  await finishExchange(suite.client, begun.exchange!);
  await suite.journal.put(ref, withoutExchange(begun));
}

async function changeFor(
  suite: SuiteSystem,
  info: ModuleInfo,
  set: Readonly<Record<string, AttributeValue>>,
  current: SuiteRecord,
): Promise<Change> {
  const { kind } = info;
  if (isObjectKind(kind)) {
    const { fields, refused } = encodeObjectFields(kind, set, suite.options.characters);
    const differing = Object.entries(fields).filter(([field, value]) => value !== textOf(current.attributes[field]));
    if ((fields[info.required] ?? 'as it is').trim() === '')
      refused.push({
        attribute: 'name',
        code: 'UNSILO_SUITECRM_REQUIRED',
        message: 'name: can’t be empty in SuiteCRM',
      });
    return { fields: Object.fromEntries(differing), refused };
  }
  const change = suite.map(kind).encode(set, current);
  const resolved = await resolveAccount(suite, change);
  if (resolved.fields['account_id'] === textOf(current.attributes['account_id'])) delete resolved.fields['account_id'];
  return resolved;
}

/** Finds the account that a contact is to be linked to: the one of exactly this name. */
export async function resolveAccount(suite: SuiteSystem, change: Change): Promise<Change> {
  const { accountName, ...rest } = change;
  if (accountName === undefined) return change;
  if (accountName.trim() === '') return { ...rest, fields: { ...rest.fields, account_id: '' } };
  const { records } = await suite.client.list('Accounts', {
    fields: ['name'],
    size: 20,
    where: [['name', 'eq', accountName]],
  });
  const same = records.filter((record) => textOf(record.attributes['name']) === accountName);
  const found = same.length > 0 ? same : records;
  if (found.length === 1) return { ...rest, fields: { ...rest.fields, account_id: found[0]!.id } };
  const refusal: Refusal = {
    attribute: 'organizations',
    code: found.length === 0 ? 'UNSILO_SUITECRM_NO_ACCOUNT' : 'UNSILO_SUITECRM_AMBIGUOUS_ACCOUNT',
    message: found.length === 0 ? 'No account has this name' : 'Several accounts have this name',
  };
  return { ...rest, refused: [...rest.refused, refusal] };
}

/** Whether the fields hold what was sent, or what the system makes of it: the beginning of it. */
function fieldsStand(change: Change, current: SuiteRecord): boolean {
  return Object.entries(change.fields).every(([field, sent]) => {
    const stands = textOf(current.attributes[field]).trim();
    const meant = fromSuiteCrm(sent).trim();
    return stands === meant || (stands !== '' && meant.startsWith(stands));
  });
}

function valuesOf(command: Update): Record<string, AttributeValue> {
  return Object.fromEntries(Object.entries(command.set).map(([attribute, { value }]) => [attribute, value]));
}

function withoutExchange(write: BegunWrite): BegunWrite {
  const { exchange: _, ...rest } = write;
  return rest;
}
