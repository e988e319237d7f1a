import { PauseError, TerminalError, type ConnectorContext, type Finding } from '@unsilo/connector-sdk';
import { objectFields } from './map-objects.js';
import { isObjectKind } from './mappings.js';
import type { ModuleInfo } from './modules.js';
import type { SuiteCrmOptions } from './options.js';
import { configuredModules, openSystem, type SuiteSystem } from './system.js';

const LONGEST_GOOD_OFFSET_MS = 60_000;

/** Tries login, rights, mapping and the settings that are known to bring wrong times. */
export async function check(context: ConnectorContext<SuiteCrmOptions>): Promise<Finding[]> {
  const suite = openSystem(context);
  const findings: Finding[] = [];
  const login = await found('UNSILO_SUITECRM_LOGIN', 'SuiteCRM takes the login', async () => {
    const user = await suite.client.currentUser();
    findings.push(...(user === undefined ? [] : await timeZone(suite, user.id)));
  });
  findings.unshift(login);
  if (!login.ok) return findings;
  findings.push(clock(suite));
  for (const info of configuredModules(suite.options)) {
    const readable = await found('UNSILO_SUITECRM_MODULE', `${info.module} can be read`, async () => {
      await suite.client.list(info.module, { fields: ['id'], size: 1, where: [] });
    });
    findings.push(readable);
    if (readable.ok) findings.push(...(await mappedFields(suite, info)));
  }
  return findings;
}

async function timeZone(suite: SuiteSystem, userId: string): Promise<Finding[]> {
  const zone = await suite.client.timeZone(userId);
  if (zone === undefined || zone === 'UTC' || zone.startsWith('Etc/')) return [];
  return [
    {
      ok: false,
      code: 'UNSILO_SUITECRM_TIME_ZONE',
      message: `The API user's time zone is ${zone}: in the hour in which clocks are set back, SuiteCRM answers wrong times`,
      hint: 'Give this user the time zone UTC in its profile, under Advanced.',
    },
  ];
}

function clock(suite: SuiteSystem): Finding {
  const offset = suite.session.clockOffsetMs;
  const code = 'UNSILO_SUITECRM_CLOCK';
  if (offset === undefined)
    return {
      ok: false,
      code,
      message: 'The server sends no Date header: its clock can’t be compared with ours',
      hint: 'Let the web server or the proxy before it send one; until then both clocks must be right.',
    };
  const seconds = Math.round(Math.abs(offset) / 1000);
  if (Math.abs(offset) <= LONGEST_GOOD_OFFSET_MS) return { ok: true, code, message: 'The clocks agree' };
  return {
    ok: false,
    code,
    message: `The server's clock is ${seconds} s ${offset > 0 ? 'ahead of' : 'behind'} ours; times are corrected by that`,
    hint: 'Let both keep time by NTP.',
  };
}

/** Mapped fields that the system doesn't have, and lengths that differ from the declared ones. */
async function mappedFields(suite: SuiteSystem, info: ModuleInfo): Promise<Finding[]> {
  const code = 'UNSILO_SUITECRM_FIELDS';
  let fields: Map<string, number | undefined>;
  try {
    fields = await suite.client.fields(info.module);
  } catch (error) {
    if (!(error instanceof TerminalError)) throw error;
    return [{ ok: false, code, message: `The fields of ${info.module} can't be read`, ...hintOf(error) }];
  }
  const mapped = isObjectKind(info.kind) ? objectFields(info.kind) : suite.map(info.kind).fields;
  const unknown = mapped.filter((field) => !fields.has(field));
  const lengths = isObjectKind(info.kind) ? new Map<string, number>() : suite.map(info.kind).lengths();
  const shorter = [...lengths].filter(([field, length]) => (fields.get(field) ?? length) < length);
  return [
    unknown.length === 0
      ? { ok: true, code, message: `${info.module} has all mapped fields` }
      : {
          ok: false,
          code,
          message: `${info.module} has no ${unknown.length === 1 ? 'field' : 'fields'} ${unknown.join(', ')}`,
          hint: `Take ${unknown.length === 1 ? 'it' : 'them'} out of the mapping (null), or mend the name.`,
        },
    ...shorter.map(([field, length]) => ({
      ok: false,
      code: 'UNSILO_SUITECRM_LENGTH',
      message: `${info.module}.${field} keeps ${fields.get(field)} characters; the mapping declares ${length}`,
      hint: `Set mapping.${info.kind}.fields.${field}.length to ${fields.get(field)}, else the cut value looks like an edit.`,
    })),
  ];
}

async function found(code: string, message: string, attempt: () => Promise<void>): Promise<Finding> {
  try {
    await attempt();
    return { ok: true, code, message };
  } catch (error) {
    if (error instanceof TerminalError || error instanceof PauseError)
      return { ok: false, code: error.code, message: error.message, ...hintOf(error) };
    throw error;
  }
}

function hintOf({ hint }: { hint: string | undefined }): { hint?: string } {
  return hint === undefined ? {} : { hint };
}
