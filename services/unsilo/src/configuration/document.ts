import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node, type Pair } from 'yaml';
import { pointer, type ConfigurationProblem, type Path } from './problem.js';

const LARGEST_BYTES = 1024 * 1024;
/** An alias may be used so often; more is an attempt to blow the document up. */
const MOST_ALIASES = 100;

export interface Position {
  line: number;
  column: number;
}

/** A YAML text that knows where each of its values stands. */
export interface SourceDocument {
  /** Plain values; undefined when the text can't be read. */
  value: unknown;
  problems: ConfigurationProblem[];
  /** Position of the value at the path, or of its key; where there is none, of the nearest thing above it. */
  locate(path: Path, what?: 'value' | 'key'): Position;
}

const START: Position = { line: 1, column: 1 };

export function readDocument(bytes: Uint8Array): SourceDocument {
  const refuse = (code: string, message: string, at = START): SourceDocument => ({
    value: undefined,
    problems: [{ severity: 'error', code, message, path: '', ...at }],
    locate: () => START,
  });
  if (bytes.length > LARGEST_BYTES)
    return refuse('UNSILO_CONFIG_TOO_LARGE', `A configuration has at most ${LARGEST_BYTES} bytes.`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return refuse('UNSILO_CONFIG_ENCODING', 'The file is not UTF-8 text.');
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const problems = document.errors.map((error): ConfigurationProblem => ({
    severity: 'error',
    code: 'UNSILO_CONFIG_YAML',
    message: `This is not YAML: ${error.message}.`,
    path: '',
    ...at(error.pos[0]),
  }));
  const locate = (path: Path, what: 'value' | 'key' = 'value'): Position => {
    const offset = find(document, path, what);
    return offset === undefined ? START : at(offset);
  };
  if (problems.length > 0) return { value: undefined, problems, locate };
  try {
    return { value: document.toJS({ maxAliasCount: MOST_ALIASES }) as unknown, problems, locate };
  } catch {
    return refuse('UNSILO_CONFIG_YAML', 'Too many aliases, or an alias without its anchor.');
  }
}

function find(document: Document, path: Path, what: 'value' | 'key'): number | undefined {
  let node: Node | null | undefined = document.contents;
  let offset = startOf(node);
  for (const [index, step] of path.entries()) {
    const last = index === path.length - 1;
    node = isAlias(node) ? node.resolve(document) : node;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step)) as
        Pair<Node, Node | null> | undefined;
      if (pair === undefined) return offset;
      const key = startOf(pair.key) ?? offset;
      offset = last && what === 'key' ? key : (startOf(pair.value) ?? key);
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(step)] as Node | undefined;
      if (item === undefined) return offset;
      offset = startOf(item) ?? offset;
      node = item;
    } else return offset;
  }
  return offset;
}

function startOf(node: Node | null | undefined): number | undefined {
  return node?.range?.[0];
}

/** For problems found in values. */
export function problemAt(
  document: SourceDocument,
  path: Path,
  problem: Omit<ConfigurationProblem, 'path' | 'line' | 'column' | 'severity'> & {
    severity?: 'error' | 'warning';
    what?: 'value' | 'key';
  },
): ConfigurationProblem {
  const { what, severity = 'error', ...rest } = problem;
  return { severity, ...rest, path: pointer(path), ...document.locate(path, what) };
}
