import type { MappingConfig } from '@unsilo/connector-sdk';
import type { KindName } from './modules.js';

/** Fields and attributes as SuiteCRM delivers them. Lengths are those of its own field definitions (`/meta/fields`). */

const PERSON: MappingConfig['fields'] = {
  name: { attribute: 'name.full', derived: true },
  salutation: { attribute: 'name.prefix', length: 255 },
  first_name: { attribute: 'name.given', length: 100 },
  last_name: { attribute: 'name.surname', length: 100 },
  title: { attribute: 'titles', length: 100 },
  email1: 'emails',
  email2: 'emails',
  phone_work: { attribute: 'phones', label: 'work', length: 100 },
  phone_mobile: { attribute: 'phones', label: 'mobile', length: 100 },
  phone_home: { attribute: 'phones', label: 'home', length: 100 },
  phone_other: { attribute: 'phones', label: 'other', length: 100 },
  phone_fax: { attribute: 'phones', label: 'fax', length: 100 },
  ...address('primary_address', 'primary'),
  ...address('alt_address', 'other'),
  birthdate: 'birthDate',
  // 0 is what the field begins with: it is no permission.
  email_opt_out: { attribute: 'consents', purpose: 'marketing', channel: 'email', withdrawn: ['1'] },
  do_not_call: { attribute: 'consents', purpose: 'marketing', channel: 'phone', withdrawn: ['1'] },
  description: 'note',
};

const CONTACT: MappingConfig = {
  kind: 'person',
  fields: {
    ...PERSON,
    account_name: { attribute: 'organizations', direction: 'in' },
    department: { attribute: 'organizations.unit', direction: 'in' },
    lead_source: 'extra.leadSource',
  },
};

/** Leads have the company's name as a text of their own; contacts are linked to an account. */
const LEAD: MappingConfig = {
  kind: 'person',
  fields: {
    ...PERSON,
    account_name: { attribute: 'organizations', length: 255 },
    department: 'organizations.unit',
    website: 'links',
    lead_source: 'extra.leadSource',
    status: 'extra.leadStatus',
  },
};

const ACCOUNT: MappingConfig = {
  kind: 'organization',
  fields: {
    name: { attribute: 'name.full', length: 150 },
    email1: 'emails',
    phone_office: { attribute: 'phones', label: 'work', length: 100 },
    phone_alternate: { attribute: 'phones', label: 'other', length: 100 },
    phone_fax: { attribute: 'phones', label: 'fax', length: 100 },
    ...address('billing_address', 'billing'),
    ...address('shipping_address', 'shipping'),
    website: 'links',
    email_opt_out: { attribute: 'consents', purpose: 'marketing', channel: 'email', withdrawn: ['1'] },
    description: 'note',
    account_type: 'extra.accountType',
    industry: 'extra.industry',
    annual_revenue: 'extra.annualRevenue',
    employees: { attribute: 'extra.employees', length: 10 },
  },
};

export const DEFAULT_MAPPINGS: Readonly<Record<'contact' | 'lead' | 'account', MappingConfig>> = {
  contact: CONTACT,
  lead: LEAD,
  account: ACCOUNT,
};

/** With `linkAccounts` a contact's organization is written by linking it to the account of that name. */
export const LINKED_ACCOUNT: MappingConfig['fields'] = {
  account_name: 'organizations',
  department: { attribute: 'organizations.unit', length: 255 },
};

function address(prefix: string, label: string): MappingConfig['fields'] {
  // No lengths: a declared one would hold for all parts alike, and the postal code's is 20.
  return {
    [`${prefix}_street`]: { attribute: 'addresses.street', label },
    [`${prefix}_city`]: { attribute: 'addresses.locality', label },
    [`${prefix}_state`]: { attribute: 'addresses.region', label },
    [`${prefix}_postalcode`]: { attribute: 'addresses.postcode', label },
    [`${prefix}_country`]: { attribute: 'addresses.country', label },
  };
}

/** How the fields of opportunities and cases stand to an object's state. */
export interface ObjectMapping {
  name: string;
  status: string;
  priority?: string;
  description: string;
  amount?: string;
  closedAt?: string;
  /** By name in `extra`. */
  extra: Readonly<Record<string, string>>;
}

export const OBJECT_MAPPINGS: Readonly<Record<'opportunity' | 'case', ObjectMapping>> = {
  case: {
    name: 'name',
    status: 'status',
    priority: 'priority',
    description: 'description',
    extra: { caseType: 'type', resolution: 'resolution', caseState: 'state', caseNumber: 'case_number' },
  },
  opportunity: {
    name: 'name',
    status: 'sales_stage',
    description: 'description',
    amount: 'amount',
    closedAt: 'date_closed',
    extra: {
      probability: 'probability',
      opportunityType: 'opportunity_type',
      leadSource: 'lead_source',
      nextStep: 'next_step',
    },
  },
};

/** Fields of objects that the system makes itself. */
export const DERIVED_OBJECT_FIELDS: ReadonlySet<string> = new Set(['case_number']);

export function isObjectKind(kind: KindName): kind is 'opportunity' | 'case' {
  return kind === 'opportunity' || kind === 'case';
}
export type PartyKindName = Exclude<KindName, 'opportunity' | 'case'>;
