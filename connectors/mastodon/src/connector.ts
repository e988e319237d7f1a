import { ConnectorError, defineConnector, type Finding } from '@unsilo/connector-sdk';
import { mastodonClient } from './client.js';
import { handleOf } from './map.js';
import { MastodonOptionsSchema, type MastodonOptions } from './options.js';
import { readMastodon } from './read.js';
import { settleReply, writeReply } from './write.js';

const read = { writable: false };

/** Reads mentions, conversations and the accounts behind them, and replies. */
export const mastodon = defineConnector<MastodonOptions>({
  id: 'mastodon',
  title: 'Mastodon and what speaks its API',
  options: MastodonOptionsSchema,
  emits: ['party', 'interaction'],
  // Mastodon allows 300 requests in five minutes; a few are left to people with the same token.
  http: () => ({ concurrency: 2, rate: { requests: 270, perMs: 300_000 } }),

  profile: (system, options) => ({
    system,
    connector: 'mastodon',
    title: system,
    kinds: [
      {
        kind: 'account',
        party: 'person',
        attributes: { 'name.full': read, note: read, onlineServices: read, links: read },
        create: 'none',
        delete: false,
        conditional: false,
      },
    ],
    objects: [],
    reply: { maxLength: options.maxLength },
  }),

  async check(context) {
    const client = mastodonClient(context);
    const findings: Finding[] = [];
    try {
      const self = await client.self();
      const instance = await client.instance();
      const domain = instance.domain ?? new URL(context.options.url).host;
      findings.push({
        ok: true,
        code: 'UNSILO_MASTODON_OK',
        message: `Signed in as ${handleOf(self.acct, domain)} (server version ${instance.version.slice(0, 60)})`,
      });
      await client.page('/api/v1/notifications', '0', { 'types[]': 'mention' });
      const max = instance.maxCharacters;
      if (max !== undefined && max !== context.options.maxLength)
        findings.push({
          ok: true,
          code: 'UNSILO_MASTODON_MAX_LENGTH',
          message: `The instance takes ${max} characters, maxLength says ${context.options.maxLength}`,
          hint: `Set maxLength: ${max}, so that people see how much they can write.`,
        });
    } catch (error) {
      if (!(error instanceof ConnectorError)) throw error;
      const { code, message, hint } = error;
      findings.push({ ok: false, code, message, ...(hint === undefined ? {} : { hint }) });
    }
    return findings;
  },

  read: readMastodon,
  write: writeReply,
  settle: settleReply,
});
