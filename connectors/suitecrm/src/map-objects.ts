import { refOf, parseRef, type AttributeValue, type ObjectState } from '@unsilo/schemas';
import { DERIVED_OBJECT_FIELDS, OBJECT_MAPPINGS } from './mappings.js';
import { textOf, type Refusal } from './map.js';
import { MODULES, type SuiteRecord } from './modules.js';
import { fromRichText, toSuiteCrm, type CharacterSet } from './text.js';

/** Opportunities and cases as objects, both ways. Pure. */
export type ObjectKindName = 'opportunity' | 'case';

/** What isn't in the record itself. */
export interface Surroundings {
  system: string;
  /** Ids of linked contacts. */
  contacts: readonly string[];
  /** ISO 4217 code by id of currency. */
  currencies: ReadonlyMap<string, string>;
  /** The interaction that it was made from, where that is known. */
  interaction?: string;
}
export interface NewObject {
  fields: Record<string, string>;
  contacts: string[];
  refused: Refusal[];
}

/** Id of the system's default currency, which has no row of its own. */
export const DEFAULT_CURRENCY = '-99';
const AMOUNT = /^-?(?:0|[1-9]\d{0,17})(?:\.\d{1,8})?$/;

/** The fields to ask for. */
export function objectFields(kind: ObjectKindName): string[] {
  const { extra, ...own } = OBJECT_MAPPINGS[kind];
  const links = kind === 'case' ? ['account_id', 'contact_created_by_id'] : ['account_id', 'currency_id'];
  return ['date_entered', 'date_modified', ...Object.values(own), ...Object.values(extra), ...links];
}

export function decodeObject(kind: ObjectKindName, record: SuiteRecord, around: Surroundings): ObjectState {
  const fields = OBJECT_MAPPINGS[kind];
  const text = (field: string | undefined) => (field === undefined ? '' : textOf(record.attributes[field]).trim());
  const state: ObjectState = { kind, parties: partiesOf(record, around) };
  const put = (property: 'name' | 'status' | 'priority' | 'description', value: string) => {
    if (value !== '') state[property] = value;
  };
  put('name', text(fields.name));
  put('status', text(fields.status));
  put('priority', text(fields.priority));
  const description = record.attributes[fields.description];
  put('description', typeof description === 'string' ? fromRichText(description).trim() : '');
  const amount = decimal(text(fields.amount));
  if (amount !== undefined) {
    state.amount = amount;
    const currency = around.currencies.get(text('currency_id') || DEFAULT_CURRENCY);
    if (currency !== undefined) state.currency = currency;
  }
  const closed = text(fields.closedAt);
  if (/^\d{4}-\d{2}-\d{2}$/.test(closed) && !Number.isNaN(Date.parse(closed))) state.closedAt = `${closed}T00:00:00Z`;
  const extra = Object.entries(fields.extra)
    .map(([name, field]) => [name, text(field)] as const)
    .filter(([, value]) => value !== '');
  if (extra.length > 0) state.extra = Object.fromEntries(extra);
  if (around.interaction !== undefined) state.interaction = around.interaction;
  return state;
}

function partiesOf(record: SuiteRecord, { system, contacts }: Surroundings): ObjectState['parties'] {
  const account = textOf(record.attributes['account_id']);
  const author = textOf(record.attributes['contact_created_by_id']);
  const people = [...new Set([...(author === '' ? [] : [author]), ...contacts])];
  return [
    ...(account === '' ? [] : [{ ref: refOf(system, 'account', account), role: 'customer' }]),
    ...people.map((id) => ({ ref: refOf(system, 'contact', id), role: 'contact' })),
  ];
}

/** The fields of a new object, and the contacts to link it to. Parties of other systems are left out: SuiteCRM can't name them. */
export function encodeObject(
  kind: ObjectKindName,
  object: ObjectState,
  options: { system: string; characters: CharacterSet; currencies: ReadonlyMap<string, string> },
): NewObject {
  const values: Record<string, AttributeValue> = {
    name: object.name ?? null,
    status: object.status ?? null,
    priority: object.priority ?? null,
    description: object.description ?? null,
    amount: object.amount ?? null,
    closedAt: object.closedAt ?? null,
    ...Object.fromEntries(Object.entries(object.extra ?? {}).map(([name, value]) => [`extra.${name}`, value])),
  };
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
  // What a new object has no field for is left out.
  const { fields } = encodeObjectFields(kind, given, options.characters);
  const refused: Refusal[] = [];
  const own = object.parties.map(({ ref }) => parseRef(ref)).filter((parts) => parts?.system === options.system);
  const idsOf = (wanted: string) => own.filter((parts) => parts?.kind === wanted).map((parts) => parts!.id);
  const [account] = idsOf('account');
  if (account !== undefined) fields['account_id'] = account;
  if (kind === 'case') fillCase(fields);
  if (object.amount !== undefined && object.currency !== undefined) {
    const id = [...options.currencies].find(([, code]) => code === object.currency)?.[0];
    if (id !== undefined) fields['currency_id'] = id;
    else
      refused.push({
        attribute: 'currency',
        code: 'UNSILO_SUITECRM_UNKNOWN_CURRENCY',
        message: `SuiteCRM has no currency ${object.currency}`,
      });
  }
  if ((fields[MODULES[kind].required] ?? '').trim() === '')
    refused.push({ attribute: 'name', code: 'UNSILO_SUITECRM_REQUIRED', message: 'a new object needs a name' });
  return { fields, contacts: idsOf('contact'), refused };
}

/** What SuiteCRM's own form begins a case with. */
function fillCase(fields: Record<string, string>): void {
  fields['status'] ??= 'Open_New';
  fields['state'] ??= fields['status'].startsWith('Closed') ? 'Closed' : 'Open';
  fields['priority'] ??= 'P2';
}

/** The fields for attributes of an object: `status`, `description`, `extra.probability`. */
export function encodeObjectFields(
  kind: ObjectKindName,
  set: Readonly<Record<string, AttributeValue>>,
  characters: CharacterSet,
): { fields: Record<string, string>; refused: Refusal[] } {
  const mapping = OBJECT_MAPPINGS[kind];
  const fields: Record<string, string> = {};
  const refused: Refusal[] = [];
  for (const [attribute, value] of Object.entries(set)) {
    const field = attribute.startsWith('extra.')
      ? own(mapping.extra, attribute.slice('extra.'.length))
      : attribute === 'extra'
        ? undefined
        : own(mapping as unknown as Record<string, string>, attribute);
    if (field === undefined || DERIVED_OBJECT_FIELDS.has(field) || Array.isArray(value)) {
      refused.push({
        attribute,
        code: 'UNSILO_SUITECRM_NOT_WRITABLE',
        message: `${attribute} can’t be written in ${MODULES[kind].module}`,
      });
      continue;
    }
    const text = value === null ? '' : String(value);
    fields[field] = toSuiteCrm(attribute === 'closedAt' ? text.slice(0, 10) : text, characters);
  }
  return { fields, refused };
}

function own(table: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** A database's double as a decimal: `75000`, `1250.5`. */
function decimal(text: string): string | undefined {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (whole === '') return undefined;
  const digits = fraction.slice(0, 8).replace(/0+$/, '');
  const plain = `${sign}${whole.replace(/^0+(?=\d)/, '')}${digits === '' ? '' : `.${digits}`}`;
  return AMOUNT.test(plain) ? plain : undefined;
}
