/** The five modules of SuiteCRM that are read and written, and what tells them apart. */
export interface ModuleInfo {
  /** Kind in refs: `contact`. */
  kind: KindName;
  /** Name in the API's paths and in bodies: `Contacts`. */
  module: string;
  is: 'person' | 'organization' | 'object';
  /** Fields that show e-mail addresses, in order. They are rows of their own, linked to the record. */
  emailFields: readonly string[];
  /** Without it a record can't be edited in SuiteCRM's own forms. */
  required: string;
}
export type KindName = 'contact' | 'lead' | 'account' | 'opportunity' | 'case';

export const MODULES: Readonly<Record<KindName, ModuleInfo>> = {
  account: { kind: 'account', module: 'Accounts', is: 'organization', emailFields: ['email1'], required: 'name' },
  contact: {
    kind: 'contact',
    module: 'Contacts',
    is: 'person',
    emailFields: ['email1', 'email2'],
    required: 'last_name',
  },
  lead: { kind: 'lead', module: 'Leads', is: 'person', emailFields: ['email1', 'email2'], required: 'last_name' },
  opportunity: { kind: 'opportunity', module: 'Opportunities', is: 'object', emailFields: [], required: 'name' },
  case: { kind: 'case', module: 'Cases', is: 'object', emailFields: [], required: 'name' },
};

/** Accounts come before those who refer to them. */
export const KINDS = Object.keys(MODULES) as KindName[];

export function moduleOf(kind: string): ModuleInfo | undefined {
  return Object.hasOwn(MODULES, kind) ? MODULES[kind as KindName] : undefined;
}

/** One record as the API gives it. */
export interface SuiteRecord {
  id: string;
  /** By field name; nearly all are strings, missing is `''`. */
  attributes: Readonly<Record<string, unknown>>;
}

/** Times of a record, epoch milliseconds by the server's clock. Answers are cut to the minute. */
export interface RecordTimes {
  entered?: number;
  modified?: number;
}

export function timesOf(record: SuiteRecord): RecordTimes {
  const entered = timeOf(record.attributes['date_entered']);
  const modified = timeOf(record.attributes['date_modified']);
  return { ...(entered === undefined ? {} : { entered }), ...(modified === undefined ? {} : { modified }) };
}

/** ISO 8601 with offset as the API writes it, or `YYYY-MM-DD HH:MM:SS` in UTC as the database does. */
export function timeOf(value: unknown): number | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  const text = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/.test(value) ? `${value.replace(' ', 'T')}Z` : value;
  const time = Date.parse(text);
  return Number.isNaN(time) || time < 0 ? undefined : time;
}

/** A time for filters: the API compares it, as text, with what the database holds in UTC. */
export function databaseTime(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 19).replace('T', ' ');
}
