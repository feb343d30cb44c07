import { type ExecutionArgs, type ExecutionResult, GraphQLError, getOperationAST } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { rateLimited } from '../access/refusals.ts';
import type { DocumentSettings } from '../config/document-settings.ts';
import type { Context } from '../context.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { tooComplex } from './limit-documents.ts';
import { type Turns, turnsFor } from './turns.ts';

type Answer = ExecutionResult | Promise<ExecutionResult>;

/** An answer that is to be made. */
export interface Making {
  /** How many it may have. */
  readonly fields: number;
  /** Fires when nobody waits for it any longer. */
  readonly signal: AbortSignal;
}

export interface AnswerLimit {
  readonly plugin: Plugin<Context>;
  /** What `execute` gives, once it is its turn to be made and to be written; a refusal where it is too large for that. */
  make(args: ExecutionArgs, making: Making, execute: () => Answer): Answer;
  /** Settles when it is the turn of a text that was made, and is written once more; null where that is at once. */
  turnToWrite(text: string): Promise<void> | null;
  readonly state: Turns['state'];
}

export interface AnswerLimitOptions {
  readonly settings: DocumentSettings;
  readonly metrics: Pick<Metrics, 'rateLimited'>;
  readonly present: (error: unknown) => GraphQLError;
}

/** In that time some ten of the largest answers are made. */
const retryAfterMs = 1_000;

/** What every value takes beside itself: quotes, comma, colon, brackets. */
const perValue = 4;

/** Bytes of a text, number or other value without members. */
type Measure = (value: unknown) => number;

/** As JSON writes no letter in more than 6 bytes, and no number in more than 24. */
const atMost: Measure = (value) => (typeof value === 'string' ? 6 * value.length : 24);

const exactly: Measure = (value) => Buffer.byteLength(JSON.stringify(value) ?? '');

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/**
 * What is left of so many bytes once `value` is written as JSON; where that is nothing, the rest is not looked at.
 * Every answer comes by here, so it makes no lists of keys, and calls itself for no value that ends at once.
 */
const leftAfter = (value: unknown, bytes: number, measure: Measure): number => {
  let left = bytes - perValue;
  if (!isRecord(value)) return left - measure(value);
  if (Array.isArray(value)) {
    for (let n = 0; n < value.length && left >= 0; n += 1) left = leftAfter(value[n], left, measure);
    return left;
  }
  for (const key in value) {
    const each = value[key];
    left -= perValue + measure(key);
    if (isRecord(each)) left = leftAfter(each, left, measure);
    else left -= measure(each);
    if (left < 0) return left;
  }
  return left;
};

const leftAfterErrors = (errors: readonly GraphQLError[] = [], bytes: number, measure: Measure): number => {
  let left = bytes;
  for (const error of errors) {
    left = leftAfter(error.toJSON(), left, measure);
    if (left < 0) return left;
  }
  return left;
};

const isMutation = ({ document, operationName }: ExecutionArgs): boolean =>
  getOperationAST(document, operationName)?.operation === 'mutation';

/** What is made for several is made whatever becomes of one of them. */
export const stays = new AbortController().signal;

/** In place of an answer that nobody waits for any longer. */
const abandoned = (): ExecutionResult => ({
  errors: [new GraphQLError('Whoever asked has left.', { extensions: { code: 'CLIENT_LEFT' } })],
});

const tooMany = () =>
  rateLimited(
    'More large answers are asked for than can be made. Nothing was done for this one: ask again in a moment, or for less.',
    retryAfterMs,
  );

/**
 * Refuses answers that would take too much memory to write, whatever the transport. Until then a large value is there
 * once, however many aliases and rows repeat it. And of those that are borne, not too many are made at once.
 */
export const createAnswerLimit = ({ settings, metrics, present }: AnswerLimitOptions): AnswerLimit => {
  /** Of one answer, or of one event of a subscription. */
  const maxBytes = settings.maxAnswerBytes;
  const turns = turnsFor(settings);

  const leftBy = (measure: Measure, { data, errors }: ExecutionResult) =>
    leftAfterErrors(errors, leftAfter(data, maxBytes, measure), measure);

  /** For what may be too large: to look closer takes as long as to write it. */
  const boundedExactly = (args: ExecutionArgs, result: ExecutionResult): ExecutionResult => {
    const left = leftBy(exactly, result);
    if (left >= 0) return result;
    const outcome = isMutation(args)
      ? 'What the mutation had to do was tried: look at the jobs before you send it again.'
      : '';
    return { errors: [present(tooComplex('answerBytes', maxBytes - left, maxBytes, outcome))] };
  };

  const bounded = (args: ExecutionArgs, result: ExecutionResult, signal: AbortSignal): Answer => {
    // nearly all are far below the limit
    const left = leftBy(atMost, result);
    const finish = () => (left >= 0 ? result : boundedExactly(args, result));
    const turn = turns.write(maxBytes - Math.max(left, 0), signal);
    return turn === null ? finish() : turn.then(() => (signal.aborted ? abandoned() : finish()));
  };

  const make: AnswerLimit['make'] = (args, { fields, signal }, execute) => {
    const end = <Result>(result: Result): Result => {
      turns.end(fields);
      return result;
    };
    const fail = (error: unknown) => {
      throw end(error);
    };
    const run = (): Answer => {
      try {
        const result = execute();
        const answer =
          result instanceof Promise
            ? result.then((each) => bounded(args, each, signal))
            : bounded(args, result, signal);
        return answer instanceof Promise ? answer.then(end, fail) : end(answer);
      } catch (error) {
        return fail(error);
      }
    };
    const turn = turns.begin(fields, signal);
    return turn === null ? run() : turn.then(() => (signal.aborted ? end(abandoned()) : run()));
  };

  return {
    make,
    turnToWrite: (text) => turns.write(text.length, stays),
    state: turns.state,
    plugin: {
      onExecute({ args: { contextValue }, executeFn, setExecuteFn, setResultAndStopExecution }) {
        const { signal, observed } = contextValue;
        if (turns.isCrowdedFor(observed.fields)) {
          metrics.rateLimited('answers');
          setResultAndStopExecution({ errors: [present(tooMany())] });
          return;
        }
        const making = { signal, fields: observed.fields };
        setExecuteFn((args) => make(args, making, () => executeFn(args)));
      },
    },
  };
};
