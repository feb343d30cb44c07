import { pino } from 'pino';
import { type Log, logOptions } from '../../src/telemetry/log.ts';

export interface MemoryLog {
  readonly log: Log;
  /** Everything that was logged, one JSON line an event. */
  readonly lines: readonly string[];
  /** The events from a level on, 50 being errors. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever was logged
  events(level?: number): any[];
}

/** A log of every level that keeps its lines. */
export const memoryLog = (): MemoryLog => {
  const lines: string[] = [];
  return {
    log: pino({ ...logOptions, level: 'trace' }, { write: (line) => lines.push(line) }),
    lines,
    events: (level = 0) => lines.map((line) => JSON.parse(line)).filter((event) => event.level >= level),
  };
};
