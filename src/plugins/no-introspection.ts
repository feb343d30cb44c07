import { GraphQLError, NoSchemaIntrospectionCustomRule } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/** Always the end of a message. */
const suggestion = / Did you mean .*\?$/s;

/** Without the names that a misspelt one is like: they add up to what introspection would tell. */
export const withoutSuggestion = (error: GraphQLError): GraphQLError =>
  suggestion.test(error.message)
    ? new GraphQLError(error.message.replace(suggestion, ''), {
        nodes: error.nodes ?? null,
        source: error.source ?? null,
        positions: error.positions ?? null,
        path: error.path ?? null,
        extensions: error.extensions,
      })
    : error;

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
