/** The shape of `unsilo.yaml` as JSON Schema (draft-07). `$comment` is what a value that breaks a pattern is told. */
const DURATION = {
  type: 'string',
  pattern: '^[0-9]{1,9} ?(ms|s|m|h|d)$',
  $comment: 'must be a time such as 500ms, 30s, 5m, 2h or 7d',
} as const;

const NAME = {
  type: 'string',
  pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
  $comment: 'must be 1 to 63 characters of a-z, 0-9 and -, not beginning with -',
} as const;

const ATTRIBUTE = {
  type: 'string',
  minLength: 1,
  maxLength: 200,
  description: 'An attribute path: `name.given`, `emails`, `addresses`, `extra.tier`',
} as const;

const PRIVATE_ADDRESSES = {
  description:
    'May systems at private addresses be called? `true` allows loopback and private networks; a list of CIDR blocks allows just these',
  anyOf: [{ type: 'boolean' }, { type: 'array', items: { type: 'string', minLength: 1 } }],
} as const;

const closed = <P extends object>(description: string, properties: P, required: readonly string[] = []): object => ({
  type: 'object',
  description,
  additionalProperties: false,
  properties,
  required,
});

const WRITE_POLICY = closed(
  'What may be written into one kind of record',
  {
    fields: {
      type: 'array',
      items: { ...ATTRIBUTE, description: 'An attribute path, or `*` for all that the connector can write' },
      uniqueItems: true,
      description: 'Attributes that may be written. Default: none',
    },
    clear: { type: 'boolean', description: 'May a value be cleared there? Default true' },
    create: { type: 'boolean', description: 'May records be made for customers that have none there? Default false' },
    createRequires: {
      type: 'array',
      items: ATTRIBUTE,
      uniqueItems: true,
      description: 'Make one only for customers with all of these attributes',
    },
  },
  ['fields'],
);

const SYSTEM_POLICY = closed('What the hub may do in this system, and how much its word counts', {
  rank: { type: 'integer', minimum: 0, maximum: 1_000_000, description: 'Lower is better. Default 100' },
  write: {
    type: 'object',
    description: 'By kind of record (`contact`), or `*` for all kinds. Default: nothing is written',
    additionalProperties: WRITE_POLICY,
  },
  deletes: {
    enum: ['ignore', 'archive', 'propagate'],
    description: "What a deletion there means for the customer's other records. Default ignore",
  },
  duplicates: {
    enum: ['write-all', 'write-first'],
    description: 'Several records of one customer there: write all of them, or only the first made. Default write-all',
  },
  addWins: {
    type: 'boolean',
    description: 'E-mails, phones and the like that people removed there are not added again there. Default false',
  },
});

const SYSTEM = closed(
  'One application that the hub reads from, writes to, or both',
  {
    name: { ...NAME, description: 'Its name in refs and in the console. Never change it: records are known by it' },
    connector: {
      type: 'string',
      minLength: 1,
      maxLength: 200,
      description: 'A built-in connector (`unsilo connectors` lists them) or the name of a package that is one',
    },
    options: { type: 'object', description: 'What `unsilo connectors NAME` lists' },
    interval: { ...DURATION, description: 'How often it is read. Default 1m' },
    allowPrivateAddresses: PRIVATE_ADDRESSES,
    policy: SYSTEM_POLICY,
  },
  ['name', 'connector'],
);

const SECRET = { type: 'string', minLength: 1, writeOnly: true } as const;

const KAFKA = closed(
  'The log',
  {
    brokers: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'string',
        pattern: '^[^\\s/@]+:[0-9]{1,5}$',
        $comment: 'must be an address such as kafka:9092',
      },
      description: '`host:port` of some brokers; the others are found through them',
    },
    clientId: {
      type: 'string',
      minLength: 1,
      maxLength: 100,
      description: 'What the brokers call this software in logs and quotas. Default `unsilo`',
    },
    tls: {
      description:
        '`true`: encrypted, certificates checked against the authorities of the machine; or a group with `ca`',
      anyOf: [
        { type: 'boolean' },
        closed('Encrypted, with certificates of your own', {
          ca: { type: 'string', minLength: 1, description: 'Authorities, PEM text: `${file:ca.pem}`' },
          cert: { type: 'string', minLength: 1, description: 'Certificate of this client, PEM text' },
          key: { ...SECRET, description: 'Its key, PEM text' },
          serverName: { type: 'string', minLength: 1, description: 'The name in the certificates of the brokers' },
        }),
      ],
    },
    sasl: closed(
      'How to log in to the brokers',
      {
        mechanism: { enum: ['plain', 'scram-sha-256', 'scram-sha-512'], description: 'As the brokers have it' },
        username: { type: 'string', minLength: 1, description: 'Who logs in' },
        password: { ...SECRET, description: 'The password' },
      },
      ['mechanism', 'username', 'password'],
    ),
    partitions: {
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      description:
        'Of every topic that may have several, fixed when the topics are made: so many hub workers can share the work. Default 12, and 3 for commands and dead letters',
    },
    replication: {
      type: 'integer',
      minimum: 1,
      maximum: 32,
      description: 'Copies of topics that are made. Default: what the cluster says',
    },
    compression: { enum: ['lz4', 'zstd', 'gzip', 'none'], description: 'Default lz4 where its package is installed' },
  },
  ['brokers'],
);

