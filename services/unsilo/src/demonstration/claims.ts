import { counted } from '@unsilo/schemas';
import { ANSWER, crmContacts, amirasFirstOrder, PEOPLE, shopRows, SYSTEMS } from './company.js';
import { samePhone, type Look, type UpdateCommand } from './look.js';
import type { ShopColumn } from './company.js';

/** One sentence of the story that can be looked up, and how. */
export interface Claim {
  /** Stable, for programs: `one-customer`. */
  id: string;
  /** As the story says it. */
  says: string;
  check(look: Look): Promise<Finding>;
}
/** `detail` says what was found, for people: with ids and values of invented people only. */
export interface Finding {
  holds: boolean;
  detail: string;
}

const { crm, shop, social } = SYSTEMS;
export const REFS = {
  inesInCrm: `${crm}/contact/${PEOPLE.ines.crm}`,
  inesInShop: `${shop}/contact/${PEOPLE.ines.shop}`,
  inesOnMastodon: `${social}/account/${PEOPLE.ines.account}`,
  amaraInCrm: `${crm}/contact/${PEOPLE.amara.crm}`,
  amiraInShop: `${shop}/contact/${PEOPLE.amira.shop}`,
  joostInCrm: `${crm}/contact/${PEOPLE.joost.crm}`,
  joostInShop: `${shop}/contact/${PEOPLE.joost.shop}`,
} as const;

const found = (holds: boolean, detail: string): Finding => ({ holds, detail });
const onCrm = (look: Look, id: string) => look.own(crm, 'Contacts', id);
const inShop = (look: Look, id: string) => look.own(shop, 'Customers', id);

export const oneCustomer: readonly Claim[] = [
  {
    id: 'one-customer',
    says: 'Her record in the CRM, her row in the export and her account on Mastodon are one customer.',
    async check(look) {
      const wanted = [REFS.inesInCrm, REFS.inesInShop, REFS.inesOnMastodon];
      const customer = (await look.customerOf(REFS.inesInCrm))?.customer;
      const members = customer?.members ?? [];
      return found(
        members.length === wanted.length && wanted.every((ref) => members.includes(ref)),
        customer === undefined ? 'The CRM’s record belongs to no customer' : `${customer.id}: ${members.join(', ')}`,
      );
    },
  },
  {
    id: 'provenance',
    says: 'Every value says which system it comes from and what it beat: her new surname came from the shop.',
    async check(look) {
      const customer = (await look.customerOf(REFS.inesInCrm))?.customer;
      const surname = customer?.provenance.find(({ attribute }) => attribute === 'name.surname');
      return found(
        surname?.value === 'Duarte Lima' &&
          surname.from.ref === REFS.inesInShop &&
          surname.alternatives.some(({ ref, value }) => ref === REFS.inesInCrm && value === 'Duarte'),
        surname === undefined ? 'Nobody states a surname' : `${show(surname.value)} by ${surname.from.ref}`,
      );
    },
  },
  {
    id: 'written-back',
    says: 'What the CRM lacked is in the CRM now: her address and her surname.',
    async check(look) {
      const row = await onCrm(look, PEOPLE.ines.crm);
      return found(
        row?.['last_name'] === 'Duarte Lima' && row['primary_address_street'] === '14 Heron Row',
        `The CRM says ${show(row?.['last_name'])}, ${show(row?.['primary_address_street'])}`,
      );
    },
  },
];

const { right } = PEOPLE.ines.phone;
export const correctedPhone: readonly Claim[] = [
  {
    id: 'phone-everywhere',
    says: 'The CRM and the shop have the corrected number, and neither has the old one.',
    async check(look) {
      const row = await onCrm(look, PEOPLE.ines.crm);
      const own = await inShop(look, PEOPLE.ines.shop);
      const phones = [row?.['phone_mobile'], row?.['phone_home'], row?.['phone_work'], own?.['phone']].filter(Boolean);
      return found(
        samePhone(row?.['phone_mobile'], right) && samePhone(own?.['phone'], right) && phones.length === 2,
        `The simulated systems hold ${phones.join(', ')}`,
      );
    },
  },
  {
    id: 'phone-in-hub',
    says: 'The customer has one number, stated by the shop.',
    async check(look) {
      const customer = (await look.customerOf(REFS.inesInCrm))?.customer;
      const numbers = (customer?.state.phones ?? []).map(({ number }) => number);
      const source = customer?.provenance.find(
        ({ attribute, value }) => attribute === 'phones' && value !== null && samePhone(phoneIn(value), right),
      );
      return found(
        numbers.length === 1 && samePhone(numbers[0], right) && source?.from.ref === REFS.inesInShop,
        `The customer has ${numbers.join(', ') || 'no number'}, from ${source?.from.ref ?? 'nobody'}`,
      );
    },
  },
  {
    id: 'phone-no-loop',
    says: 'It took one command. The systems sent the number back since, and no further command followed.',
    async check(look) {
      const updates = (await look.updatesOf(REFS.inesInCrm, REFS.inesInShop)).filter((u) => setsPhone(u));
      const [only] = updates;
      const status = only === undefined ? undefined : await look.outcomeOf(only.id);
      return found(
        updates.length === 1 && only?.ref === REFS.inesInCrm && status === 'applied',
        `${counted(updates.length, 'command')} set her phones (${updates.map(({ ref }) => ref).join(', ')}): ${status ?? 'no outcome'}`,
      );
    },
  },
];

