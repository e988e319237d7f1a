import { TerminalError } from '../errors.js';

/** A rule of a field mapping that can't be right. */
export class MappingMistake extends TerminalError {
  /** The key of the rule that is wrong; undefined when the rule as a whole is. */
  readonly key: string | undefined;
  constructor(code: string, message: string, hint: string, key?: string) {
    super(code, message, { hint });
    this.key = key;
  }
}