const REDIS = closed('The state, which can be made again from the log', {
  url: { ...SECRET, description: '`redis://host:port`, or `rediss://host:port` for TLS' },
  servers: {
    type: 'array',
    minItems: 1,
    items: { type: 'string', minLength: 1 },
    description: 'Instead of `url`: nodes of a Redis Cluster',
  },
  username: { type: 'string', minLength: 1, description: 'Wins over what stands in the address' },
  password: { ...SECRET, description: 'Wins over what stands in the address' },
  prefix: {
    type: 'string',
    pattern: '^[A-Za-z0-9_.-]{1,100}$',
    $comment: 'must be 1 to 100 letters, digits, dots, dashes and underscores',
    description: 'What all keys begin with. Default `unsilo`',
  },
});

export const configurationSchema = closed('Configuration of Unsilo', {
  tenant: { ...NAME, description: "One company's data, apart from every other's. Default `main`" },
  data: { type: 'string', minLength: 1, description: 'The data folder, relative to this file. Default `.unsilo`' },
  http: closed('Where the console and the API listen', {
    host: { type: 'string', minLength: 1, description: 'Default 127.0.0.1' },
    port: { type: 'integer', minimum: 0, maximum: 65_535, description: 'Default 8420; 0 takes a free one' },
    trustProxy: {
      description:
        'Proxies that are believed when they name the client (`X-Forwarded-For`): addresses or CIDR blocks. Default none',
      type: 'array',
      items: { type: 'string', minLength: 1 },
    },
    adminKey: {
      type: 'string',
      writeOnly: true,
      pattern: '^unsilo_[A-Za-z0-9_-]{43}$',
      $comment: 'must be `unsilo_` and 43 characters of A-Z, a-z, 0-9, - and _, as `unsilo keys new` prints one',
      description:
        'A key that may do everything, for where no data folder lasts: `${file:/run/secrets/admin-key}`. `unsilo keys new` prints one',
    },
  }),
  storage: closed(
    'Log and state on servers, for several processes. Without it both lie in the data folder',
    { kafka: KAFKA, redis: REDIS },
    ['kafka', 'redis'],
  ),
  country: {
    type: 'string',
    pattern: '^[A-Z]{2}$',
    $comment: 'must be an ISO 3166 code of two capital letters, such as GB',
    description: 'Country of phone numbers without a country code',
  },
  allowPrivateAddresses: PRIVATE_ADDRESSES,
  systems: { type: 'array', maxItems: 500, items: SYSTEM, description: 'What is connected' },
  survivorship: {
    type: 'object',
    description: 'Which value wins, by attribute path; `*` for all others. Default most-recent',
    additionalProperties: { enum: ['most-recent', 'source-rank', 'most-frequent', 'longest'] },
  },
  matching: closed('When two records are one customer', {
    model: {
      type: 'string',
      minLength: 1,
      description: 'File of a model that `unsilo train` wrote, relative to this one. Default: the shipped model',
    },
    threshold: {
      type: 'number',
      minimum: -20,
      maximum: 60,
      description:
        'Bits from which on two records are one; what lies between the review band and it waits for a steward. Default: the model’s',
    },
    nameAlone: {
      enum: ['review', 'match'],
      description:
        'What becomes of two persons of whom nothing but a rare name agrees: a steward decides, or the model does. Default review',
    },
    genericAbove: {
      type: 'integer',
      minimum: 1,
      maximum: 10_000,
      description:
        'A value (e-mail, phone, account, page) with more different names than this is no evidence. Default 6',
    },
    exclusiveIssuers: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      uniqueItems: true,
      description: 'Issuers of identifiers of which one party has exactly one: two different ones keep records apart',
    },
    kinds: {
      type: 'object',
      description:
        'What attributes of your own say to matching, by path (`extra.taxId`): an attribute that the value is (birthDate, emails, phones, links, organizations), a kind that it is compared as (code, text, place, identifier, …), or a group. Default: nothing',
      additionalProperties: {
        ...closed('What the value is', {
          attribute: {
            type: 'string',
            minLength: 1,
            description:
              'What the value is: birthDate, emails, phones, links, organizations, identifiers (with `issuer`), onlineServices (with `service`)',
          },
          compare: {
            type: 'string',
            minLength: 1,
            description: 'Instead: how it is compared with the same attribute of others: code, text, place, date, …',
          },
          issuer: { type: 'string', minLength: 1, maxLength: 100, description: 'Who gave the number' },
          service: { type: 'string', minLength: 1, maxLength: 100, description: 'The network of the account' },
          split: { type: 'string', minLength: 1, description: 'What stands between several values: `;`' },
          date: {
            type: 'string',
            pattern: '^(?=.*y)(?=.*m)(?=.*d)',
            $comment: 'must be a form of a date such as dd/mm/yyyy or yyyymmdd',
            description: 'How a date is written: `dd/mm/yyyy`',
          },
        }),
        type: ['string', 'object'],
      },
    },
  }),
  limits: closed('How much and how long', {
    commandDeadline: { ...DURATION, description: 'How long a system has for one write. Default 1h' },
    historyAge: { ...DURATION, description: 'Older versions of a record are summarised. Default 7d' },
    historyVersions: {
      type: 'integer',
      minimum: 1,
      maximum: 10_000,
      description: 'So many versions are kept however old they are. Default 32',
    },
    sameValueSends: {
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      description: 'One value is sent to one field at most so often within the window. Default 4',
    },
    sameValueWindow: { ...DURATION, description: 'The window of `sameValueSends`. Default 1d' },
    batch: { type: 'integer', minimum: 1, maximum: 100_000, description: 'Most events handled at once. Default 4000' },
    requestsPerMinute: { type: 'integer', minimum: 1, description: 'Of one API key. Default 1200' },
    bodyBytes: { type: 'integer', minimum: 1024, description: 'Largest body of events, of a webhook. Default 8 MiB' },
  }),
});

