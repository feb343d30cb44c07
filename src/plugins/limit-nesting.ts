import { type ExecutionArgs, GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/** Deeper than any filter that upstream takes, and far from what the stack can bear. */
const maxNesting = 100;

const tooDeep = (what: string) =>
  new GraphQLError(`${what} nested deeper than ${maxNesting} levels. Make it flatter.`, {
    extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } },
  });

/** Brackets of a document, and all that may hide some: strings and comments. */
const marks = /"""(?:\\"""|[\s\S])*?"""|"(?:\\.|[^"\\\n\r])*"|#[^\n\r]*|[{[(]|[)\]}]/g;

const isDeepDocument = (source: string): boolean => {
  let depth = 0;
  for (const [mark] of source.matchAll(marks)) {
    if (/^[{[(]/.test(mark)) depth += 1;
    else if (/^[)\]}]/.test(mark)) depth -= 1;
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
