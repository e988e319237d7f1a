import {
  fieldMapping,
  mergeMappings,
  type FieldMapping,
  type FieldRuleObject,
  type MappingConfig,
  type MappingProblem,
} from '@unsilo/connector-sdk';
import type { AttributeValue, Consent, KindProfile, PartyState } from '@unsilo/schemas';
import { DEFAULT_MAPPINGS, LINKED_ACCOUNT, type PartyKindName } from './mappings.js';
import { MODULES, type ModuleInfo, type SuiteRecord } from './modules.js';
import type { SuiteCrmOptions } from './options.js';
import { fromSuiteCrm, isReadable, toSuiteCrm } from './text.js';

/** Contacts, leads and accounts as parties, both ways. Pure. */
export interface PartyMap {
  readonly info: ModuleInfo;
  /** The module's own mapping with the configuration's on top. */
  readonly config: MappingConfig;
  /** The fields to ask for. */
  readonly fields: readonly string[];
  /** A record's mapped fields as they are decoded. */
  plain(record: SuiteRecord): Record<string, string>;
  decode(record: SuiteRecord): { state: PartyState; problems: MappingProblem[] };
  /** What is to be done so that the record says this; without `current` for a new record. */
  encode(set: Readonly<Record<string, AttributeValue>>, current?: SuiteRecord): Change;
  profile(): KindProfile;
  /** Lengths that the mapping declares, by field. */
  lengths(): Map<string, number>;
}
export interface Change {
  /** Fields to send, those alone that differ from the record. */
  fields: Record<string, string>;
  /** The e-mail addresses that it shall have, the first is the primary one. Absent: as they are. */
  addresses?: string[];
  /** Whether mailings to the primary address shall be off. Absent: as it is. */
  optOut?: boolean;
  /** Name of the account that the contact shall be linked to, empty for none. Absent: as it is. */
  accountName?: string;
  /** What can't be written, and why; empty means that all of it can. */
  refused: Refusal[];
}
export interface Refusal {
  attribute: string;
  code: string;
  message: string;
}

const BASE_FIELDS = ['date_entered', 'date_modified'];
export const OPT_OUT_FIELD = 'email_opt_out';
/** What SuiteCRM takes for an e-mail address; others it drops without a word. */
const EMAIL_FORM = /^[-'.+&#!$*=?^_`{}~/\w]+@(?:\d{1,3}(?:\.\d{1,3}){3}|\w+(?:[.-]*\w+)*(?:\.[\w-]{2,})+)$/;

type MapOptions = Pick<SuiteCrmOptions, 'mapping' | 'linkAccounts' | 'characters'>;
interface Writing {
  linked: boolean;
  characters: SuiteCrmOptions['characters'];
}

/** @throws TerminalError UNSILO_MAPPING_… when the configured mapping is wrong */
export function partyMap(kind: PartyKindName, options: MapOptions): PartyMap {
  const linked = kind === 'contact' && options.linkAccounts;
  const defaults = linked ? mergeMappings(DEFAULT_MAPPINGS[kind], { fields: LINKED_ACCOUNT }) : DEFAULT_MAPPINGS[kind];
  return mapWith(kind, mergeMappings(defaults, options.mapping[kind]), { linked, characters: options.characters });
}

/** The map of a whole mapping; without `writing` for one that is only read by. */
export function mapWith(
  kind: PartyKindName,
  config: MappingConfig,
  { linked, characters }: Writing = { linked: false, characters: 'bmp' },
): PartyMap {
  const info = MODULES[kind];
  const mapping = fieldMapping(config);
  const rules = rulesByField(config);
  const consentFields = fieldsOf(rules, (rule) => rule.attribute === 'consents');
  const linkFields = fieldsOf(rules, (rule) => rule.attribute === 'links');

  function plain(record: SuiteRecord | undefined): Record<string, string> {
    const fields: Record<string, string> = {};
    for (const field of mapping.fields) {
      const text = textOf(record?.attributes[field]);
      fields[field] = linkFields.has(field) ? withScheme(text) : text;
    }
    return fields;
  }

  function encode(set: Readonly<Record<string, AttributeValue>>, current?: SuiteRecord): Change {
    const stands = plain(current);
    const profiles = mapping.attributes();
    const refused: Refusal[] = Object.keys(set)
      .filter((attribute) => profiles[attribute]?.writable !== true)
      .map((attribute) => refusal(attribute, 'NOT_WRITABLE', 'can’t be written in this module'));
    const encoded = mapping.encode({ ...set, ...spokenConsents(set['consents'], rules) }, stands);
    for (const problem of encoded.problems)
      if (problem.code === 'UNSILO_MAPPING_NOT_EXPRESSIBLE')
        refused.push({ attribute: problem.attribute, code: problem.code, message: problem.message });
    const change: Change = { fields: {}, refused };
    const written = new Map<string, string>();
    const constants = current === undefined ? (config.write ?? {}) : {};
    for (const [field, value] of Object.entries({ ...constants, ...encoded.fields })) {
      const text = value === null ? '' : typeof value === 'boolean' ? (value ? '1' : '0') : String(value);
      // A flag that nobody set is 0, and an empty one can't be sent.
      written.set(field, consentFields.has(field) && text === '' ? '0' : text);
    }
    // An address in a field that is not mapped is none of ours to take away.
    const shown = (field: string) => stands[field] ?? textOf(current?.attributes[field]);
    takeAddresses(change, info, written, shown, refused);
    if (written.has(OPT_OUT_FIELD)) {
      const wanted = written.get(OPT_OUT_FIELD) === '1';
      if (wanted !== (stands[OPT_OUT_FIELD] === '1')) change.optOut = wanted;
    }
    if (linked && written.has('account_name')) {
      const name = written.get('account_name')!;
      if (name !== stands['account_name']) change.accountName = name;
    }
    const own = new Set<string>([...info.emailFields, OPT_OUT_FIELD, ...(linked ? ['account_name'] : [])]);
    for (const [field, text] of written) {
      if (own.has(field) || text === (stands[field] ?? '')) continue;
      const attribute = rules.get(field)?.[0]?.attribute ?? field;
      if (field === info.required && text.trim() === '')
        refused.push(refusal(attribute, 'REQUIRED', `${field} can’t be empty in SuiteCRM`));
      const sent = toSuiteCrm(text, characters);
      if (fromSuiteCrm(sent) !== text && !isReadable(text))
        refused.push(refusal(attribute, 'UNSTORABLE', `${field} can’t hold these characters`));
      change.fields[field] = sent;
    }
    if (current === undefined && (change.fields[info.required] ?? '') === '')
      refused.push(refusal(attributeOf(rules, info.required), 'REQUIRED', `a new record needs ${info.required}`));
    return change;
  }

  return {
    info,
    config,
    plain,
    fields: [...new Set([...BASE_FIELDS, ...mapping.fields])],
    decode: (record) => mapping.decode(plain(record)),
    encode,
    profile: () => kindProfile(kind, info, mapping),
    lengths: () =>
      new Map(
        [...rules].flatMap(([field, list]) =>
          list.flatMap((rule) => (rule.length === undefined ? [] : [[field, rule.length] as const])),
        ),
      ),
  };
}

function kindProfile(kind: PartyKindName, info: ModuleInfo, mapping: FieldMapping): KindProfile {
  return {
    kind,
    party: info.is === 'organization' ? 'organization' : 'person',
    attributes: mapping.attributes(),
    create: 'external-key',
    delete: true,
    conditional: true,
  };
}

/** The addresses wanted, from the fields that show them. */
function takeAddresses(
  change: Change,
  info: ModuleInfo,
  written: ReadonlyMap<string, string>,
  stands: (field: string) => string,
  refused: Refusal[],
): void {
  if (!info.emailFields.some((field) => written.has(field))) return;
  const wanted = addressesIn((field) => written.get(field) ?? stands(field), info);
  const shown = addressesIn(stands, info);
  if (wanted.some((address) => !EMAIL_FORM.test(address)))
    refused.push(refusal('emails', 'BAD_EMAIL', 'SuiteCRM would drop an address of this form'));
  if (wanted.map(caps).join() !== shown.map(caps).join()) change.addresses = wanted;
}

/** The addresses that a record shows. */
export function addressesOf(record: SuiteRecord, info: ModuleInfo): string[] {
  return addressesIn((field) => textOf(record.attributes[field]), info);
}

function addressesIn(valueOf: (field: string) => string | undefined, info: ModuleInfo): string[] {
  const addresses = info.emailFields.map((field) => valueOf(field)?.trim() ?? '').filter((address) => address !== '');
  return addresses.filter((address, index) => addresses.findIndex((other) => caps(other) === caps(address)) === index);
}

/** E-mail addresses are one whatever their case. */
export function caps(address: string): string {
  return address.toUpperCase();
}

/** A field's value as text, entities decoded; flags as 0 and 1. */
export function textOf(value: unknown): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? fromSuiteCrm(value) : '';
}

