import { type ExecutionArgs, GraphQLError, getOperationAST } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Context } from '../context.ts';
import type { Clock } from '../domain/clock.ts';
import { GatewayError } from '../domain/gateway-error.ts';

export interface ExecutionDeadline {
  readonly plugin: Plugin<Context>;
  /** The result, or what can be said at the deadline. What `context` reads is given up then; what it writes goes on. */
  within<Result>(
    args: ExecutionArgs,
    context: Context,
    result: Result | Promise<Result>,
  ): Result | Promise<Result | Late>;
}

/** In place of a result that did not come. */
export interface Late {
  readonly data: null;
  readonly errors: readonly GraphQLError[];
}

const lateError = ({ document, operationName }: ExecutionArgs, ms: number): GatewayError =>
  getOperationAST(document, operationName)?.operation === 'mutation'
    ? new GatewayError(
        'OUTCOME_UNKNOWN',
        `The mutation was not through after ${ms} ms. What was sent to Wix goes on: look at the jobs before you send it again.`,
      )
    : new GatewayError(
        'UPSTREAM_TIMEOUT',
        `The answer was not complete after ${ms} ms, so the rest was given up. Ask again, or for less.`,
      );

export const createExecutionDeadline = (ms: number, clock: Clock): ExecutionDeadline => {
  const within: ExecutionDeadline['within'] = (args, context, result) => {
    if (!(result instanceof Promise)) return result;
    return new Promise((resolve, reject) => {
      const cancel = clock.after(ms, () => {
        const error = lateError(args, ms);
        context.giveUp(error);
        resolve({ data: null, errors: [new GraphQLError(error.message, { originalError: error })] });
      });
      result.then(resolve, reject).finally(cancel);
    });
  };
  return {
    within,
    plugin: {
      onExecute({ args: { contextValue }, executeFn, setExecuteFn }) {
        setExecuteFn((args) => within(args, contextValue, executeFn(args)));
      },
    },
  };
};
