/** The tables of a simulated SuiteCRM: modules, their fields with types and lengths (as `/meta/fields` of 7.14 has them), and links. */
export interface SimulatedField {
  type: 'id' | 'varchar' | 'text' | 'enum' | 'bool' | 'date' | 'datetime' | 'float' | 'relate' | 'link';
  length?: number;
  /** Not in the table: can't be filtered or sorted by. */
  nonDb?: boolean;
  /** What a new record begins with. */
  initially?: string;
}
export interface SimulatedModule {
  module: string;
  /** Name of the class, which answers use as type: `Contact`. */
  object: string;
  kind?: 'contact' | 'lead' | 'account' | 'opportunity' | 'case';
  fields: Readonly<Record<string, SimulatedField>>;
  /** Links by name: the module that they lead to. */
  links: Readonly<Record<string, string>>;
}

const id: SimulatedField = { type: 'id', length: 36 };
const text: SimulatedField = { type: 'text' };
const flag: SimulatedField = { type: 'bool', initially: '0' };
const varchar = (length: number): SimulatedField => ({ type: 'varchar', length });
const choice = (length: number): SimulatedField => ({ type: 'enum', length });
const shown: SimulatedField = { type: 'varchar', nonDb: true };
const link: SimulatedField = { type: 'link', nonDb: true };

const BASIC: Record<string, SimulatedField> = {
  id,
  name: { type: 'varchar', length: 255 },
  date_entered: { type: 'datetime' },
  date_modified: { type: 'datetime' },
  modified_user_id: id,
  created_by: id,
  description: text,
  deleted: flag,
  assigned_user_id: id,
};

const PERSON: Record<string, SimulatedField> = {
  ...BASIC,
  name: { type: 'varchar', length: 255, nonDb: true },
  full_name: { type: 'varchar', length: 510, nonDb: true },
  salutation: choice(255),
  first_name: varchar(100),
  last_name: varchar(100),
  title: varchar(100),
  do_not_call: flag,
  phone_home: varchar(100),
  phone_mobile: varchar(100),
  phone_work: varchar(100),
  phone_other: varchar(100),
  phone_fax: varchar(100),
  email1: shown,
  email2: shown,
  email_opt_out: { ...shown, type: 'bool' },
  invalid_email: { ...shown, type: 'bool' },
  email_addresses: link,
  ...addressFields('primary_address'),
  ...addressFields('alt_address'),
  birthdate: { type: 'date' },
  lead_source: choice(100),
};

export const SIMULATED_MODULES: readonly SimulatedModule[] = [
  {
    module: 'Contacts',
    object: 'Contact',
    kind: 'contact',
    fields: {
      ...PERSON,
      department: varchar(255),
      account_name: { type: 'relate', nonDb: true },
      account_id: { type: 'relate', nonDb: true },
      reports_to_id: id,
      tier_c: varchar(20),
      reports_to_link: link,
    },
    links: { email_addresses: 'EmailAddresses', accounts: 'Accounts', opportunities: 'Opportunities', cases: 'Cases' },
  },
  {
    module: 'Leads',
    object: 'Lead',
    kind: 'lead',
    fields: {
      ...PERSON,
      department: varchar(100),
      account_name: varchar(255),
      account_id: id,
      contact_id: id,
      status: choice(100),
      converted: flag,
      website: varchar(255),
    },
    links: { email_addresses: 'EmailAddresses' },
  },
  {
    module: 'Accounts',
    object: 'Account',
    kind: 'account',
    fields: {
      ...BASIC,
      name: varchar(150),
      account_type: choice(50),
      industry: choice(50),
      annual_revenue: varchar(100),
      employees: varchar(10),
      phone_office: varchar(100),
      phone_alternate: varchar(100),
      phone_fax: varchar(100),
      website: varchar(255),
      email1: shown,
      email_opt_out: { ...shown, type: 'bool' },
      invalid_email: { ...shown, type: 'bool' },
      email_addresses: link,
      ...addressFields('billing_address'),
      ...addressFields('shipping_address'),
    },
    links: { email_addresses: 'EmailAddresses', contacts: 'Contacts', opportunities: 'Opportunities', cases: 'Cases' },
  },
  {
    module: 'Opportunities',
    object: 'Opportunity',
    kind: 'opportunity',
    fields: {
      ...BASIC,
      name: varchar(50),
      opportunity_type: choice(255),
      account_name: { type: 'relate', nonDb: true },
      account_id: { type: 'relate', nonDb: true },
      lead_source: choice(50),
      amount: { type: 'float' },
      currency_id: { ...id, initially: '-99' },
      date_closed: { type: 'date' },
      next_step: varchar(100),
      sales_stage: choice(255),
      probability: { type: 'float' },
    },
    links: { contacts: 'Contacts', accounts: 'Accounts' },
  },
  {
    module: 'Cases',
    object: 'Case',
    kind: 'case',
    fields: {
      ...BASIC,
      name: varchar(255),
      case_number: { type: 'float' },
      type: choice(255),
      status: choice(100),
      priority: choice(100),
      resolution: text,
      account_name: { type: 'relate', nonDb: true },
      account_id: { type: 'relate', nonDb: true },
      state: { ...choice(100), initially: 'Open' },
      contact_created_by_id: id,
    },
    links: { contacts: 'Contacts', accounts: 'Accounts' },
  },
  {
    module: 'EmailAddresses',
    object: 'EmailAddress',
    fields: {
      id,
      email_address: varchar(255),
      email_address_caps: varchar(255),
      invalid_email: flag,
      opt_out: flag,
      date_created: { type: 'datetime' },
      date_modified: { type: 'datetime' },
      deleted: flag,
    },
    links: {},
  },
  {
    module: 'Currencies',
    object: 'Currency',
    fields: { ...BASIC, iso4217: varchar(3), symbol: varchar(36), conversion_rate: { type: 'float' } },
    links: {},
  },
];

export function simulatedModule(name: string): SimulatedModule | undefined {
  return SIMULATED_MODULES.find(({ module }) => module === name);
}

function addressFields(prefix: string): Record<string, SimulatedField> {
  return {
    [`${prefix}_street`]: varchar(150),
    [`${prefix}_city`]: varchar(100),
    [`${prefix}_state`]: varchar(100),
    [`${prefix}_postalcode`]: varchar(20),
    [`${prefix}_country`]: varchar(255),
  };
}
