import { type ExecutionArgs, GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/** Deeper than any filter that upstream takes, and far from what the stack can bear. */
const maxNesting = 100;

const tooDeep = (what: string) =>
  new GraphQLError(`${what} nested deeper than ${maxNesting} levels. Make it flatter.`, {
    extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } },
  });

const openers = /[{[(]/g;

/**
 * Brackets of a document, and all that may hide some: strings and comments. A string that never ends is one too, or
 * each quote in it would be tried as the begin of another.
 */
const marks = /"""(?:\\"""|[\s\S])*?(?:"""|$)|"(?:\\.|[^"\\\n\r])*"?|#[^\n\r]*|[{[(]|[)\]}]/g;

const depthChange: Readonly<Record<string, number>> = { '{': 1, '[': 1, '(': 1, '}': -1, ']': -1, ')': -1 };

const isDeepDocument = (source: string): boolean => {
  // most documents have fewer brackets at all
  if ((source.match(openers)?.length ?? 0) <= maxNesting) return false;
  let depth = 0;
  for (const [mark] of source.matchAll(marks)) {
    depth += depthChange[mark] ?? 0;
    if (depth > maxNesting) return true;
  }
  return false;
};

const isDeeper = (value: unknown, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1)));

/** Refuses what is nested so deep that parsing, coercing or writing it would exhaust the stack. */
export const useNestingLimit = (): Plugin => {
  const limitVariables = ({
    args: { variableValues },
    setResultAndStopExecution,
  }: {
    readonly args: ExecutionArgs;
    readonly setResultAndStopExecution: (result: { errors: readonly GraphQLError[] }) => void;
  }) => {
    if (isDeeper(variableValues, maxNesting)) {
      setResultAndStopExecution({ errors: [tooDeep('The variables are')] });
    }
  };
  return {
    onParse({ params: { source } }) {
      if (isDeepDocument(String(source))) throw tooDeep('The document is');
    },
    onExecute: limitVariables,
    onSubscribe: limitVariables,
  };
};
