import { z } from 'zod';
import { readTrustedDocuments, type TrustedDocuments } from '../trusted-documents.ts';
import type { Given } from './modes.ts';
import { wholeNumber, yesOrNo } from './values.ts';

/** What one operation may ask for, and for how long. */
export interface DocumentSettings {
  readonly executionTimeoutMs: number;
  /** The most of each. */
  readonly documentLimits: {
    readonly tokens: number;
    readonly depth: number;
    readonly aliases: number;
    readonly directives: number;
    readonly rootFields: number;
    readonly fields: number;
    readonly cost: number;
  };
  /** Of one answer, or of one event of a subscription. */
  readonly maxAnswerBytes: number;
  /** Documents by their ids; `only` refuses everything else. */
  readonly trusted: { readonly documents: TrustedDocuments; readonly only: boolean };
}

/** A file or folder; what is wrong with it is told in its own words. */
const trustedDocuments = z.string().transform((path, context) => {
  const { documents, problem } = readTrustedDocuments(path);
  if (documents) return documents;
  context.addIssue(`a manifest or folder of trusted documents: ${problem}`);
  return z.NEVER;
});

export const documentVariables = {
  EXECUTION_TIMEOUT_MS: wholeNumber(1, 3_600_000)
    .prefault('30000')
    .describe(
      'How long one query, mutation or event of a subscription may take; never less than UPSTREAM_TIMEOUT_MS.',
    ),
  MAX_COST: wholeNumber(1, 1_000_000)
    .prefault('100')
    .describe('How many upstream calls an operation, or an event of a subscription, may take.'),
  MAX_TOKENS: wholeNumber(1, 1_000_000).prefault('10000').describe('How long a document may be, in tokens.'),
  MAX_DEPTH: wholeNumber(1, 500).prefault('20').describe('How deep fields may stand in each other.'),
  MAX_ALIASES: wholeNumber(0, 1_000_000)
    .prefault('1000')
    .describe('How many aliases an operation may have, its fragments spread.'),
  MAX_ROOT_FIELDS: wholeNumber(1, 1_000_000)
    .prefault('500')
    .describe('How many fields an operation may have at its root.'),
  MAX_DIRECTIVES: wholeNumber(0, 1_000_000)
    .prefault('200')
    .describe('How many directives an operation may have, its fragments spread.'),
  MAX_FIELDS: wholeNumber(1, 100_000_000)
    .prefault('100000')
    .describe('How many fields the answer may have, its pages full.'),
  MAX_ANSWER_BYTES: wholeNumber(1000, 256 * 1024 * 1024)
    .prefault(String(4 * 1024 * 1024))
    .describe('How large an answer, or an event of a subscription, may be.'),
  TRUSTED_DOCUMENTS: trustedDocuments
    .optional()
    .describe(
      'Documents by id: a manifest of GraphQL Code Generator or Relay, or a folder of .graphql files.',
    ),
  TRUSTED_DOCUMENTS_ONLY: yesOrNo.prefault('false').describe('True refuses every other document.'),
};

type DocumentValues = z.output<z.ZodObject<typeof documentVariables>>;

/** What no variable shows by itself. */
export const documentProblems = (given: Given): string[] =>
  given['TRUSTED_DOCUMENTS_ONLY'] === 'true' && given['TRUSTED_DOCUMENTS'] === undefined
    ? ['TRUSTED_DOCUMENTS_ONLY: "true" is not possible without TRUSTED_DOCUMENTS: nothing could be asked.']
    : [];

export const documentSettings = (data: DocumentValues, upstreamTimeoutMs: number): DocumentSettings => ({
  executionTimeoutMs: Math.max(upstreamTimeoutMs, data.EXECUTION_TIMEOUT_MS),
  documentLimits: {
    tokens: data.MAX_TOKENS,
    depth: data.MAX_DEPTH,
    aliases: data.MAX_ALIASES,
    directives: data.MAX_DIRECTIVES,
    rootFields: data.MAX_ROOT_FIELDS,
    fields: data.MAX_FIELDS,
    cost: data.MAX_COST,
  },
  maxAnswerBytes: data.MAX_ANSWER_BYTES,
  trusted: { documents: data.TRUSTED_DOCUMENTS ?? new Map(), only: data.TRUSTED_DOCUMENTS_ONLY },
});
