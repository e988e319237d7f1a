import { SELF, startSimulatedMastodon } from '@unsilo/connector-mastodon/simulator';
import { INES_ACCOUNT, OUR_ACCOUNT, PEOPLE, PRAISE } from './company.js';
import type { Place } from './place.js';
import type { SimulatedTable } from './records-window.js';

/** The simulated Mastodon instance, as its members use it. */
export interface SimulatedSocial {
  readonly url: string;
  /** Access token of our account. */
  readonly secret: string;
  /** Ines writes a public post that mentions us. */
  mention(text: string): void;
  tables(): SimulatedTable[];
  close(): Promise<void>;
}

const POST_COLUMNS = ['written', 'author', 'text', 'in reply to', 'id'] as const;
const ACCOUNT_COLUMNS = ['account', 'name', 'note', 'id'] as const;

/** @param place Where it listens, and the token of our account; default a free port of 127.0.0.1 and the simulator's own. */
export async function startSocial(clock: { now(): number }, place?: Place): Promise<SimulatedSocial> {
  const { domain, user, name } = OUR_ACCOUNT;
  const simulated = await startSimulatedMastodon({
    now: () => clock.now(),
    domain,
    self: { acct: user, displayName: name },
    ...(place === undefined ? {} : { listen: place, token: place.secret }),
  });
  const { accounts, statuses } = simulated;
  const ines = simulated.account(INES_ACCOUNT.acct, {
    id: PEOPLE.ines.account,
    displayName: INES_ACCOUNT.name,
    note: `<p>${INES_ACCOUNT.note}</p>`,
  });
  const mention = (text: string): void => void simulated.write(ines.id, text, { mentions: [SELF] });
  mention(PRAISE);

  return {
    url: simulated.url,
    secret: simulated.token,
    mention,
    tables: () => [
      {
        name: 'Posts',
        key: 'id',
        columns: POST_COLUMNS,
        rows: [...statuses.values()].map(({ id, account, text, createdAt, inReplyTo }) => ({
          id,
          written: new Date(createdAt).toISOString(),
          author: accounts.get(account)?.acct ?? '',
          text,
          'in reply to': inReplyTo ?? '',
        })),
      },
      {
        name: 'Accounts',
        key: 'id',
        columns: ACCOUNT_COLUMNS,
        rows: [...accounts.values()].map(({ id, acct, displayName, note }) => ({
          id,
          account: acct,
          name: displayName,
          note: note.replaceAll(/<[^>]+>/g, ''),
        })),
      },
    ],
    close: () => simulated.close(),
  };
}
