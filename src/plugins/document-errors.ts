import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/** What GraphQL says where fields would have to be compared too often to see whether they agree. */
const aborted = 'Validation aborted.';
const tooAlike = () =>
  new GraphQLError(
    'This document selects the same fields so often that comparing them takes too long. Select each once, or ask in several requests.',
    { extensions: { code: 'QUERY_TOO_COMPLEX', http: { spec: true, status: 400 } } },
  );

/** Gives errors of a document their code and status on every transport (Yoga does so for its own requests only), and words that help. */
export const useDocumentErrors = (): Plugin => ({
  onParse:
    () =>
    ({ result }) => {
      if (!(result instanceof GraphQLError)) return;
      result.extensions['code'] ??= 'GRAPHQL_PARSE_FAILED';
      result.extensions['http'] ??= { spec: true, status: 400 };
    },
  onValidate:
    () =>
    ({ result, setResult }) => {
      if (result.some(({ message }) => message === aborted)) setResult([tooAlike()]);
    },
});
