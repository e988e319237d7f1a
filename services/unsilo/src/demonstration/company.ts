/**
 * The company of the demonstration and its customers, all invented; addresses are of domains and numbers that are reserved for examples.
 * This is what the simulated systems hold when the demonstration begins.
 */

/** Names of the simulated systems, as refs begin with them. */
export const SYSTEMS = { crm: 'crm', shop: 'shop', social: 'mastodon', news: 'news' } as const;

const YEAR_MS = 365 * 86_400_000;

/** A contact in SuiteCRM, by the names of its own fields. */
export interface CrmContact {
  id: string;
  fields: Readonly<Record<string, string>>;
  /** Epoch milliseconds. */
  enteredAt: number;
  modifiedAt: number;
}

export const SHOP_COLUMNS = [
  'customer_no',
  'first_name',
  'last_name',
  'email',
  'phone',
  'street',
  'city',
  'postcode',
  'country',
  'birthday',
  'newsletter',
  'mastodon',
  'created',
  'updated',
] as const;
export type ShopColumn = (typeof SHOP_COLUMNS)[number];
/** A row of the shop's table of customers; a column that is missing is empty. */
export type ShopRow = { readonly [Column in ShopColumn]?: string } & { readonly customer_no: string };

/** Who the story is about, and by which ids each system knows them. */
export const PEOPLE = {
  ines: {
    crm: '5a0c1d52-6f0e-4c57-9a3b-1d2f7c9b0001',
    shop: '1001',
    /** Id of her account, as our Mastodon instance knows it. */
    account: '110000000000000101',
    handle: 'ines@rides.example',
    phone: { wrong: '+44 7700 900214', right: '+44 7700 900241' },
  },
  amara: { crm: '5a0c1d52-6f0e-4c57-9a3b-1d2f7c9b0002', given: 'Amara' },
  amira: { shop: '1004', given: 'Amira' },
  joost: { crm: '5a0c1d52-6f0e-4c57-9a3b-1d2f7c9b0003', shop: '1002', laterTitle: 'Head of Purchasing' },
} as const;

export function crmContacts(now: number): CrmContact[] {
  const years = (count: number): number => now - Math.round(count * YEAR_MS);
  return [
    {
      id: PEOPLE.ines.crm,
      fields: {
        first_name: 'Ines',
        last_name: 'Duarte',
        title: 'Architect',
        phone_mobile: PEOPLE.ines.phone.wrong,
        description: 'Rides to work every day. Prefers to be called in the afternoon.',
        email1: 'ines.duarte@example.org',
      },
      enteredAt: years(4),
      modifiedAt: years(3),
    },
    {
      id: PEOPLE.amara.crm,
      fields: {
        first_name: PEOPLE.amara.given,
        last_name: 'Okafor',
        phone_mobile: '+44 7700 900352',
        phone_home: '+44 20 7946 0145',
        birthdate: '1984-03-02',
        email1: 'okafor.family@example.org',
      },
      enteredAt: years(3),
      modifiedAt: years(2),
    },
    {
      id: PEOPLE.joost.crm,
      fields: {
        first_name: 'Joost',
        last_name: 'van Dijk',
        email1: 'joost.vandijk@example.com',
        phone_work: '+44 20 7946 0872',
      },
      enteredAt: years(2.5),
      modifiedAt: years(2),
    },
    {
      id: '5a0c1d52-6f0e-4c57-9a3b-1d2f7c9b0004',
      fields: {
        first_name: 'Mei',
        last_name: 'Tanaka',
        title: 'Fleet manager',
        email1: 'mei.tanaka@harbour-couriers.example',
      },
      enteredAt: years(2),
      modifiedAt: years(1),
    },
  ];
}

export function shopRows(now: number): ShopRow[] {
  const date = (count: number): string => new Date(now - Math.round(count * YEAR_MS)).toISOString();
  return [
    {
      customer_no: PEOPLE.ines.shop,
      first_name: 'Ines',
      last_name: 'Duarte Lima',
      email: 'Ines.Duarte@example.org',
      phone: '07700 900214',
      street: '14 Heron Row',
      city: 'Bristol',
      postcode: 'BS1 4XX',
      country: 'GB',
      newsletter: 'yes',
      mastodon: PEOPLE.ines.handle,
      created: date(1.5),
      updated: date(0.5),
    },
    {
      customer_no: PEOPLE.joost.shop,
      first_name: 'Joost',
      last_name: 'van Dijk',
      email: 'joost.vandijk@example.com',
      street: '3 Canal Street',
      city: 'London',
      postcode: 'E3 9ZZ',
      country: 'GB',
      newsletter: 'yes',
      created: date(2),
      updated: date(1),
    },
    {
      customer_no: '1003',
      first_name: 'Priya',
      last_name: 'Raman',
      email: 'priya@raman.example',
      phone: '07700 900418',
      newsletter: 'no',
      created: date(1),
      updated: date(1),
    },
  ];
}

/** Shares the family's e-mail address and landline with Amara, and is not Amara. */
export function amirasFirstOrder(now: number): ShopRow {
  const at = new Date(now).toISOString();
  return {
    customer_no: PEOPLE.amira.shop,
    first_name: PEOPLE.amira.given,
    last_name: 'Okafor',
    email: 'okafor.family@example.org',
    phone: '020 7946 0145',
    street: '27 Mill Lane',
    city: 'Leeds',
    postcode: 'LS1 9ZZ',
    country: 'GB',
    newsletter: 'no',
    created: at,
    updated: at,
  };
}

export const OUR_ACCOUNT = { user: 'kestrel', name: 'Kestrel Cycles', domain: 'social.example' } as const;
export const INES_ACCOUNT = {
  acct: PEOPLE.ines.handle,
  name: 'Ines on wheels',
  note: 'Two wheels, two children, one hill.',
} as const;

export const PRAISE = `@${OUR_ACCOUNT.user} Three weeks with my Heron, and the hill is flat now. Thank you!`;

export const COMPLAINT =
  `@${OUR_ACCOUNT.user} The rear light of my cargo bike went out again after two weeks, ` +
  'and nobody answers my e-mails. Not great when it is dark at five.';
export const ANSWER =
  'Sorry about that, and thank you for telling us. A new light goes out to you today, and a colleague calls you this afternoon.';
export const CASE_NAME = 'Rear light fails after two weeks';

export const NEWS: readonly { title: string; text: string; author: string; hoursAgo: number }[] = [
  {
    title: 'Cargo bikes of the year: the Kestrel Heron comes second',
    text: 'Kestrel Cycles convinced our testers with a frame that weighs next to nothing.',
    author: 'The Simulated Gazette',
    hoursAgo: 30,
  },
  {
    title: 'City doubles its grant for family bikes',
    text: 'Makers such as Kestrel Cycles expect full order books in spring.',
    author: 'The Simulated Gazette',
    hoursAgo: 5,
  },
];

/** Where the simulated press publishes. */
export const NEWS_PATH = '/news/feed.xml';
