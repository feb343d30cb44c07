import {
  type ExecutionArgs,
  GraphQLError,
  getOperationAST,
  getVariableValues,
  Lexer,
  Source,
  TokenKind,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Context } from '../context.ts';
import { createMeasure, type Measures } from './measure-operation.ts';

/** The most of each that one operation may ask for. */
export interface DocumentLimits extends Measures {
  /** Of the whole document. */
  readonly tokens: number;
}

/** How long a name may be, an alias above all: each row of an answer repeats it. */
const maxNameLength = 256;

/** How deep brackets may stand in each other, in a document or in variables. Deeper ones would exhaust the stack. */
const maxNesting = 64;

/** How many values variables may have in all. A body has room for more, and what it is parsed to takes 24 times its bytes. */
const maxValues = 10_000;

type Measure = keyof DocumentLimits | 'nesting' | 'values' | 'nameLength' | 'answerBytes';

const advice: Readonly<Record<Measure, readonly [what: string, advice: string]>> = {
  cost: [
    'would take about # upstream calls',
    'Ask for less at a time: a smaller `first`, or fewer fields that call upstream for each row, such as `logs`.',
  ],
  fields: ['may answer with about # fields', 'Ask for fewer fields, or for smaller pages.'],
  depth: ['is # fields deep', 'Ask for less in one go.'],
  aliases: [
    'has # aliases, fragments counted where they are spread',
    'Use `nodes(ids:)`, or ask in several requests.',
  ],
  directives: ['has # directives, fragments counted where they are spread', 'Leave some out.'],
  rootFields: ['has # fields at its root', 'Use `nodes(ids:)`, or ask in several requests.'],
  tokens: ['has # tokens or more', 'Move values into variables, or ask in several requests.'],
  nesting: ['has brackets # deep, in itself or in its variables', 'Write it flatter.'],
  values: ['has # values or more in its variables', 'Send fewer at a time.'],
  nameLength: ['has a name or alias of # characters', 'Use a shorter one.'],
  answerBytes: [
    'has an answer of # bytes or more',
    'Ask for less at a time: for fewer rows, and for large values such as `filter` only once each.',
  ],
};

const said = (measure: Measure, amount: number): string => {
  const [what] = advice[measure];
  if (amount < Number.MAX_SAFE_INTEGER) return what.replace('#', String(amount));
  return measure === 'depth' ? 'is too deep, its fragments spread' : what.replace('#', 'countless');
};

/** `outcome` is what there is to say beside that, if anything. */
export const tooComplex = (measure: Measure, amount: number, limit: number, outcome = ''): GraphQLError => {
  const [, whatToDo] = advice[measure];
  return new GraphQLError(
    `This operation ${said(measure, amount)}; the limit is ${limit}. ${outcome || whatToDo}`,
    { extensions: { code: 'QUERY_TOO_COMPLEX', [measure]: amount, limit, http: { status: 400 } } },
  );
};

const opening: ReadonlySet<TokenKind> = new Set([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L]);
const closing: ReadonlySet<TokenKind> = new Set([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R]);

/** Reads tokens until there are too many. No tree is made of them. */
const checkTokens = (source: string | Source, maxTokens: number) => {
  const lexer = new Lexer(typeof source === 'string' ? new Source(source) : source);
  let nesting = 0;
  for (let tokens = 0; lexer.advance().kind !== TokenKind.EOF; ) {
    tokens += 1;
    if (tokens > maxTokens) throw tooComplex('tokens', tokens, maxTokens);
    const { kind, value } = lexer.token;
    if (opening.has(kind)) nesting += 1;
    else if (closing.has(kind)) nesting -= 1;
    else if (kind === TokenKind.NAME && value.length > maxNameLength)
      throw tooComplex('nameLength', value.length, maxNameLength);
    if (nesting > maxNesting) throw tooComplex('nesting', nesting, maxNesting);
  }
};

/** Null where neither too many values come, nor too deep. */
const checkVariables = (variables: unknown): GraphQLError | null => {
  // they themselves are none
  let values = -1;
  const check = (value: unknown, levels: number): GraphQLError | null => {
    values += 1;
    if (values > maxValues) return tooComplex('values', values, maxValues);
    if (typeof value !== 'object' || value === null) return null;
    if (levels === 0) return tooComplex('nesting', maxNesting + 1, maxNesting);
    for (const each of Object.values(value)) {
      const error = check(each, levels - 1);
      if (error !== null) return error;
    }
    return null;
  };
  return check(variables, maxNesting);
};

const measured = ['depth', 'rootFields', 'aliases', 'directives', 'cost', 'fields'] as const;

/** Null for an operation that may run. */
const createCheck = (limits: DocumentLimits) => {
  const measure = createMeasure();
  return ({
    schema,
    document,
    operationName,
    variableValues,
    contextValue,
  }: ExecutionArgs & { readonly contextValue: Context }): GraphQLError | null => {
    const error = checkVariables(variableValues);
    if (error !== null) return error;
    const definitions = getOperationAST(document, operationName)?.variableDefinitions ?? [];
    const { coerced, errors } = getVariableValues(schema, definitions, variableValues ?? {}, {
      maxErrors: 1,
    });
    // each of them repeats the whole value, and the execution would tell of fifty
    if (coerced === undefined) return errors[0] ?? null;
    const measures = measure({ schema, document, operationName, variables: coerced });
    contextValue.observed.fields = measures.fields;
    const exceeded = measured.find((one) => measures[one] > limits[one]);
    return exceeded === undefined ? null : tooComplex(exceeded, measures[exceeded], limits[exceeded]);
  };
};

/**
 * Refuses what asks for too much, whatever the transport: by its tokens before it is parsed, by all else before it is
 * run, when its variables are known. In between stands validation, whose work the tokens bound.
 */
export const useDocumentLimits = (
  limits: DocumentLimits,
  present: (error: unknown) => GraphQLError,
): Plugin<Context> => {
  const check = createCheck(limits);
  return {
    onParse({ parseFn, setParseFn }) {
      setParseFn((source, options) => {
        checkTokens(source, limits.tokens);
        return parseFn(source, options);
      });
    },
    onExecute({ args, setResultAndStopExecution }) {
      const error = check(args);
      if (error) setResultAndStopExecution({ errors: [present(error)] });
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const error = check(args);
      if (error) setResultAndStopExecution({ errors: [present(error)] });
    },
  };
};
