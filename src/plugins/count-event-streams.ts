import type { ExecutionResult, GraphQLError } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { Gate } from '../access/gate.ts';
import type { Context } from '../context.ts';
import type { RequestAuthentication } from './authenticate-requests.ts';
import { untilEnd } from './until-end.ts';

export interface EventStreamCountOptions {
  readonly gate: Pick<Gate, 'openSocket' | 'openSocketFrom'>;
  readonly senderOf: RequestAuthentication['senderOf'];
  readonly present: (error: unknown) => GraphQLError;
}

/** An event stream holds a connection as a WebSocket does, so it counts as one. */
export const useEventStreamCount = (options: EventStreamCountOptions): Plugin<Context> => {
  const { gate, senderOf, present } = options;
  const open = (request: Request): (() => void) => {
    const { principal, address } = senderOf(request);
    const leaveAddress = gate.openSocketFrom(address);
    try {
      const leavePrincipal = gate.openSocket(principal);
      return () => {
        leavePrincipal();
        leaveAddress();
      };
    } catch (error) {
      leaveAddress();
      throw error;
    }
  };
  return {
    onSubscribe({ args: { contextValue }, setResultAndStopExecution }) {
      const { request } = contextValue;
      // what comes over a WebSocket is counted with it
      if (!request) return;
      try {
        const release = open(request);
        return {
          onSubscribeResult({ result, setResult }) {
            if (isAsyncIterable<ExecutionResult>(result))
              setResult(untilEnd(result[Symbol.asyncIterator](), { signal: request.signal, onEnd: release }));
            else release();
          },
        };
      } catch (error) {
        setResultAndStopExecution({ errors: [present(error)] });
        return;
      }
    },
  };
};
