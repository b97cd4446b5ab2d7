import type { Translate } from '../i18n'
import type { ErrorBody } from './types'

/** Codes of the server, and `network` for when no answer came. */
export type ErrorCode = ErrorBody['code'] | 'network'

/** What an API call throws. `message` is the server's English sentence: for logs, never for the screen. */
export class ApiError extends Error {
  constructor(
    readonly code: ErrorCode,
    readonly status: number,
    readonly body: Partial<ErrorBody> = {},
    options?: ErrorOptions,
  ) {
    super(body.message ?? code, options)
    this.name = 'ApiError'
  }
}

const codes = new Set<string>(['invalid', 'not_found', 'conflict', 'precondition_failed', 'precondition_required', 'forbidden', 'unauthorized', 'rate_limited', 'too_large', 'unavailable', 'storage_full', 'internal'])

/** The error of an answer. Bodies that are not ours (a proxy's page) are told by the status alone. */
export function fromAnswer(status: number, body: unknown): ApiError {
  const ours = body as Partial<ErrorBody> | null
  if (ours && typeof ours === 'object' && typeof ours.code === 'string' && codes.has(ours.code)) {
    return new ApiError(ours.code, status, ours)
  }
  if (status === 401) return new ApiError('unauthorized', status)
  if (status === 413) return new ApiError('too_large', status)
  if (status === 429) return new ApiError('rate_limited', status)
  if (status === 502 || status === 503 || status === 504) return new ApiError('unavailable', status)
  return new ApiError('internal', status)
}

export const asApiError = (error: unknown): ApiError =>
  error instanceof ApiError ? error : new ApiError('network', 0, {}, { cause: error })

/** The text of an error in the language of the screen: the reason where it has a text, else the code. */
export function errorText(error: unknown, t: Translate, has: (key: string) => boolean): string {
  const { code, body } = asApiError(error)
  const reasonKey = `error.reason.${body.reason ?? ''}`
  if (!body.reason || !has(reasonKey)) return t(`error.code.${code}`)
  const reason = t(reasonKey, body.params)
  const fieldKey = `error.field.${body.field ?? ''}`
  return body.field && has(fieldKey) ? t('error.inField', { field: t(fieldKey), reason }) : reason
}

/** The text for one field of a form, when the error is about that field. */
export function fieldText(error: unknown, field: string, t: Translate, has: (key: string) => boolean): string | undefined {
  if (!error) return undefined
  const { code, body } = asApiError(error)
  if (code !== 'invalid' && code !== 'conflict') return undefined
  if (body.field !== field && !body.field?.startsWith(`${field}.`) && !body.field?.startsWith(`${field}[`)) return undefined
  const key = `error.reason.${body.reason ?? ''}`
  return body.reason && has(key) ? t(key, body.params) : t(`error.code.${code}`)
}
