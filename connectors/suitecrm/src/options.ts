import { MappingConfigSchema, secret, type MappingConfig } from '@unsilo/connector-sdk';
import { Type, type Static } from 'typebox';

const Auth = Type.Object(
  {
    grant: Type.Union([Type.Literal('client_credentials'), Type.Literal('password')], {
      default: 'client_credentials',
      description: '`client_credentials`: as the user that the client is assigned to; `password`: as `username`',
    }),
    clientId: Type.String({ minLength: 1, description: 'Id of the OAuth2 client (Admin, OAuth2 Clients and Tokens)' }),
    clientSecret: Type.String({ ...secret, minLength: 1, description: 'Its secret' }),
    username: Type.Optional(Type.String({ minLength: 1, description: 'With `password`: name of the user' })),
    password: Type.Optional(Type.String({ ...secret, minLength: 1, description: 'With `password`: its password' })),
  },
  { additionalProperties: false, description: "How to log in. The user's time zone should be UTC" },
);

const PartialMapping = Type.Partial(MappingConfigSchema);

export const SuiteCrmOptionsSchema = Type.Object(
  {
    url: Type.String({
      pattern: '^https?://',
      description: 'Where SuiteCRM 7 is: `https://crm.example.com`. For SuiteCRM 8: `https://crm.example.com/legacy`',
    }),
    indexPhp: Type.Boolean({
      default: false,
      description: 'The web server has no rewrite rules: call `/Api/index.php/…`',
    }),
    auth: Auth,
    modules: Type.Array(
      Type.Union([
        Type.Literal('contact'),
        Type.Literal('lead'),
        Type.Literal('account'),
        Type.Literal('opportunity'),
        Type.Literal('case'),
      ]),
      {
        default: ['contact', 'lead', 'account', 'opportunity', 'case'],
        minItems: 1,
        uniqueItems: true,
        description: 'What is read and written',
      },
    ),
    mapping: Type.Object(
      {
        contact: Type.Optional(PartialMapping),
        lead: Type.Optional(PartialMapping),
        account: Type.Optional(PartialMapping),
      },
      {
        additionalProperties: false,
        default: {},
        description: 'Changes to the field mapping, by module: `{ contact: { fields: { tier_c: extra.tier } } }`',
      },
    ),
    linkAccounts: Type.Boolean({
      default: false,
      description:
        "Write a contact's organization by linking the contact to the one account of exactly that name. Otherwise it is read only",
    }),
    relatedContacts: Type.Boolean({
      default: true,
      description: 'Read which contacts belong to cases and opportunities (one more request each)',
    }),
    defaultCurrency: Type.Optional(
      Type.String({ pattern: '^[A-Z]{3}$', description: 'ISO 4217 code of the system’s default currency' }),
    ),
    characters: Type.Union([Type.Literal('bmp'), Type.Literal('all')], {
      default: 'bmp',
      description:
        '`all`: the database keeps every character (utf8mb4). `bmp`: emoji and the like would become `????`; they are sent as �',
    }),
    overlapSeconds: Type.Integer({
      default: 300,
      minimum: 60,
      maximum: 86_400,
      description: 'How far each poll reaches back behind the one before it',
    }),
    pageSize: Type.Integer({ default: 100, minimum: 1, maximum: 1000, description: 'Records of one page' }),
    sweep: Type.Object(
      {
        everyMinutes: Type.Integer({
          default: 60,
          minimum: 1,
          description: 'How often everything is read again, to find what no time stamp tells',
        }),
        pagesPerPoll: Type.Integer({ default: 10, minimum: 1, description: 'Pages of it that one poll reads' }),
      },
      { additionalProperties: false, default: {}, description: 'Deletions, changed links and backdated imports' },
    ),
  },
  { additionalProperties: false },
);

export type SuiteCrmOptions = Omit<Static<typeof SuiteCrmOptionsSchema>, 'mapping'> & {
  mapping: { contact?: Partial<MappingConfig>; lead?: Partial<MappingConfig>; account?: Partial<MappingConfig> };
};

/** Addresses of the API and of its token endpoint. */
export function endpoints(options: Pick<SuiteCrmOptions, 'url' | 'indexPhp'>): { api: string; token: string } {
  const root = `${options.url.replace(/\/+$/, '')}/Api${options.indexPhp ? '/index.php' : ''}`;
  return { api: `${root}/V8`, token: `${root}/access_token` };
}
