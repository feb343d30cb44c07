import type { ExecutionResult, GraphQLError } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { Gate } from '../access/gate.ts';
import type { Principal } from '../access/principal.ts';
import type { Context } from '../context.ts';

export interface TokenLifeOptions {
  readonly gate: Pick<Gate, 'whenOver'>;
  readonly present: (error: unknown) => GraphQLError;
}

/** Ends a subscription over HTTP with an error when its token does. (A socket ends as a whole, and does so by itself.) */
export const useTokenLife = ({ gate, present }: TokenLifeOptions): Plugin<Context> => {
  const untilOver = (
    principal: Principal,
    results: AsyncIterator<ExecutionResult>,
  ): AsyncIterableIterator<ExecutionResult> => {
    let refusal: GraphQLError | null = null;
    const cancel = gate.whenOver(principal, (why) => {
      refusal = present(why);
      // settles whoever waits for the next result
      void results.return?.();
    });
    const over = { done: true, value: undefined } as const;
    return {
      async next() {
        const result = await results.next();
        if (!result.done && refusal === null) return result;
        cancel();
        if (refusal === null) return over;
        const value = { errors: [refusal] };
        refusal = null;
        return { done: false, value };
      },
      async return() {
        cancel();
        await results.return?.();
        return over;
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  };

  return {
    onSubscribe({ args: { contextValue } }) {
      const { principal, request } = contextValue;
      // whoever need not say who they are need not leave either
      if (principal.key === '' || !request) return;
      return {
        onSubscribeResult({ result, setResult }) {
          if (isAsyncIterable<ExecutionResult>(result))
            setResult(untilOver(principal, result[Symbol.asyncIterator]()));
        },
      };
    },
  };
};
