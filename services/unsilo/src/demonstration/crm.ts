import { startSimulatedSuiteCrm } from '@unsilo/connector-suitecrm/simulator';
import { crmContacts } from './company.js';
import type { Place } from './place.js';
import type { SimulatedTable } from './records-window.js';

/** The simulated CRM, as its own people use it. */
export interface SimulatedCrm {
  /** What the connector is told. */
  readonly url: string;
  readonly clientId: string;
  readonly secret: string;
  /** Somebody changes fields of a contact in the form. */
  edit(contact: string, fields: Readonly<Record<string, string>>): void;
  tables(): SimulatedTable[];
  close(): Promise<void>;
}

const CONTACT_COLUMNS = [
  'first_name',
  'last_name',
  'phone_mobile',
  'phone_home',
  'phone_work',
  'phone_other',
  'email1',
  'email_opt_out',
  'title',
  'birthdate',
  'primary_address_street',
  'primary_address_city',
  'primary_address_postalcode',
  'primary_address_country',
  'alt_address_street',
  'alt_address_city',
  'description',
  'id',
] as const;
const CASE_COLUMNS = ['case_number', 'name', 'status', 'priority', 'contacts', 'description', 'id'] as const;

/** @param place Where it listens, and its secret; default a free port of 127.0.0.1 and the simulator's own. */
export async function startCrm(clock: { now(): number }, place?: Place): Promise<SimulatedCrm> {
  /** Records are entered at the time of the simulated system: while it is filled, that of each record. */
  let enteredAt: number | undefined;
  const simulated = await startSimulatedSuiteCrm({
    now: () => enteredAt ?? clock.now(),
    ...(place === undefined ? {} : { listen: place, login: { clientSecret: place.secret } }),
  });
  const { auth } = simulated;
  for (const contact of crmContacts(clock.now())) {
    enteredAt = contact.enteredAt;
    const modified = new Date(contact.modifiedAt).toISOString().slice(0, 19).replace('T', ' ');
    simulated.insert('contact', { ...contact.fields, date_modified: modified }, contact.id);
  }
  enteredAt = undefined;

  const shown = (kind: 'contact' | 'case', columns: readonly string[]): Record<string, string>[] =>
    simulated.records(kind).map(({ id, fields }) => {
      const contacts = kind === 'case' ? simulated.related('case', id).join(', ') : '';
      const values: Record<string, string> = { ...fields, id, contacts };
      return Object.fromEntries(columns.map((column) => [column, values[column] ?? '']));
    });

  return {
    url: simulated.url,
    clientId: auth.clientId,
    secret: auth.clientSecret,
    edit: (contact, fields) => simulated.edit('contact', contact, fields),
    tables: () => [
      { name: 'Contacts', key: 'id', columns: CONTACT_COLUMNS, rows: shown('contact', CONTACT_COLUMNS) },
      { name: 'Cases', key: 'id', columns: CASE_COLUMNS, rows: shown('case', CASE_COLUMNS) },
    ],
    close: () => simulated.close(),
  };
}
