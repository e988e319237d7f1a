import type { Ref } from './generated/types.js';

const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;
const ID = /^[^\u0000-\u001f\u007f-\u009f]{1,512}$/u;

export interface RefParts {
  system: string;
  kind: string;
  /** The system's own id; may hold slashes. */
  id: string;
}

/**
 * The written form `system/kind/id`.
 * @throws RangeError with code UNSILO_REF_INVALID when a part isn't allowed in a ref.
 */
export function refOf(system: string, kind: string, id: string): Ref {
  if (!NAME.test(system)) throw invalid('system', '1 to 63 of a-z, 0-9 and -, not beginning with -');
  if (!NAME.test(kind)) throw invalid('kind', '1 to 63 of a-z, 0-9 and -, not beginning with -');
  if (!isIdOfRef(id)) throw invalid('id', '1 to 512 characters without control characters or lone surrogates');
  return `${system}/${kind}/${id}`;
}

/** Whether a system's id can stand in a ref. */
export function isIdOfRef(id: string): boolean {
  return ID.test(id) && id.isWellFormed();
}

/** The parts of a ref; undefined when the text isn't one. */
export function parseRef(text: string): RefParts | undefined {
  const first = text.indexOf('/');
  const second = text.indexOf('/', first + 1);
  if (first < 0 || second < 0) return undefined;
  const parts = { system: text.slice(0, first), kind: text.slice(first + 1, second), id: text.slice(second + 1) };
  return NAME.test(parts.system) && NAME.test(parts.kind) && isIdOfRef(parts.id) ? parts : undefined;
}

function invalid(part: string, rule: string): RangeError {
  return Object.assign(new RangeError(`The ${part} of a ref must be ${rule}.`), { code: 'UNSILO_REF_INVALID' });
}
