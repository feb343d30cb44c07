import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/** Gives syntax errors their code and status on every transport. Yoga does so for its own requests only. */
export const useSyntaxErrors = (): Plugin => ({
  onParse:
    () =>
    ({ result }) => {
      if (!(result instanceof GraphQLError)) return;
      result.extensions['code'] ??= 'GRAPHQL_PARSE_FAILED';
      result.extensions['http'] ??= { spec: true, status: 400 };
    },
});
