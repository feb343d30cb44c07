import { type Logger, pino } from 'pino';

export type Log = Logger;

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LogOptions {
  readonly level: LogLevel;
  /** Lines for people instead of JSON; meant for a terminal. */
  readonly pretty: boolean;
}

/** Beyond this, lines are dropped rather than kept for a reader who does not come. */
const maxWaitingBytes = 16 * 1024 * 1024;

/** Lines are written together, as long as none of them has to wait noticeably. */
const writeTogether = { minLength: 16_000, periodicFlush: 50 };

const maxCauses = 5;

/** What is logged of an error. Libraries hang more on theirs, such as the bytes of an answer that they could not read. */
const describe = (error: unknown, left = maxCauses): unknown => {
  if (!(error instanceof Error)) return error === undefined ? undefined : { type: typeof error };
  const { name, message, stack, cause } = error;
  return {
    type: name,
    message,
    ...('code' in error && { code: error.code }),
    stack,
    ...(cause !== undefined && left > 0 && { cause: describe(cause, left - 1) }),
    ...(error instanceof AggregateError &&
      left > 0 && { errors: error.errors.slice(0, maxCauses).map((each) => describe(each, left - 1)) }),
  };
};

/** Nobody logs these: a net for who does so one day. */
const secrets = ['authorization', 'headers', 'body', 'variables', 'connectionParams', 'uploadUrl'];

export const logOptions = {
  base: null,
  serializers: { err: (error: unknown) => describe(error) },
  redact: [...secrets, ...secrets.map((name) => `*.${name}`)],
};

/** One JSON line an event on standard output, or coloured lines in a terminal. */
export const createLog = async ({ level, pretty }: LogOptions): Promise<Log> => {
  const options = { ...logOptions, level, timestamp: pino.stdTimeFunctions.isoTime };
  // whoever reads slowly must not hold up requests; pino writes what is left when the process ends
  if (!pretty)
    return pino(
      options,
      pino.destination({ dest: 1, sync: false, maxLength: maxWaitingBytes, ...writeTogether }),
    );
  // loaded only where somebody looks: production writes JSON
  const { default: prettyStream } = await import('pino-pretty');
  return pino(
    options,
    prettyStream({ sync: true, singleLine: true, translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname' }),
  );
};

export const silentLog: Log = pino({ level: 'silent' });