/** SuiteCRM shows web addresses without a scheme as http, and begins empty ones with it. */
function withScheme(text: string): string {
  const trimmed = text.trim();
  if (/^https?:\/\/$/i.test(trimmed)) return '';
  return trimmed === '' || /^[a-z][a-z0-9+.-]*:/i.test(trimmed) ? trimmed : `http://${trimmed}`;
}

/** A permission that a flag has no word for is said by lowering the flag. */
function spokenConsents(
  consents: AttributeValue | undefined,
  rules: ReadonlyMap<string, FieldRuleObject[]>,
): Record<string, AttributeValue> {
  if (!Array.isArray(consents)) return {};
  const speaks = [...rules.values()].flat().filter((rule) => (rule.granted ?? []).length > 0);
  const said = (consents as Consent[]).filter(
    ({ status, purpose, channel }) =>
      status !== 'granted' ||
      speaks.some((rule) => rule.purpose === purpose && (rule.channel ?? 'any') === (channel ?? 'any')),
  );
  return { consents: said };
}

function rulesByField(config: MappingConfig): Map<string, FieldRuleObject[]> {
  const rules = new Map<string, FieldRuleObject[]>();
  for (const [field, rule] of Object.entries(config.fields)) {
    if (rule === null) continue;
    const list = (Array.isArray(rule) ? rule : [rule]) as (string | FieldRuleObject)[];
    rules.set(
      field,
      list.map((single) => (typeof single === 'string' ? { attribute: single } : single)),
    );
  }
  return rules;
}

function fieldsOf(
  rules: ReadonlyMap<string, FieldRuleObject[]>,
  fits: (rule: FieldRuleObject) => boolean,
): Set<string> {
  return new Set([...rules].filter(([, list]) => list.some(fits)).map(([field]) => field));
}

function attributeOf(rules: ReadonlyMap<string, FieldRuleObject[]>, field: string): string {
  return rules.get(field)?.[0]?.attribute ?? field;
}

function refusal(attribute: string, code: string, message: string): Refusal {
  return { attribute, code: `UNSILO_SUITECRM_${code}`, message: `${attribute}: ${message}` };
}
