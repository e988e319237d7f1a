import { trace, TraceFlags } from '@opentelemetry/api';
import { redactor } from '@unsilo/connector-sdk';
import pino, { type Logger } from 'pino';
import { printable } from '../cli/output.js';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LogOptions {
  level: LogLevel;
  /** `json`: one object a line. `text`: for people. */
  format: 'json' | 'text';
  /** Never to be seen in a line. */
  secrets: readonly string[];
  write?: (line: string) => void;
}

/** The log of the process, on stderr: data belongs on stdout. */
export function createLogger({ level, format, secrets, write }: LogOptions): Logger {
  const redact = redactor(secrets);
  const out = write ?? ((line: string) => void process.stderr.write(line));
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      mixin: traceFields,
    },
    { write: (line: string) => out(redact(format === 'json' ? line : asText(line, redact))) },
  );
}

/** Which trace a line belongs to, by the names that OpenTelemetry gives these fields; nothing where none is recorded. */
function traceFields(): { trace_id?: string; span_id?: string } {
  const found = trace.getActiveSpan()?.spanContext();
  if (found === undefined || (found.traceFlags & TraceFlags.SAMPLED) === 0) return {};
  return { trace_id: found.traceId, span_id: found.spanId };
}

/** `12:30:01 warn  crm: Paused: … (code=UNSILO_HTTP_401)` */
function asText(line: string, redact: (text: string) => string): string {
  const { level, time, msg, system, ...fields } = JSON.parse(line) as Record<string, unknown>;
  // Secrets first: one of several lines would no longer be known for itself.
  const shown = (value: unknown): string => indented(redact(typeof value === 'string' ? value : JSON.stringify(value)));
  const rest = Object.entries(fields).map(([name, value]) => `${name}=${shown(value)}`);
  const who = typeof system === 'string' ? `${system}: ` : '';
  const details = rest.length === 0 ? '' : ` (${rest.join(' ')})`;
  return `${String(time).slice(11, 19)} ${String(level).padEnd(5)} ${who}${shown(msg ?? '')}${details}\n`;
}

/** Messages may tell what another system said: it begins no line of the log, and does not steer the terminal. */
function indented(text: string): string {
  return text.split(/\r?\n/).map(printable).join('\n    ');
}
