import type { SuiteClient } from './client.js';
import type { AddressExchange } from './journal.js';
import { caps, OPT_OUT_FIELD, textOf } from './map.js';
import { moduleOf, type ModuleInfo, type SuiteRecord } from './modules.js';

/**
 * E-mail addresses are rows of their own (`EmailAddresses`), shared by all records that have them; opting out is said of the row. Writing
 * `email1` has no effect on a record that has addresses already (SuiteCRM issues 9960, 10513), and no link that the API makes is a
 * primary one. So a primary address is changed by unlinking all rows and writing `email1` into the record that has none any more.
 */
const MODULE = 'EmailAddresses';
const LINK = 'email_addresses';
const FIELDS = ['email_address', 'opt_out', 'invalid_email'];

interface AddressRow {
  id: string;
  address: string;
  optOut: boolean;
  invalid: boolean;
}

export interface WantedAddresses {
  /** Absent: as they are. */
  addresses?: readonly string[];
  /** Absent: as it is. */
  optOut?: boolean;
}

/** What is to be done about the addresses of a record. */
export type AddressPlan =
  | { step: 'none' }
  /** The primary address stays. */
  | { step: 'links'; unlink: string[]; link: string[]; optOut?: { row: string; value: boolean } }
  /** The primary address changes: between the first and the last request the record has none. */
  | { step: 'exchange'; exchange: AddressExchange };

export async function planAddresses(
  client: SuiteClient,
  info: ModuleInfo,
  id: string,
  shown: readonly string[],
  wanted: WantedAddresses,
): Promise<AddressPlan> {
  const rows = (await client.related(info.module, id, LINK)).map(rowOf);
  const addresses = wanted.addresses ?? shown;
  const [primary] = addresses;
  const primaryRow = rows.find((row) => primary !== undefined && caps(row.address) === caps(primary));
  const isShown = (row: AddressRow) => shown.some((address) => caps(address) === caps(row.address));
  const isWanted = (row: AddressRow) => addresses.some((address) => caps(address) === caps(row.address));
  if (primary === undefined || (shown[0] !== undefined && caps(shown[0]) === caps(primary))) {
    const unlink = rows.filter((row) => isShown(row) && !isWanted(row)).map((row) => row.id);
    const linked = new Set(rows.map((row) => caps(row.address)));
    const link = addresses.filter((address) => !linked.has(caps(address)));
    const optOut =
      primaryRow !== undefined && wanted.optOut !== undefined && wanted.optOut !== primaryRow.optOut
        ? { optOut: { row: primaryRow.id, value: wanted.optOut } }
        : {};
    if (unlink.length + link.length === 0 && optOut.optOut === undefined) return { step: 'none' };
    return { step: 'links', unlink, link, ...optOut };
  }
  const known = primaryRow ?? (await findRow(client, primary));
  const former = rows.find((row) => shown[0] !== undefined && caps(row.address) === caps(shown[0]));
  return {
    step: 'exchange',
    exchange: {
      kind: info.kind,
      id,
      addresses: [...addresses],
      // Whoever withdrew stays withdrawn, by the old address or by the new one, unless the command says otherwise.
      optOut: wanted.optOut ?? (known?.optOut === true || former?.optOut === true),
      invalid: known?.invalid === true,
      hidden: rows.filter((row) => !isShown(row) && !isWanted(row)).map((row) => row.id),
    },
  };
}

/** @returns the record as it stands afterwards, undefined when it is gone */
export async function changeLinks(
  client: SuiteClient,
  info: ModuleInfo,
  id: string,
  plan: AddressPlan & { step: 'links' },
): Promise<SuiteRecord | undefined> {
  for (const address of plan.link) await linkAddress(client, info, id, address);
  for (const row of plan.unlink) await client.unrelate(info.module, id, LINK, row);
  if (plan.optOut !== undefined)
    await client.update(MODULE, plan.optOut.row, { opt_out: plan.optOut.value ? '1' : '0' });
  // Links leave the record's own time alone; others who follow it are to see that something changed.
  return client.update(info.module, id, { deleted: '0' });
}

/**
 * Carries an exchange to its end, from wherever an earlier try left it.
 * @returns the record as it stands afterwards, undefined when it is gone
 */
export async function finishExchange(client: SuiteClient, exchange: AddressExchange): Promise<SuiteRecord | undefined> {
  const info = moduleOf(exchange.kind)!;
  const { id } = exchange;
  const [primary = '', ...others] = exchange.addresses;
  const before = await client.get(info.module, id, [info.emailFields[0]!]);
  if (before === undefined) return undefined;
  if (caps(textOf(before.attributes[info.emailFields[0]!])) !== caps(primary)) {
    for (const row of await client.related(info.module, id, LINK)) await client.unrelate(info.module, id, LINK, row.id);
    const flag = exchange.optOut ? '1' : '0';
    const written = await client.update(info.module, id, {
      email1: primary,
      [OPT_OUT_FIELD]: flag,
      invalid_email: exchange.invalid ? '1' : '0',
    });
    if (written === undefined) return undefined;
  }
  const linked = new Set((await client.related(info.module, id, LINK)).map((row) => caps(rowOf(row).address)));
  for (const address of others) if (!linked.has(caps(address))) await linkAddress(client, info, id, address);
  const ids = new Set((await client.related(info.module, id, LINK)).map((row) => row.id));
  for (const row of exchange.hidden)
    if (!ids.has(row)) await client.relate(info.module, id, LINK, { module: MODULE, id: row });
  return client.get(info.module, id);
}

/** The fields that give a new record its primary address without changing what others said of it. */
export async function newPrimary(
  client: SuiteClient,
  primary: string,
  optOut: boolean | undefined,
): Promise<Record<string, string>> {
  const known = await findRow(client, primary);
  const off = optOut ?? known?.optOut === true;
  return {
    email1: primary,
    [OPT_OUT_FIELD]: off ? '1' : '0',
    ...(known?.invalid === true ? { invalid_email: '1' } : {}),
  };
}

async function linkAddress(client: SuiteClient, info: ModuleInfo, id: string, address: string): Promise<void> {
  const row = (await findRow(client, address))?.id ?? (await createRow(client, address));
  await client.relate(info.module, id, LINK, { module: MODULE, id: row });
}

async function findRow(client: SuiteClient, address: string): Promise<AddressRow | undefined> {
  const { records } = await client.list(MODULE, {
    fields: FIELDS,
    size: 2,
    where: [['email_address_caps', 'eq', caps(address)]],
  });
  return records[0] === undefined ? undefined : rowOf(records[0]);
}

async function createRow(client: SuiteClient, address: string): Promise<string> {
  const id = crypto.randomUUID();
  await client.create(MODULE, id, { email_address: address, email_address_caps: caps(address) });
  return id;
}

function rowOf(record: SuiteRecord): AddressRow {
  const { attributes } = record;
  return {
    id: record.id,
    address: textOf(attributes['email_address']),
    optOut: attributes['opt_out'] === '1',
    invalid: attributes['invalid_email'] === '1',
  };
}
