/** A key by which a request that is sent twice is known: crypto.randomUUID exists on secure pages alone, an intranet may be plain http. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
