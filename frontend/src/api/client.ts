import createClient, { type FetchResponse, type Middleware } from 'openapi-fetch'
import { ApiError, fromAnswer } from './error'
import type { paths } from './schema.gen'

let lost: () => void = () => {}

/** Names who is told that the server knows no session any more (any answer 401 but that of the log-in itself). */
export function onSessionLost(listener: () => void): void {
  lost = listener
}

const watchSession: Middleware = {
  onResponse({ request, response, schemaPath }) {
    const loggingIn = schemaPath === '/api/session'
    if (response.status === 401 && !(loggingIn && request.method !== 'DELETE')) lost()
  },
}

/** The typed client; every path, parameter and body is checked against the contract. Use it through `take`. */
export const api = createClient<paths>({ baseUrl: globalThis.location?.origin ?? 'http://localhost' })
api.use(watchSession)

/** The data of an answer, or an ApiError. */
export async function take<R extends Record<string | number, any>, O, M extends `${string}/${string}`>(
  call: Promise<FetchResponse<R, O, M>>,
): Promise<NonNullable<FetchResponse<R, O, M>['data']>> {
  let answer: FetchResponse<R, O, M>
  try {
    answer = await call
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw new ApiError('network', 0, {}, { cause })
  }
  if (answer.error !== undefined || !answer.response.ok) throw fromAnswer(answer.response.status, answer.error)
  return answer.data as NonNullable<FetchResponse<R, O, M>['data']>
}
