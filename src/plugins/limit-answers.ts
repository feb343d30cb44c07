import { type ExecutionArgs, type ExecutionResult, type GraphQLError, getOperationAST } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import { tooComplex } from './limit-documents.ts';

export interface AnswerLimit {
  readonly plugin: Plugin;
  /** The same result, or a refusal in its place where it is too large to be written. */
  bounded(args: ExecutionArgs, result: ExecutionResult): ExecutionResult;
}

export interface AnswerLimitOptions {
  /** Of one answer, or of one event of a subscription. */
  readonly maxBytes: number;
  readonly present: (error: unknown) => GraphQLError;
}

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

/**
 * Refuses answers that would take too much memory to write, whatever the transport. Until then a large value is there
 * once, however many aliases and rows repeat it.
 */
export const createAnswerLimit = ({ maxBytes, present }: AnswerLimitOptions): AnswerLimit => {
  const bounded: AnswerLimit['bounded'] = (args, result) => {
    const leftBy = (measure: Measure) =>
      leftAfterErrors(result.errors, leftAfter(result.data, maxBytes, measure), measure);
    // nearly all are far below the limit, and need no closer look
    if (leftBy(atMost) >= 0) return result;
    const left = leftBy(exactly);
    if (left >= 0) return result;
    const outcome = isMutation(args)
      ? 'What the mutation had to do was tried: look at the jobs before you send it again.'
      : '';
    return { errors: [present(tooComplex('answerBytes', maxBytes - left, maxBytes, outcome))] };
  };
  return {
    bounded,
    plugin: {
      onExecute: () => ({
        onExecuteDone({ args, result, setResult }) {
          if (isAsyncIterable(result)) return;
          const answer = bounded(args, result);
          if (answer !== result) setResult(answer);
        },
      }),
    },
  };
};