function setsPhone({ set }: UpdateCommand): boolean {
  return Object.hasOwn(set, 'phones');
}
function phoneIn(value: unknown): string {
  const element = Array.isArray(value) ? (value[0] as unknown) : value;
  return String((element as { number?: unknown } | null)?.number ?? element);
}

export const publicComplaint: readonly Claim[] = [
  {
    id: 'complaint-on-timeline',
    says: 'The complaint stands on her timeline, beside what the CRM and the shop know of her.',
    async check(look) {
      const complaint = await complaintOf(look);
      return found(complaint !== undefined, complaint?.interaction.ref ?? 'There is no such mention on her timeline');
    },
  },
  {
    id: 'answered',
    says: 'An answer went out, and Mastodon shows it below her post.',
    async check(look) {
      const complaint = await complaintOf(look);
      const replies = complaint?.replies ?? [];
      const sent = replies.find(({ outcome }) => outcome?.status === 'applied')?.command;
      const text = sent?.action === 'reply' ? sent.text : ANSWER;
      const id = complaint?.interaction.ref.split('/').at(-1) ?? '';
      const shown = (await look.ownRows(social, 'Posts')).find(
        (post) => post['in reply to'] === id && post['text']?.includes(text),
      );
      return found(
        sent !== undefined && shown !== undefined,
        `${replies.length} replies, ${sent === undefined ? 'none' : 'one'} applied; ${shown === undefined ? 'not shown' : `shown as post ${shown['id'] ?? ''}`}`,
      );
    },
  },
  {
    id: 'case-in-crm',
    says: 'It is a case in the CRM, tied to her contact there, and the case is on her timeline.',
    async check(look) {
      const own = (await look.ownRows(crm, 'Cases')).filter(({ contacts }) => contacts?.includes(PEOPLE.ines.crm));
      const timeline = await look.timelineOf(REFS.inesInCrm);
      const complaint = await complaintOf(look);
      const known = timeline.filter((entry) => entry.type === 'object' && entry.object.state?.kind === 'case');
      return found(
        own.length > 0 &&
          known.some(
            (entry) => entry.type === 'object' && entry.object.state?.interaction === complaint?.interaction.ref,
          ),
        `The CRM has ${own.length} cases of hers (${own.map(({ name }) => show(name)).join(', ')}), her timeline ${known.length}`,
      );
    },
  },
];

export async function complaintOf(look: Look) {
  for (const entry of await look.timelineOf(REFS.inesInCrm))
    if (entry.type === 'interaction' && entry.interaction.state?.text?.includes('rear light')) return entry;
  return undefined;
}

export const wronglyJoined: readonly Claim[] = [
  {
    id: 'joined-by-family',
    says: 'The sisters Amara and Amira share an e-mail address and a landline: the hub took them for one, and renamed Amara in the CRM.',
    async check(look) {
      const renamed = (await look.updatesOf(REFS.amaraInCrm)).find(
        ({ set }) => set['name.given']?.value === PEOPLE.amira.given && set['name.given'].from === REFS.amiraInShop,
      );
      if (renamed === undefined) return found(false, 'No such command was given');
      const status = await look.outcomeOf(renamed.id);
      return found(status === 'applied', `Command ${renamed.id}: ${status ?? 'no outcome'}`);
    },
  },
];

export const unlinked: readonly Claim[] = [
  {
    id: 'two-customers',
    says: 'After the unlink they are two customers, and stay two although they share an address.',
    async check(look) {
      const { detail } = await look.service.explainPair(look.actor, REFS.amaraInCrm, REFS.amiraInShop);
      const isDecided = detail.decisions.some((decision) => decision.kind === 'unlink' && decision.undo !== true);
      const shared = (detail.comparison?.evidence ?? []).filter(({ level }) => level === 'exact');
      return found(
        !detail.sameCustomer && isDecided && shared.length > 0,
        `${detail.sameCustomer ? 'One customer' : 'Two customers'} with ${counted(shared.length, 'shared value')} and ${counted(detail.decisions.length, 'decision')}`,
      );
    },
  },
  {
    id: 'crm-own-values',
    says: 'The CRM has Amara back, with her own name, numbers and birthday, and nothing of Amira’s.',
    async check(look) {
      const seed = crmContacts(0).find(({ id }) => id === PEOPLE.amara.crm)!;
      const row = await onCrm(look, PEOPLE.amara.crm);
      const wanted: Record<string, string> = { ...NOTHING_ELSE, ...seed.fields };
      const wrongly = Object.keys(wanted).filter((name) => !sameText(name, row?.[name], wanted[name]));
      return found(
        row !== undefined && wrongly.length === 0,
        row === undefined ? 'The CRM has no such contact' : difference(wrongly, row, wanted),
      );
    },
  },
  {
    id: 'shop-own-values',
    says: 'The shop has Amira’s row as she typed it, and nothing of Amara’s.',
    async check(look) {
      const typed = amirasFirstOrder(0);
      const row = await inShop(look, PEOPLE.amira.shop);
      const wrongly = Object.keys(row ?? {}).filter(
        (name) => !STAMPS.has(name) && !sameText(name, row?.[name], typed[name as ShopColumn]),
      );
      return found(
        row !== undefined && wrongly.length === 0,
        row === undefined ? 'The shop has no such row' : difference(wrongly, row, typed),
      );
    },
  },
];

