import type { SuiteCrmOptions } from '@unsilo/connector-suitecrm';

/**
 * A real SuiteCRM 7.14 to be tested against: SUITECRM_BASE_URL, SUITECRM_PASSWORD_CLIENT_ID, SUITECRM_PASSWORD_CLIENT_SECRET, SUITECRM_USER and
 * SUITECRM_PASSWORD say where it is. The tests make records and delete them again.
 */
const env = (name: string) => process.env[`SUITECRM_${name}`] ?? '';
const isThere = env('BASE_URL') !== '';

export interface Place {
  url: string;
  auth: SuiteCrmOptions['auth'];
}

export const realSuiteCrm: Place = {
  url: env('BASE_URL'),
  auth: {
    grant: 'password',
    clientId: env('PASSWORD_CLIENT_ID'),
    clientSecret: env('PASSWORD_CLIENT_SECRET'),
    username: env('USER'),
    password: env('PASSWORD'),
  },
};

export const describeReal = isThere ? describe : describe.skip;
export const skipped = isThere ? '' : ' (skipped: SUITECRM_BASE_URL is not set; see connectors/suitecrm/README.md)';
