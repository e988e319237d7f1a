import { stringify } from 'yaml';
import { OUR_ACCOUNT, SYSTEMS } from './company.js';

/** Where the simulated systems are. */
export interface Addresses {
  crm: { url: string; clientId: string };
  shop: { exports: string; imports: string };
  social: { url: string };
  news: { feed: string };
}
/** Files with secrets, beside the configuration. */
export const SECRET_FILES = { crm: 'secrets/crm', social: 'secrets/mastodon' } as const;
/** The name of the file that the hub writes out for the shop. */
export const IMPORT_FILE = 'customers.csv';

/** Simulated systems answer at once, so they may be asked often. */
const INTERVAL = '400ms';

/** What is otherwise where the systems run elsewhere than the hub. */
export interface Surroundings {
  data: string;
  storage?: object;
  http?: object;
  limits?: object;
  /** Where the simulated systems may be, as `allowPrivateAddresses` takes it. */
  addresses: true | string[];
  /** Files with secrets. */
  secrets: { crm: string; social: string };
}
const ONE_PROCESS: Surroundings = { data: '..', addresses: ['127.0.0.0/8'], secrets: SECRET_FILES };

/**
 * The demonstration's `unsilo.yaml`. It is what anybody would write who has these four systems, but for their addresses and the short
 * intervals.
 */
export function demonstrationYaml(
  { crm, shop, social, news }: Addresses,
  { data, storage, http, limits, addresses, secrets }: Surroundings = ONE_PROCESS,
): string {
  const everything = { contact: { fields: ['*'] } };
  const document = {
    tenant: 'demonstration',
    data,
    ...(storage === undefined ? {} : { storage }),
    ...(http === undefined ? {} : { http }),
    ...(limits === undefined ? {} : { limits }),
    country: 'GB',
    // What somebody writes about themselves on Mastodon must not replace the CRM's notes about them.
    survivorship: { note: 'source-rank' },
    systems: [
      {
        name: SYSTEMS.crm,
        connector: 'suitecrm',
        interval: INTERVAL,
        allowPrivateAddresses: addresses,
        options: {
          url: crm.url,
          auth: { grant: 'client_credentials', clientId: crm.clientId, clientSecret: `\${file:${secrets.crm}}` },
          modules: ['contact', 'case'],
        },
        policy: { rank: 10, write: everything },
      },
      {
        name: SYSTEMS.shop,
        connector: 'csv',
        interval: INTERVAL,
        options: {
          folder: shop.exports,
          settleMs: 100,
          // Whole tables would take back what people in the shop have typed since the last export.
          out: { folder: shop.imports, file: IMPORT_FILE, delayMs: 100 },
          id: 'customer_no',
          createdAt: 'created',
          changedAt: 'updated',
          mapping: {
            fields: {
              first_name: 'name.given',
              last_name: 'name.surname',
              email: 'emails',
              phone: { attribute: 'phones', label: 'mobile' },
              street: { attribute: 'addresses.street', label: 'primary' },
              city: { attribute: 'addresses.locality', label: 'primary' },
              postcode: { attribute: 'addresses.postcode', label: 'primary' },
              country: { attribute: 'addresses.country', label: 'primary' },
              birthday: 'birthDate',
              newsletter: {
                attribute: 'consents',
                purpose: 'marketing',
                channel: 'email',
                granted: ['yes'],
                withdrawn: ['no'],
              },
              mastodon: { attribute: 'onlineServices', service: 'mastodon' },
            },
          },
        },
        policy: { write: everything },
      },
      {
        name: SYSTEMS.social,
        connector: 'mastodon',
        interval: INTERVAL,
        allowPrivateAddresses: addresses,
        options: { url: social.url, token: `\${file:${secrets.social}}` },
      },
      {
        name: SYSTEMS.news,
        connector: 'feed',
        interval: '5s',
        allowPrivateAddresses: addresses,
        options: { feeds: [{ url: news.feed, name: 'The Simulated Gazette' }], interval: 5 },
      },
    ],
  };
  return `# The demonstration: ${OUR_ACCOUNT.name} and four simulated systems${storage === undefined ? '. Made anew at each start' : ''}.\n${stringify(document, { aliasDuplicateObjects: false })}`;
}
