import { simulatedModule, type SimulatedModule } from './fields.js';
import { stored, type Charset } from './texts.js';

/** One row: what the table holds, deleted or not. Times are epoch milliseconds with whole seconds. */
export interface Row {
  id: string;
  values: Record<string, string>;
  entered: number;
  modified: number;
  deleted: boolean;
  /** The list finds it, loading it fails. */
  broken?: boolean;
}
/** A link of a record to an e-mail address. */
interface AddressLink {
  module: string;
  record: string;
  address: string;
  primary: boolean;
}

/** The database of a simulated SuiteCRM, and what its classes do on saving. */
export interface Store {
  charset: Charset;
  rows(module: string): Row[];
  /** Live rows only, unless `deleted`. Ids know no case. */
  find(module: string, id: string, deleted?: boolean): Row | undefined;
  /** Saves fields as the classes do; makes the row where there is none. */
  save(module: string, id: string, fields: Readonly<Record<string, string>>): Row;
  markDeleted(module: string, id: string): void;
  /** Values as answers show them, derived and linked ones included. */
  shown(module: SimulatedModule, row: Row): Record<string, string | boolean>;
  linked(module: string, id: string, link: string): Row[];
  link(module: string, id: string, link: string, other: string): void;
  unlink(module: string, id: string, link: string, other: string): boolean;
  /** What a person does in the form: replaces the addresses, the first one primary. */
  setAddresses(module: string, id: string, addresses: readonly string[], optOut: boolean): void;
}

