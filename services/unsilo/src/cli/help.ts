import type { Command, Options } from './command.js';
import { COMMON } from './parse.js';

export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2;
  return [
    'Unsilo: one record for each customer, told back to every system.',
    '',
    'Usage: unsilo COMMAND [ARGUMENTS] [--json]',
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`),
    '',
    '`unsilo help COMMAND` shows the arguments, options and examples of one.',
    'Data goes to stdout, messages to stderr. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 problems or differences found.',
  ].join('\n');
}

export function helpFor(command: Command): string {
  const { summary, usage, description, options, examples } = command;
  return [
    summary,
    '',
    ...usage.map((line, index) => `${index === 0 ? 'Usage: ' : '       '}unsilo ${line}`),
    ...(description === undefined ? [] : ['', description]),
    '',
    'Options:',
    ...optionLines({ ...options, ...COMMON }),
    '',
    'Examples:',
    ...examples.flatMap(({ command: line, what }) => [`  ${line}`, `      ${what}`]),
  ].join('\n');
}

function optionLines(options: Options): string[] {
  const forms = Object.entries(options).map(([name, { short, value, description }]) => {
    const form = `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
    return { form, description };
  });
  const width = Math.max(...forms.map(({ form }) => form.length)) + 2;
  return forms.map(({ form, description }) => `  ${form.padEnd(width)}${description}`);
}
