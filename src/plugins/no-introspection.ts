import { GraphQLError, NoSchemaIntrospectionCustomRule } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/** Without the names that a misspelt one is like: they add up to what introspection would tell. */
export const withoutSuggestion = (error: GraphQLError): GraphQLError => {
  const { message, extensions } = error;
  // it is always the end of a message; no regular expression, for callers write the rest
  const start = message.lastIndexOf(' Did you mean ');
  if (start < 0 || !message.endsWith('?')) return error;
  return new GraphQLError(message.slice(0, start), {
    nodes: error.nodes ?? null,
    source: error.source ?? null,
    positions: error.positions ?? null,
    path: error.path ?? null,
    extensions,
  });
};

/** Tells nobody what the graph has, on any transport. `__typename` stays. */
export const useNoIntrospection = (): Plugin => ({
  onValidate({ addValidationRule }) {
    addValidationRule(NoSchemaIntrospectionCustomRule);
    return ({ result, setResult }) =>
      setResult(
        result.map((error: unknown) => (error instanceof GraphQLError ? withoutSuggestion(error) : error)),
      );
  },
});
