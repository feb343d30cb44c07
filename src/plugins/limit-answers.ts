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

/** What every value takes beside its text: quotes, comma, colon, brackets; or a number. */
const perValue = 4;

/** A text up to here is taken at its length, as nearly all are; a longer one is written to see what escapes make of it. */
const shortText = 64;

const bytesOfText = (text: string): number =>
  text.length > shortText ? Buffer.byteLength(JSON.stringify(text)) : text.length;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/**
 * What is left of so many bytes once `value` is written as JSON; where that is nothing, the rest is not looked at.
 * Every answer comes by here, so it makes no lists of keys, and calls itself for no value that ends at once.
 */
const leftAfter = (value: unknown, bytes: number): number => {
  let left = bytes - perValue;
  if (typeof value === 'string') return left - bytesOfText(value);
  if (Array.isArray(value)) {
    for (let n = 0; n < value.length && left >= 0; n += 1) left = leftAfter(value[n], left);
  } else if (isRecord(value)) {
    for (const key in value) {
      const each = value[key];
      left -= perValue + bytesOfText(key);
      if (typeof each === 'string') left -= bytesOfText(each);
      else if (typeof each === 'object' && each !== null) left = leftAfter(each, left);
      if (left < 0) return left;
    }
  }
  return left;
};

const leftAfterErrors = (errors: readonly GraphQLError[] = [], bytes: number): number => {
  let left = bytes;
  for (const error of errors) {
    left = leftAfter(error.toJSON(), left);
    if (left < 0) return left;
  }
  return left;
};

const isMutation = ({ document, operationName }: ExecutionArgs): boolean =>
  getOperationAST(document, operationName)?.operation === 'mutation';

/**
 * Refuses answers that would take too much memory to write, whatever the transport. Until then a large value is there
 * once, however many aliases and rows repeat it. Bytes are counted nearly, as this is done for every answer.
 */
export const createAnswerLimit = ({ maxBytes, present }: AnswerLimitOptions): AnswerLimit => {
  const bounded: AnswerLimit['bounded'] = (args, result) => {
    const left = leftAfterErrors(result.errors, leftAfter(result.data, maxBytes));
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
