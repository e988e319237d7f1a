import { createHash } from 'node:crypto';
import { TerminalError, type WriteResult } from '@unsilo/connector-sdk';
import { type AttributeValue, type Command } from '@unsilo/schemas';
import { UnknownFieldError } from './answers.js';
import { changeLinks, newPrimary, planAddresses } from './email-addresses.js';
import { addressesOf, caps, textOf, type Refusal } from './map.js';
import { encodeObject } from './map-objects.js';
import { isObjectKind } from './mappings.js';
import { moduleOf, type ModuleInfo, type SuiteRecord } from './modules.js';
import { applied, beforeSending, notApplied, rejected } from './outcomes.js';
import { whileWriting } from './session.js';
import type { SuiteSystem } from './system.js';
import { resolveAccount } from './update.js';

type Create = Extract<Command, { action: 'create' }>;
type CreateObject = Extract<Command, { action: 'create-object' }>;

/**
 * Id of the record that an external key stands for, in the form that SuiteCRM's API takes (hexadecimal 8-4-4-4-12; RFC 9562 version 8).
 * SuiteCRM keeps an id that the client gives, and refuses a second record with it: so a repeated create can't make two.
 */
export function idFor(system: string, kind: string, externalKey: string): string {
  const bytes = createHash('sha256').update(`${system}\n${kind}\n${externalKey}`).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

export async function create(suite: SuiteSystem, command: Create): Promise<WriteResult> {
  const info = moduleOf(command.kind);
  if (info === undefined || isObjectKind(info.kind) || !suite.options.modules.includes(info.kind))
    return rejected(undefined, unknownKind(command.kind));
  const map = suite.map(info.kind);
  const id = idFor(suite.system, info.kind, command.externalKey);
  const ref = suite.ref(info.kind, id);
  return whileWriting(suite.session, ref, async () => {
    const set = Object.fromEntries(
      Object.entries(command.set).map(([attribute, { value }]): [string, AttributeValue] => [attribute, value]),
    );
    const change = await beforeSending(() => resolveAccount(suite, map.encode(set)));
    const existing = await beforeSending(() => suite.client.get(info.module, id));
    if (existing === undefined) {
      const [refusal] = change.refused;
      if (refusal !== undefined) return rejected(undefined, refusal);
    }
    const addresses = change.addresses ?? [];
    let record = existing;
    if (record === undefined) {
      const [primary] = addresses;
      const email =
        primary === undefined ? {} : await beforeSending(() => newPrimary(suite.client, primary, change.optOut));
      const made = await insert(suite, info, id, { ...change.fields, ...email });
      if ('status' in made) return made;
      record = made;
    }
    // Rows beyond the primary address are linked to the record that is there; an earlier try may have stopped before that.
    const isOurs = addresses.length > 1 && sameAddress(addressesOf(record, info)[0], addresses[0]);
    const plan = isOurs
      ? await planAddresses(suite.client, info, id, addressesOf(record, info), { addresses })
      : { step: 'none' as const };
    const left = plan.step === 'links' ? await changeLinks(suite.client, info, id, plan) : record;
    return applied(suite, info, left ?? record, { exact: existing === undefined && left === record });
  });
}

/** Makes an opportunity or a case, linked to the account and the contacts that it concerns. */
export async function createObject(suite: SuiteSystem, command: CreateObject): Promise<WriteResult> {
  const info = moduleOf(command.kind);
  if (info === undefined || !isObjectKind(info.kind) || !suite.options.modules.includes(info.kind))
    return rejected(undefined, unknownKind(command.kind));
  const { kind } = info;
  const { client } = suite;
  const id = idFor(suite.system, kind, command.externalKey);
  return whileWriting(suite.session, suite.ref(kind, id), async () => {
    const needsCodes = command.object.amount !== undefined && command.object.currency !== undefined;
    const encoded = encodeObject(kind, command.object, {
      system: suite.system,
      characters: suite.options.characters,
      currencies: needsCodes ? await beforeSending(() => suite.currencies()) : new Map(),
    });
    const [refusal] = encoded.refused;
    if (refusal !== undefined) return rejected(undefined, refusal);
    const { fields, contacts } = encoded;
    const existing = await beforeSending(() => client.get(info.module, id));
    let record = existing;
    if (record === undefined) {
      fields['account_id'] ??= await beforeSending(() => accountOf(suite, contacts[0]));
      const made = await insert(suite, info, id, fields);
      if ('status' in made) return made;
      record = made;
    }
    const linked = new Set(
      existing === undefined ? [] : (await client.related(info.module, id, 'contacts')).map((c) => c.id),
    );
    for (const contact of contacts)
      if (!linked.has(contact)) await client.relate(info.module, id, 'contacts', { module: 'Contacts', id: contact });
    const interaction = command.object.interaction;
    return applied(suite, info, record, {
      exact: existing === undefined,
      ...(interaction === undefined ? {} : { interaction }),
    });
  });
}

/** What became of a create, by reading. */
export async function settleCreate(suite: SuiteSystem, command: Create | CreateObject): Promise<WriteResult> {
  const info = moduleOf(command.kind);
  if (info === undefined) return rejected(undefined, unknownKind(command.kind));
  const id = idFor(suite.system, info.kind, command.externalKey);
  const ref = suite.ref(info.kind, id);
  return whileWriting(suite.session, ref, async () => {
    const record = await suite.client.get(info.module, id);
    if (record === undefined) {
      const { ref: _, ...nothing } = notApplied(ref);
      return nothing;
    }
    const interaction = command.action === 'create-object' ? command.object.interaction : undefined;
    return applied(suite, info, record, interaction === undefined ? {} : { interaction });
  });
}

async function insert(
  suite: SuiteSystem,
  info: ModuleInfo,
  id: string,
  fields: Record<string, string>,
): Promise<SuiteRecord | WriteResult> {
  try {
    const made = await suite.client.create(info.module, id, fields);
    if (made !== 'exists') return made;
  } catch (error) {
    if (!(error instanceof UnknownFieldError)) throw error;
    return rejected(undefined, { attribute: error.field, code: error.code, message: error.message });
  }
  // Made by a request that overtook this one, or deleted since: what people deleted is not made again.
  const record = await suite.client.get(info.module, id);
  if (record !== undefined) return record;
  throw new TerminalError('UNSILO_SUITECRM_DELETED_BEFORE', 'The record was made before and has been deleted since', {
    hint: 'SuiteCRM keeps the id of a deleted record; restore the record there if it is wanted again.',
  });
}

/** A case of somebody belongs to that somebody's account. */
async function accountOf(suite: SuiteSystem, contact: string | undefined): Promise<string> {
  if (contact === undefined) return '';
  const record = await suite.client.get('Contacts', contact, ['account_id']);
  return textOf(record?.attributes['account_id']);
}

function sameAddress(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && caps(a) === caps(b);
}

function unknownKind(kind: string): Refusal {
  return {
    attribute: '',
    code: 'UNSILO_SUITECRM_UNKNOWN_KIND',
    message: `${kind} is no kind of record that can be made in the configured modules`,
  };
}