export function createStore(options: { now: () => number; charset: Charset; newId: () => string }): Store {
  const { charset, newId } = options;
  const tables = new Map<string, Map<string, Row>>();
  /** Both directions of many-to-many links: `Contacts/ID` to `Cases/ID`. */
  const links = new Set<string>();
  let addressLinks: AddressLink[] = [];
  let cases = 0;
  const seconds = () => Math.floor(options.now() / 1000) * 1000;

  const table = (module: string): Map<string, Row> => {
    const known = tables.get(module) ?? new Map<string, Row>();
    tables.set(module, known);
    return known;
  };
  const find = (module: string, id: string, deleted = false): Row | undefined => {
    const row = table(module).get(id.toLowerCase());
    return row !== undefined && (deleted || !row.deleted) ? row : undefined;
  };
  const pair = (a: string, b: string) => [a, b].sort().join(' ');
  const node = (module: string, id: string) => `${module}/${id.toLowerCase()}`;

  function addressesOf(module: string, id: string): { row: Row; primary: boolean }[] {
    return addressLinks
      .filter((link) => link.module === module && link.record === id.toLowerCase())
      .flatMap((link) => {
        const row = find('EmailAddresses', link.address);
        return row === undefined ? [] : [{ row, primary: link.primary }];
      })
      .sort((a, b) => Number(b.primary) - Number(a.primary));
  }

  function addressRow(address: string, flags: { optOut: string; invalid: string }): Row {
    const known = [...table('EmailAddresses').values()].find(
      (row) => !row.deleted && row.values['email_address_caps'] === address.toUpperCase(),
    );
    const fields = { email_address: address, opt_out: flags.optOut, invalid_email: flags.invalid };
    return save('EmailAddresses', known?.id ?? newId(), { ...fields, email_address_caps: address.toUpperCase() });
  }

  /** `SugarEmailAddress::handleLegacySave`: email1 and email2 count only while the record has no addresses. */
  function saveAddresses(module: string, row: Row, fields: Readonly<Record<string, string>>): void {
    if (addressesOf(module, row.id).length > 0) return;
    const flags = { optOut: fields['email_opt_out'] ?? '0', invalid: fields['invalid_email'] ?? '0' };
    const given = [fields['email1'], fields['email2']].filter((address) => address !== undefined && isAddress(address));
    given.forEach((address, index) => {
      const { id } = addressRow(address!.trim(), flags);
      addressLinks.push({ module, record: row.id.toLowerCase(), address: id, primary: index === 0 });
    });
  }

  function save(module: string, id: string, fields: Readonly<Record<string, string>>): Row {
    const definition = simulatedModule(module)!;
    const known = find(module, id, true);
    const now = seconds();
    const row: Row = known ?? { id, values: {}, entered: now, modified: now, deleted: false };
    if (known === undefined) {
      for (const [name, field] of Object.entries(definition.fields))
        if (field.initially !== undefined && field.nonDb !== true) row.values[name] = field.initially;
      if (module === 'Cases') row.values['case_number'] = String((cases += 1));
      table(module).set(id.toLowerCase(), row);
    }
    for (const [name, value] of Object.entries(fields)) {
      const field = definition.fields[name];
      if (field === undefined || field.nonDb === true || ['id', 'date_entered', 'date_modified'].includes(name))
        continue;
      row.values[name] = stored(value, field, charset);
    }
    row.modified = fields['date_modified'] === undefined ? now : databaseSeconds(fields['date_modified'], now);
    row.deleted = row.values['deleted'] === '1';
    if (fields['account_id'] !== undefined && definition.fields['account_id']?.nonDb === true)
      linkAccount(module, row, fields['account_id']);
    if (definition.fields['email1'] !== undefined) saveAddresses(module, row, fields);
    return row;
  }

  /** The one account of a contact, a case or an opportunity; an id that nobody has is passed over. */
  function linkAccount(module: string, row: Row, account: string): void {
    for (const other of linked(module, row.id, 'accounts'))
      links.delete(pair(node(module, row.id), node('Accounts', other.id)));
    if (find('Accounts', account) !== undefined) links.add(pair(node(module, row.id), node('Accounts', account)));
  }

  function linked(module: string, id: string, link: string): Row[] {
    if (link === 'email_addresses') return addressesOf(module, id).map(({ row }) => row);
    const other = simulatedModule(module)?.links[link];
    if (other === undefined) return [];
    return [...table(other).values()].filter(
      (row) => !row.deleted && links.has(pair(node(module, id), node(other, row.id))),
    );
  }

  return {
    charset,
    rows: (module) => [...table(module).values()],
    find,
    save,
    linked,

    markDeleted(module, id) {
      const row = find(module, id)!;
      row.deleted = true;
      row.values['deleted'] = '1';
      row.modified = seconds();
      for (const entry of links) if (entry.split(' ').includes(node(module, id))) links.delete(entry);
      addressLinks = addressLinks.filter((link) => link.module !== module || link.record !== id.toLowerCase());
    },

    link(module, id, link, other) {
      if (link === 'email_addresses') {
        const known = addressesOf(module, id).some(({ row }) => row.id === other);
        if (!known) addressLinks.push({ module, record: id.toLowerCase(), address: other, primary: false });
      } else if (link === 'accounts') linkAccount(module, find(module, id)!, other);
      else links.add(pair(node(module, id), node(simulatedModule(module)!.links[link]!, other)));
    },

    unlink(module, id, link, other) {
      if (!linked(module, id, link).some((row) => row.id.toLowerCase() === other.toLowerCase())) return false;
      if (link === 'email_addresses')
        addressLinks = addressLinks.filter(
          (entry) => entry.module !== module || entry.record !== id.toLowerCase() || entry.address !== other,
        );
      else links.delete(pair(node(module, id), node(simulatedModule(module)!.links[link]!, other)));
      return true;
    },

    setAddresses(module, id, addresses, optOut) {
      addressLinks = addressLinks.filter((link) => link.module !== module || link.record !== id.toLowerCase());
      addresses.forEach((address, index) => {
        const row = addressRow(address, { optOut: optOut ? '1' : '0', invalid: '0' });
        addressLinks.push({ module, record: id.toLowerCase(), address: row.id, primary: index === 0 });
      });
    },

    shown(definition, row) {
      const values: Record<string, string | boolean> = {};
      for (const name of Object.keys(definition.fields)) if (name !== 'id') values[name] = row.values[name] ?? '';
      values['deleted'] = row.deleted ? '1' : '0';
      if (definition.fields['full_name'] !== undefined) {
        const title = row.values['salutation'] ?? '';
        const name = [SALUTATIONS.has(title) ? title : '', row.values['first_name'], row.values['last_name']];
        values['full_name'] = values['name'] = name.filter((part) => part !== undefined && part !== '').join(' ');
      }
      if (definition.fields['email1'] !== undefined) {
        const [first, second] = addressesOf(definition.module, row.id);
        values['email1'] = first?.row.values['email_address'] ?? '';
        if (definition.fields['email2'] !== undefined) values['email2'] = second?.row.values['email_address'] ?? '';
        values['email_opt_out'] = first === undefined ? '' : (first.row.values['opt_out'] ?? '0');
        values['invalid_email'] = first === undefined ? '' : (first.row.values['invalid_email'] ?? '0');
      }
      if (definition.fields['account_name']?.nonDb === true) {
        const [account] = linked(definition.module, row.id, 'accounts');
        values['account_id'] = account?.id ?? '';
        values['account_name'] = account?.values['name'] ?? '';
      }
      return values;
    },
  };
}

/** Those that SuiteCRM has in its list; others stand in the field and not in the name. */
const SALUTATIONS: ReadonlySet<string> = new Set(['Mr.', 'Ms.', 'Mrs.', 'Miss', 'Dr.', 'Prof.']);

/** What SuiteCRM takes for an address; others it drops. */
function isAddress(text: string): boolean {
  return /^[-'.+&#!$*=?^_`{}~/\w]+@\w+(?:[.-]*\w+)*(?:\.[\w-]{2,})+$/.test(text.trim());
}

function databaseSeconds(text: string, fallback: number): number {
  const time = Date.parse(`${text.replace(' ', 'T')}Z`);
  return Number.isNaN(time) ? fallback : Math.floor(time / 1000) * 1000;
}
