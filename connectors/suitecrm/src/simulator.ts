import { randomUUID } from 'node:crypto';
import type { SuiteCrmOptions } from './options.js';
import { MODULES, type KindName } from './modules.js';
import { suiteCrmApi } from './simulator/api.js';
import { simulatedModule } from './simulator/fields.js';
import { tokenEndpoint, type Login } from './simulator/oauth.js';
import { serve, type ApiAnswer, type ApiRequest, type ListenAt } from './simulator/server.js';
import { createStore } from './simulator/store.js';
import type { Charset } from './simulator/texts.js';

/**
 * A small SuiteCRM in memory that speaks the V8 API as SuiteCRM 7.14.6 does, its oddities included: times cut to the minute, entities in
 * texts, addresses that a PATCH doesn't change, deleted records that can't be read. For tests and demonstrations.
 */
export interface SimulatedSuiteCrm {
  /** The connector's option `auth`. */
  readonly auth: SuiteCrmOptions['auth'];
  /** Answers a request of the API. */
  handle(request: ApiRequest): ApiAnswer;
  /** Makes a record as a person would. @returns its id */
  insert(kind: KindName, fields: PersonFields, id?: string): string;
  /** Changes a record as a person would in its form. */
  edit(kind: KindName, id: string, fields: PersonFields): void;
  remove(kind: KindName, id: string): void;
  /** Links a contact to a case or an opportunity. The record's own time stays as it is. */
  relate(kind: 'case' | 'opportunity', id: string, contact: string): void;
  unrelate(kind: 'case' | 'opportunity', id: string, contact: string): void;
  /** Ids of the contacts that a case or an opportunity is linked to. */
  related(kind: 'case' | 'opportunity', id: string): string[];
  /** Lists will name the record, loading it will fail. */
  damage(kind: KindName, id: string): void;
  /** Makes all tokens void. */
  revokeTokens(): void;
  /** The records that are there, as people see them in SuiteCRM. */
  records(kind: KindName): SimulatedRecord[];
  record(kind: KindName, id: string): SimulatedRecord | undefined;
}
export interface RunningSuiteCrm extends SimulatedSuiteCrm {
  /** `http://127.0.0.1:<port>`: the connector's option `url`. */
  readonly url: string;
  close(): Promise<void>;
}
/** Values by field name. `email1` and `email2` replace the addresses; `date_modified` (UTC, `YYYY-MM-DD HH:MM:SS`) sets the time. */
export type PersonFields = Readonly<Record<string, string>>;
export interface SimulatedRecord {
  id: string;
  /** Fields with a value. */
  fields: Record<string, string>;
  /** Epoch milliseconds, whole seconds. */
  modifiedAt: number;
}
export interface SimulationOptions {
  /** Epoch milliseconds (default the system's clock). */
  now?: () => number;
  /** What the database keeps (default utf8mb3, as SuiteCRM's installer sets it up). */
  charset?: Charset;
  /** Time zone of the API's user (default UTC). */
  timeZone?: string;
  login?: Partial<Login>;
  /** Default: a free port of 127.0.0.1. */
  listen?: ListenAt;
}

export const SIMULATED_LOGIN: Login = {
  grant: 'client_credentials',
  clientId: '5b8c1d2e-0000-4000-8000-0000000000c1',
  clientSecret: 'simulated-client-secret',
  username: 'api',
  password: 'simulated-password',
};

/** Starts one, with a server. */
export async function startSimulatedSuiteCrm(options: SimulationOptions = {}): Promise<RunningSuiteCrm> {
  const crm = simulateSuiteCrm(options);
  return { ...crm, ...(await serve(crm.handle, options.listen)) };
}

/** One without a server. */
export function simulateSuiteCrm(options: SimulationOptions = {}): SimulatedSuiteCrm {
  const now = options.now ?? Date.now;
  const store = createStore({ now, charset: options.charset ?? 'utf8mb3', newId: randomUUID });
  const login = { ...SIMULATED_LOGIN, ...options.login };
  const tokens = tokenEndpoint(login, now);
  const timeZone = options.timeZone ?? 'UTC';
  const handle = suiteCrmApi({ store, tokens, now, newId: randomUUID, timeZone });

  const moduleOf = (kind: KindName) => MODULES[kind].module;
  const mustFind = (kind: KindName, id: string) => {
    const row = store.find(moduleOf(kind), id);
    if (row === undefined) throw new Error(`there is no ${kind} ${id}`);
    return row;
  };

  function saveAsPerson(kind: KindName, id: string, fields: PersonFields): void {
    const module = moduleOf(kind);
    const { email1, email2, email_opt_out: optOut, ...others } = fields;
    const before = store.find(module, id);
    const shown = before === undefined ? {} : store.shown(simulatedModule(module)!, before);
    store.save(module, id, others);
    if (email1 === undefined && email2 === undefined && optOut === undefined) return;
    const addresses = [email1 ?? shown['email1'], email2 ?? shown['email2']];
    const given = addresses.filter((address): address is string => typeof address === 'string' && address !== '');
    store.setAddresses(module, id, given, (optOut ?? shown['email_opt_out']) === '1');
  }

  function seen(kind: KindName, id: string): SimulatedRecord | undefined {
    const row = store.find(moduleOf(kind), id);
    if (row === undefined) return undefined;
    const shown = Object.entries(store.shown(simulatedModule(moduleOf(kind))!, row));
    const fields = shown.filter((entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== '');
    return { id: row.id, fields: Object.fromEntries(fields), modifiedAt: row.modified };
  }

  return {
    auth: authOf(login),
    handle,
    insert(kind, fields, id = randomUUID()) {
      saveAsPerson(kind, id, fields);
      return id;
    },
    edit(kind, id, fields) {
      saveAsPerson(kind, mustFind(kind, id).id, fields);
    },
    remove(kind, id) {
      store.markDeleted(moduleOf(kind), mustFind(kind, id).id);
    },
    relate: (kind, id, contact) => store.link(moduleOf(kind), id, 'contacts', contact),
    unrelate: (kind, id, contact) => void store.unlink(moduleOf(kind), id, 'contacts', contact),
    related: (kind, id) => store.linked(moduleOf(kind), id, 'contacts').map((contact) => contact.id),
    damage(kind, id) {
      mustFind(kind, id).broken = true;
    },
    revokeTokens: () => tokens.revokeAll(),
    records: (kind) =>
      store
        .rows(moduleOf(kind))
        .filter((row) => !row.deleted)
        .map((row) => seen(kind, row.id)!),
    record: seen,
  };
}

function authOf({ grant, clientId, clientSecret, username, password }: Login): SuiteCrmOptions['auth'] {
  return { grant, clientId, clientSecret, ...(grant === 'password' ? { username, password } : {}) };
}
