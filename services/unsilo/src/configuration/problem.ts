/** Something in the configuration that its author should mend (error) or know about (warning). Never holds a value that may be secret. */
export interface ConfigurationProblem {
  severity: 'error' | 'warning';
  code: string;
  message: string;
  hint?: string;
  /** JSON pointer: `/systems/0/options/url`. */
  path: string;
  /** Both counted from 1. */
  line: number;
  column: number;
}

/** Steps from the top of the document to a value. */
export type Path = readonly (string | number)[];

export function pointer(path: Path): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** The steps of a JSON pointer; numbers stay text, which is all the same to whoever looks them up. */
export function steps(jsonPointer: string): string[] {
  return jsonPointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** One line for people, in the form that editors can jump to: `unsilo.yaml:12:5: …`. */
export function problemLine(file: string, problem: ConfigurationProblem): string {
  const severity = problem.severity === 'warning' ? 'warning: ' : '';
  const hint = problem.hint === undefined ? '' : ` ${problem.hint}`;
  return `${file}:${problem.line}:${problem.column}: ${severity}${problem.message}${hint} [${problem.code}]`;
}

export class ConfigurationError extends Error {
  readonly code = 'UNSILO_CONFIG_INVALID';
  readonly file: string;
  readonly problems: readonly ConfigurationProblem[];
  constructor(file: string, problems: readonly ConfigurationProblem[]) {
    super(problems.map((problem) => problemLine(file, problem)).join('\n'));
    this.name = 'ConfigurationError';
    this.file = file;
    this.problems = problems;
  }
}
