import { type ExecutionArgs, type GraphQLError, getOperationAST } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { scopeMissing } from '../access/refusals.ts';
import type { Scope } from '../config/token-file.ts';
import type { Context } from '../context.ts';

/** A mutation shows what it has done, so it needs both. */
const needed = ({ document, operationName }: ExecutionArgs): readonly Scope[] =>
  getOperationAST(document, operationName)?.operation === 'mutation'
    ? ['jobs:read', 'jobs:write']
    : ['jobs:read'];

/** Refuses operations that the principal's scopes do not allow, as a whole and on every transport. */
export const useScopes = (present: (error: unknown) => GraphQLError): Plugin<Context> => {
  const refusal = (args: ExecutionArgs, { principal }: Context): { errors: GraphQLError[] } | null => {
    const missing = needed(args).find((scope) => !principal.scopes.has(scope));
    return missing === undefined ? null : { errors: [present(scopeMissing(missing))] };
  };
  return {
    onExecute({ args, setResultAndStopExecution }) {
      const refused = refusal(args, args.contextValue);
      if (refused !== null) setResultAndStopExecution(refused);
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const refused = refusal(args, args.contextValue);
      if (refused !== null) setResultAndStopExecution(refused);
    },
  };
};