const STAMPS: ReadonlySet<string> = new Set(['created', 'updated']);
/** Fields of a contact that the hub could have filled from the shop. */
const NOTHING_ELSE = {
  email_opt_out: '0',
  phone_work: '',
  phone_other: '',
  primary_address_street: '',
  primary_address_city: '',
  primary_address_postalcode: '',
  primary_address_country: '',
  alt_address_street: '',
  alt_address_city: '',
};

function sameText(name: string, a: string | undefined, b: string | undefined): boolean {
  if (name.startsWith('phone') && a && b) return samePhone(a, b);
  return (a ?? '') === (b ?? '');
}
function difference(
  names: readonly string[],
  row: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string | undefined>>,
): string {
  if (names.length === 0) return 'Every field as it was';
  return names.map((name) => `${name} is ${show(row[name])}, was ${show(wanted[name])}`).join('; ');
}

export const withdrawnConsent: readonly Claim[] = [
  {
    id: 'consent-in-hub',
    says: 'The customer’s consent to marketing e-mail is withdrawn.',
    async check(look) {
      const customer = (await look.customerOf(REFS.joostInCrm))?.customer;
      const consents = (customer?.state.consents ?? []).filter(
        ({ purpose, channel }) => purpose === 'marketing' && channel === 'email',
      );
      return found(
        consents.length === 1 && consents[0]?.status === 'withdrawn' && customer?.members.length === 2,
        consents.map(({ status }) => status).join(', ') || 'There is no such consent',
      );
    },
  },
  {
    id: 'consent-everywhere',
    says: 'The CRM has him opted out, and the shop has taken him off the newsletter.',
    async check(look) {
      const row = await onCrm(look, PEOPLE.joost.crm);
      const own = await inShop(look, PEOPLE.joost.shop);
      return found(
        row?.['email_opt_out'] === '1' && own?.['newsletter'] === 'no',
        `CRM opt-out ${show(row?.['email_opt_out'])}, newsletter of the shop ${show(own?.['newsletter'])}`,
      );
    },
  },
];

export const consentHolds: readonly Claim[] = [
  {
    id: 'consent-holds',
    says: 'An old export that still says “yes”, and an edit of something else in the CRM, don’t bring it back.',
    async check(look) {
      const [hub, everywhere] = await Promise.all(withdrawnConsent.map(({ check }) => check(look)));
      const inHub = (await look.record(REFS.joostInShop))?.state?.consents?.[0]?.status;
      const title = (await onCrm(look, PEOPLE.joost.crm))?.['title'];
      const shopSaid = shopRows(0).find(({ customer_no }) => customer_no === PEOPLE.joost.shop)?.newsletter;
      return found(
        hub?.holds === true &&
          everywhere?.holds === true &&
          inHub === 'withdrawn' &&
          title === PEOPLE.joost.laterTitle &&
          shopSaid === 'yes',
        `${hub?.detail ?? ''}; ${everywhere?.detail ?? ''}; his row in the hub ${show(inHub)}, title in the CRM ${show(title)}`,
      );
    },
  },
];

export const nothingUnexplained: Claim = {
  id: 'audit',
  says: 'Every record in every system equals its customer, but for differences that have a stated reason.',
  async check(look) {
    const unexplained: string[] = [];
    let rows = 0;
    for await (const { ref, attribute, reason } of look.service.audit(look.actor, {})) {
      rows += 1;
      if (reason === 'unexplained' || reason === 'pending' || reason === 'uncertain')
        unexplained.push(`${ref} ${attribute ?? ''} ${reason}`);
    }
    return found(
      unexplained.length === 0,
      unexplained.join('; ') || `${counted(rows, 'difference')}, each with its reason`,
    );
  },
};

function show(value: unknown): string {
  if (value === undefined || value === '') return '(nothing)';
  return typeof value === 'string' ? `“${value}”` : JSON.stringify(value);
}