/** `unsilo.yaml` as written, once it fits the schema. */
export interface Written {
  tenant?: string;
  data?: string;
  http?: { host?: string; port?: number; trustProxy?: string[]; adminKey?: string };
  storage?: WrittenStorage;
  country?: string;
  allowPrivateAddresses?: boolean | string[];
  systems?: WrittenSystem[];
  survivorship?: Record<string, 'most-recent' | 'source-rank' | 'most-frequent' | 'longest'>;
  matching?: {
    model?: string;
    threshold?: number;
    nameAlone?: 'review' | 'match';
    genericAbove?: number;
    exclusiveIssuers?: string[];
    kinds?: Record<string, string | WrittenKind>;
  };
  limits?: {
    commandDeadline?: string;
    historyAge?: string;
    historyVersions?: number;
    sameValueSends?: number;
    sameValueWindow?: string;
    batch?: number;
    requestsPerMinute?: number;
    bodyBytes?: number;
  };
}
export interface WrittenKind {
  attribute?: string;
  compare?: string;
  issuer?: string;
  service?: string;
  split?: string;
  date?: string;
}
export interface WrittenStorage {
  kafka: {
    brokers: string[];
    clientId?: string;
    tls?: boolean | { ca?: string; cert?: string; key?: string; serverName?: string };
    sasl?: { mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; username: string; password: string };
    partitions?: number;
    replication?: number;
    compression?: 'lz4' | 'zstd' | 'gzip' | 'none';
  };
  redis: { url?: string; servers?: string[]; username?: string; password?: string; prefix?: string };
}
export interface WrittenSystem {
  name: string;
  connector: string;
  options?: Record<string, unknown>;
  interval?: string;
  allowPrivateAddresses?: boolean | string[];
  policy?: WrittenSystemPolicy;
}
export interface WrittenSystemPolicy {
  rank?: number;
  write?: Record<string, { fields: string[]; clear?: boolean; create?: boolean; createRequires?: string[] }>;
  deletes?: 'ignore' | 'archive' | 'propagate';
  duplicates?: 'write-all' | 'write-first';
  addWins?: boolean;
}
