import type { ExecutionResult, GraphQLError } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { Gate } from '../access/gate.ts';
import type { Principal } from '../access/principal.ts';
import type { Context } from '../context.ts';
import { type Results, untilEnd } from './until-end.ts';

export interface TokenLifeOptions {
  readonly gate: Pick<Gate, 'whenOver'>;
  readonly present: (error: unknown) => GraphQLError;
}

/** Ends a subscription over HTTP with an error when its token does. (A socket ends as a whole, and does so by itself.) */
export const useTokenLife = ({ gate, present }: TokenLifeOptions): Plugin<Context> => {
  /** Once the token ends, why it did in place of a result, and then nothing more. */
  const untilOver = (
    principal: Principal,
    signal: AbortSignal,
    results: AsyncIterator<ExecutionResult>,
  ): Results => {
    let refusal: GraphQLError | null = null;
    const cancel = gate.whenOver(principal, (why) => {
      refusal = present(why);
      // settles whoever waits for the next result
      void results.return?.();
    });
    const told: AsyncIterator<ExecutionResult> = {
      async next() {
        const result = await results.next();
        if (refusal === null) return result;
        const value = { errors: [refusal] };
        refusal = null;
        return { done: false, value };
      },
      return: async () => (await results.return?.()) ?? { done: true, value: undefined },
    };
    return untilEnd(told, { signal, onEnd: cancel });
  };

  return {
    onSubscribe({ args: { contextValue } }) {
      const { principal, request } = contextValue;
      // whoever need not say who they are need not leave either
      if (principal.key === '' || !request) return;
      return {
        onSubscribeResult({ result, setResult }) {
          if (isAsyncIterable<ExecutionResult>(result))
            setResult(untilOver(principal, request.signal, result[Symbol.asyncIterator]()));
        },
      };
    },
  };
};
