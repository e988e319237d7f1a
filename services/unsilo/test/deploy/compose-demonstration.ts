import { SIMULATED_LOGIN } from '@unsilo/connector-suitecrm/simulator';
import { NEWS_PATH } from '../../src/demonstration/company.js';
import { demonstrationYaml } from '../../src/demonstration/configuration.js';

/** What `infra/deploy/compose/demonstration.yaml` must be: the demonstration's own configuration, with the places of the compose file. */
export function composeDemonstration(): string {
  const at = (port: number): string => `http://simulated-systems:${port}`;
  return demonstrationYaml(
    {
      crm: { url: at(8431), clientId: SIMULATED_LOGIN.clientId },
      shop: { exports: '/volumes/exchange/export', imports: '/volumes/exchange/import' },
      social: { url: at(8432) },
      news: { feed: `${at(8430)}${NEWS_PATH}` },
    },
    {
      data: '/var/lib/unsilo',
      http: { host: '0.0.0.0', adminKey: '${file:/run/unsilo/admin-key}' },
      storage: {
        kafka: { brokers: ['kafka:9092'], partitions: 12 },
        redis: { url: 'redis://redis:6379', password: '${file:/run/unsilo/redis-password}' },
      },
      // The story looks often.
      limits: { requestsPerMinute: 100_000 },
      addresses: true,
      secrets: { crm: '/run/unsilo/crm', social: '/run/unsilo/mastodon' },
    },
  );
}
