import { parseArgs } from 'node:util';
import { nearest } from '../configuration/suggest.js';
import { UsageError, type Invocation, type Option, type Options } from './command.js';

/** Every command knows these. */
export const COMMON: Options = {
  json: { type: 'boolean', description: 'Answer in JSON' },
  help: { type: 'boolean', short: 'h', description: 'Show this help' },
};

/** @throws UsageError */
export function parseInvocation(args: readonly string[], own: Options): Invocation {
  const options: Record<string, Option> = { ...own, ...COMMON };
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: Object.fromEntries(
        Object.entries(options).map(([name, { type, short, multiple }]) => [
          name,
          { type, ...(short === undefined ? {} : { short }), ...(multiple === undefined ? {} : { multiple }) },
        ]),
      ),
    });
  } catch (error) {
    throw new UsageError(wordsFor(error, args, Object.keys(options)));
  }
  const values = parsed.values as Record<string, string | boolean | (string | boolean)[] | undefined>;
  const text = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    positionals: parsed.positionals,
    text,
    texts: (name) => {
      const value = values[name];
      return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
    },
    flag: (name) => values[name] === true,
    number(name, { min, max }) {
      const given = text(name);
      if (given === undefined) return undefined;
      const number = Number(given);
      if (!/^\d+$/.test(given) || number < min || number > max)
        throw new UsageError(`--${name} must be a whole number from ${min} to ${max}.`);
      return number;
    },
  };
}

function wordsFor(error: unknown, args: readonly string[], known: readonly string[]): string {
  const { code, message } = error as Error & { code?: string };
  const unknown = code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' ? /'(-{1,2}[^']+)'/.exec(message)?.[1] : undefined;
  if (unknown === undefined || !args.some((arg) => arg.startsWith(unknown.slice(0, 2)))) return message;
  const near = nearest(unknown.replace(/^-+/, ''), known);
  return `There is no option ${unknown}.${near === undefined ? '' : ` Did you mean --${near}?`}`;
}
