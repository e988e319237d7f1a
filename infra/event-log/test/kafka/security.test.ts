import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openKafkaEventLog, type KafkaOptions } from '@unsilo/event-log/kafka';
import { describeWithKafka } from './broker.js';

const PASSWORD = 'correct-horse-battery';

/** A certificate for the name `localhost`, which vouches for itself. */
function certificate(): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'unsilo-kafka-tls-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost']
        .concat(['-addext', 'subjectAltName=DNS:localhost'])
        .concat(['-keyout', key, '-out', cert]),
      { stdio: 'ignore' },
    );
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const { key, cert } = certificate();
const LOGIN = 'org.apache.kafka.common.security';

describeWithKafka(
  'a Kafka broker that wants to know who comes',
  {
    ofItsOwn: true,
    listener: { name: 'CLIENTS', protocol: 'SASL_SSL' },
    files: [{ target: '/tmp/broker.pem', content: `${key}${cert}` }],
    environment: {
      KAFKA_LISTENER_NAME_CLIENTS_SSL_KEYSTORE_TYPE: 'PEM',
      KAFKA_LISTENER_NAME_CLIENTS_SSL_KEYSTORE_LOCATION: '/tmp/broker.pem',
      KAFKA_LISTENER_NAME_CLIENTS_SASL_ENABLED_MECHANISMS: 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
      KAFKA_LISTENER_NAME_CLIENTS_PLAIN_SASL_JAAS_CONFIG: `${LOGIN}.plain.PlainLoginModule required user_plain="${PASSWORD}";`,
      KAFKA_LISTENER_NAME_CLIENTS_SCRAM___SHA___256_SASL_JAAS_CONFIG: `${LOGIN}.scram.ScramLoginModule required;`,
      KAFKA_LISTENER_NAME_CLIENTS_SCRAM___SHA___512_SASL_JAAS_CONFIG: `${LOGIN}.scram.ScramLoginModule required;`,
    },
  },
  (broker) => {
    const options = (): KafkaOptions => ({
      brokers: broker().brokers,
      tls: { ca: cert },
      heartbeatIntervalMs: 100,
      deliveryTimeoutMs: 5000,
    });
    beforeAll(async () => {
      for (const [user, mechanism] of [
        ['scram-256', 'SCRAM-SHA-256'],
        ['scram-512', 'SCRAM-SHA-512'],
      ] as const) {
        await broker().run(
          ['java', '-cp', '/opt/kafka/libs/*', 'kafka.admin.ConfigCommand', '--bootstrap-server', 'localhost:19092']
            .concat(['--alter', '--add-config', `${mechanism}=[password=${PASSWORD}]`])
            .concat(['--entity-type', 'users', '--entity-name', user]),
        );
      }
    }, 60_000);

    test.each([
      ['plain', 'plain'],
      ['scram-sha-256', 'scram-256'],
      ['scram-sha-512', 'scram-512'],
    ] as const)('%s over TLS: topics, appends and groups work', async (mechanism, username) => {
      const log = await openKafkaEventLog({ ...options(), sasl: { mechanism, username, password: PASSWORD } });
      try {
        const topic = `secret-${username}`;
        await log.declare([{ name: topic, partitions: 1, cleanup: 'delete' }]);
        await log.append([{ topic, key: 'k', value: 'v' }]);
        const seen: string[] = [];
        const subscription = await log.subscribe({
          group: topic,
          topics: [topic],
          start: 'earliest',
          onBatch: async ({ messages }) => void seen.push(...messages.map(({ value }) => value!.toString())),
        });
        await subscription.caughtUp();
        expect(seen).toEqual(['v']);
      } finally {
        await log.close();
      }
    });

    test.each(['plain', 'scram-sha-256'] as const)(
      '%s with a wrong password is refused at once, and nobody reads the password',
      async (mechanism) => {
        const said: string[] = [];
        const failure = await openKafkaEventLog({
          ...options(),
          sasl: { mechanism, username: 'plain', password: 'wrong-horse' },
          onLog: ({ message }) => said.push(message),
        }).then(
          () => undefined,
          (error: Error & { code: string }) => error,
        );
        expect(failure).toMatchObject({
          code: 'UNSILO_LOG_AUTHENTICATION',
          message: expect.stringContaining('Check the user name'),
        });
        expect([failure!.message, failure!.stack, ...said].join('\n')).not.toContain('wrong-horse');
      },
    );

    test('a broker whose certificate nobody vouches for is refused', async () => {
      const sasl = { mechanism: 'plain', username: 'plain', password: PASSWORD } as const;
      await expect(openKafkaEventLog({ ...options(), tls: true, sasl })).rejects.toMatchObject({
        code: 'UNSILO_LOG_TLS',
        message: expect.stringMatching(/self-signed.*Check the authority/),
      });
    });

    test('without a login the broker is out of reach, and the error names it', async () => {
      await expect(
        openKafkaEventLog({ ...options(), deliveryTimeoutMs: 500 }).then((log) => log.ends(['t'])),
      ).rejects.toMatchObject({
        code: expect.stringMatching(/^UNSILO_LOG_(UNREACHABLE|AUTHENTICATION)$/),
      });
    });
  },
);

test.each([
  ['no broker', { brokers: [] }, /names no broker/],
  ['a broker without a port', { brokers: ['localhost'] }, /no host:port/],
  ['an address with a password in it', { brokers: ['user:pw@localhost:9092'] }, /no host:port/],
  [
    'a session too short for its signs of life',
    { brokers: ['h:1'], sessionTimeoutMs: 6000, heartbeatIntervalMs: 5000 },
    /6000 ms/,
  ],
])('options with %s are refused', async (_, options: KafkaOptions, reason) => {
  await expect(openKafkaEventLog(options)).rejects.toMatchObject({
    code: 'UNSILO_LOG_OPTIONS',
    message: expect.stringMatching(reason),
  });
});
