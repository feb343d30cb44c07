import { pino } from 'pino';
import { type Log, logOptions } from '../../src/telemetry/log.ts';

export interface MemoryLog {
  readonly log: Log;
  /** Everything that was logged, one JSON line an event. */
  readonly lines: readonly string[];
  /** The events from a level on, 50 being errors. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever was logged
  events(level?: number): any[];
  /** The first event with this message, as soon as it is there. */
  // biome-ignore lint/suspicious/noExplicitAny: the same
  logged(message: string): Promise<any>;
}

/** A log of every level that keeps its lines. */
export const memoryLog = (): MemoryLog => {
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const write = (line: string) => {
    lines.push(line);
    for (const look of waiting) look();
  };
  return {
    log: pino({ ...logOptions, level: 'trace' }, { write }),
    lines,
    logged: (message) =>
      new Promise((resolve) => {
        const look = () => {
          const found = lines.map((line) => JSON.parse(line)).find(({ msg }) => msg === message);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    events: (level = 0) => lines.map((line) => JSON.parse(line)).filter((event) => event.level >= level),
  };
};
